"""The scores of a meta-batch are those of the nets that its query losses are of."""

import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Classifier, gradients_of, in_double, labelled_episode, maml, trainable
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.algorithms.maml import MAML
from paddle_metaopt.meta_gradients import Evolution

MADE = {
    "unrolled": lambda net: maml(net, adapt_steps=3),
    "first_order": lambda net: maml(net, "first_order", adapt_steps=3),
    "checkpointed": lambda net: maml(net, "checkpointed", adapt_steps=3),
    "hessian_free": lambda net: maml(net, "hessian_free", adapt_steps=3),
    "implicit": lambda net: maml(net, "implicit", adapt_steps=3),
    "evolution": lambda net: maml(net, Evolution(directions=2), adapt_steps=3),
    "reptile": lambda net: metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), adapt_steps=3),
    "the loss of every step": lambda net: metaopt.MAMLPlusPlusOptimizer(1e-3, parameters=net.parameters()),
    "the loss of every step, checkpointed": lambda net: metaopt.MAMLPlusPlusOptimizer(
        1e-3, parameters=net.parameters(), meta_gradient="checkpointed"
    ),
    "anil": lambda net: metaopt.ANILOptimizer(1e-3, parameters=net.parameters(), head=net.head, adapt_steps=3),
    "proto_maml": lambda net: metaopt.ProtoMAMLOptimizer(1e-3, parameters=net.parameters(), head=net.head),
}


def classifier():
    paddle.seed(4)
    return in_double(Classifier())


def certainty(output, y):
    """How sure the net is of the right class: another number for each task and each step."""
    return paddle.take_along_axis(F.softmax(output), y.unsqueeze(1), 1).mean()


def by_hand(net, opt, episode):
    learner = opt.adapter(net).clone(episode.support)
    xs, ys = episode.support
    learner.adapt(lambda: F.cross_entropy(learner(xs), ys))
    score = float(certainty(learner(episode.query[0]), episode.query[1]))
    learner.end()
    return score


@pytest.mark.parametrize("vectorize", ["auto", False])
@pytest.mark.parametrize("made", MADE)
def test_each_task_is_scored_where_its_inner_loop_ends(made, vectorize):
    net = classifier()
    opt = MADE[made](net)
    episodes = [labelled_episode(seed) for seed in range(3)]
    expected = [by_hand(net, opt, episode) for episode in episodes]
    assert len(set(expected)) == 3
    loss, scores = opt.meta_loss(net, episodes, F.cross_entropy, vectorize=vectorize, metric=certainty)
    assert loss.shape == [] and scores.shape == (3,) and scores.dtype == np.float64
    np.testing.assert_allclose(scores, expected, rtol=1e-9)
    evaluated = metaopt.evaluate(net, opt, episodes, F.cross_entropy, certainty, vectorize=vectorize)
    np.testing.assert_allclose(evaluated.values, expected, rtol=1e-9)


def test_scores_stand_in_the_order_of_the_episodes_whatever_ran_together():
    net = classifier()
    opt = maml(net)
    long = [labelled_episode(seed) for seed in range(4)]
    short = [tuple((x[:4], y[:4]) for x, y in labelled_episode(seed)) for seed in range(4, 7)]
    episodes = [long[0], short[0], long[1], short[1], short[2], long[2], long[3]]
    alone = [opt.meta_loss(net, [episode], F.cross_entropy, metric=certainty)[1].item() for episode in episodes]
    assert len(set(alone)) == 7
    for how in ({"vectorize": True}, {"vectorize": True, "tasks_at_once": 2}, {"vectorize": False}):
        given = (episode for episode in episodes)
        np.testing.assert_allclose(opt.meta_loss(net, given, F.cross_entropy, metric=certainty, **how)[1], alone, 1e-9)


def test_a_metric_changes_neither_the_loss_nor_its_gradient():
    net = classifier()
    opt = maml(net, adapt_steps=2)
    episodes = [labelled_episode(seed) for seed in range(3)]

    def found(**how):
        loss = opt.meta_loss(net, episodes, F.cross_entropy, **how)
        loss = loss[0] if how else loss
        loss.backward()
        gradients = gradients_of(trainable(net))
        opt.clear_grad(set_to_zero=False)
        return [loss.numpy(), *gradients]

    for plain, scored in zip(found(), found(metric=paddle.metric.Accuracy())):
        np.testing.assert_array_equal(plain, scored)


def test_metrics_of_paddle_and_functions_are_asked_as_evaluate_asks_them():
    class Wide(paddle.metric.Precision):
        def compute(self, output, y):
            return F.softmax(output)[:, 1], (y == 1).astype("float64")

    net = classifier()
    opt = maml(net)
    episodes = [labelled_episode(seed) for seed in range(3)]
    for metric in (paddle.metric.Accuracy(), paddle.metric.Accuracy(topk=(2,)), Wide(), lambda output, y: 0.25):
        _, scores = opt.meta_loss(net, episodes, F.cross_entropy, metric=metric)
        evaluated = metaopt.evaluate(net, opt, episodes, F.cross_entropy, metric)
        np.testing.assert_array_equal(scores, evaluated.values)


class Counting(nn.Layer):
    """Whose tasks can't run as one program, for each counts them."""

    def __init__(self):
        super().__init__()
        self.linear, self.calls = nn.Linear(3, 3), 0

    def forward(self, x):
        self.calls += 1
        return self.linear(x)


@pytest.mark.parametrize("what", ["a trace", "a diverged task"])
def test_a_metric_is_asked_once_for_each_task_whatever_is_run_again(what):
    """It may keep what it sees, as a confusion matrix does."""
    seen, episodes = [], [labelled_episode(seed) for seed in range(4)]
    net = in_double(Counting() if what == "a trace" else nn.Linear(3, 3))
    if what == "a diverged task":
        support, (x, y) = episodes[2]
        episodes[2] = (support, (x * float("nan"), y))
    kept = [y for number, (_, (_, y)) in enumerate(episodes) if number != 2 or what == "a trace"]

    def metric(output, y):
        seen.append(y.numpy())
        return 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        maml(net).meta_loss(net, episodes, F.cross_entropy, metric=metric, diverged="drop")
        np.testing.assert_array_equal(seen, kept)
        if what == "a trace":
            seen.clear()
            metaopt.evaluate(net, maml(net), episodes, F.cross_entropy, metric)
            np.testing.assert_array_equal(seen, kept)


def test_a_task_whose_query_loss_counts_before_its_end_only_is_scored_at_its_end_too():
    class First(MAML):
        def now(self, plan, outer_steps):
            return metaopt.outer.algorithm.Plan(**{**vars(plan), "query_weights": lambda steps: [1.0, 0.0, 0.0]})

    class FirstOptimizer(metaopt.MetaOptimizer, paddle.optimizer.Adam, algorithm=First):
        pass

    net = classifier()
    opt = FirstOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1, adapt_steps=3)
    episodes = [labelled_episode(seed) for seed in range(2)]
    for vectorize in (True, False):
        _, scores = opt.meta_loss(net, episodes, F.cross_entropy, vectorize=vectorize, metric=certainty)
        expected = metaopt.evaluate(net, opt, episodes, F.cross_entropy, certainty).values
        np.testing.assert_allclose(scores, expected, rtol=1e-9)


@pytest.mark.parametrize("ask, owner", [
    (lambda net, opt, metric: opt.meta_loss(net, [labelled_episode()], F.cross_entropy, metric=metric), "meta_loss"),
    (lambda net, opt, metric: metaopt.evaluate(net, opt, [labelled_episode()], F.cross_entropy, metric), "evaluate"),
])  # fmt: skip
def test_what_is_no_metric_is_refused(ask, owner):
    net = classifier()
    opt = maml(net)
    with pytest.raises(TypeError, match=f"{owner}: metric: expected a function, called as metric"):
        ask(net, opt, "accuracy")
    with pytest.raises(TypeError, match=f"{owner}: metric: expected a function, called as metric"):
        ask(net, opt, paddle.metric.Accuracy)
    with pytest.raises(ValueError, match=rf"{owner}: metric: expected one number for a query set, got shape \[7\]"):
        ask(net, opt, lambda output, y: output[:, 0])
    with pytest.raises(TypeError, match=rf"{owner}: metric: expected one number for a query set, got None"):
        ask(net, opt, lambda output, y: None)
    for two in (paddle.metric.Accuracy(topk=(1, 2)), lambda output, y: np.ones(2)):
        with pytest.raises(ValueError, match=rf"{owner}: metric: expected one number for a query set, got shape \[2\]"):
            ask(net, opt, two)
