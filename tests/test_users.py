"""What users put in the wrong place, at any entry of the library, is refused by name."""

import inspect

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import array_episode, as_tensors, maml, normed_net, rate_of_shape
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import data, inner_rules, meta_gradients, models


@pytest.mark.parametrize(
    "entry",
    [
        lambda net, opt, adapter, learner, e: opt.meta_loss(net, [e], F.cross_entropy),
        lambda net, opt, adapter, learner, e: metaopt.evaluate(net, opt, [e], F.cross_entropy),
        lambda net, opt, adapter, learner, e: opt.adapter(net),
        lambda net, opt, adapter, learner, e: metaopt.InnerAdapter(net, opt),
        lambda net, opt, adapter, learner, e: adapter.clone(),
        lambda net, opt, adapter, learner, e: adapter.task(),
        lambda net, opt, adapter, learner, e: adapter.model,
        lambda net, opt, adapter, learner, e: metaopt.twice_differentiable().__enter__(),
        lambda net, opt, adapter, learner, e: metaopt.MAMLOptimizer(parameters=opt._parameter_list),
        lambda net, opt, adapter, learner, e: learner(e[0][0]),
        lambda net, opt, adapter, learner, e: learner.adapt(lambda: F.cross_entropy(learner(e[0][0]), e[0][1])),
        lambda net, opt, adapter, learner, e: learner.meta_loss(lambda: F.cross_entropy(learner(e[0][0]), e[0][1])),
        lambda net, opt, adapter, learner, e: learner.__enter__(),
    ],
)
def test_static_mode_is_refused_at_every_entry(entry):
    net = normed_net()
    opt = maml(net)
    adapter = opt.adapter(net)
    learner = adapter.clone()
    episode = as_tensors(array_episode())
    paddle.enable_static()
    try:
        with pytest.raises(RuntimeError, match=r"static mode is on; call paddle.disable_static\(\)"):
            entry(net, opt, adapter, learner, episode)
    finally:
        paddle.disable_static()
    opt.meta_loss(net, [episode], F.cross_entropy).backward()


def test_a_loss_without_a_graph_says_that_the_function_form_works_under_no_grad():
    net = normed_net()
    learner = maml(net).adapter(net).clone()
    x, y = as_tensors(array_episode())[0]
    before = learner.fast_weights["head.weight"]
    with paddle.no_grad():
        with pytest.raises(ValueError, match=r"under paddle.no_grad\(\): no graph.*adapt\(lambda: loss_fn"):
            learner.adapt(F.cross_entropy(learner(x), y))
        learner.adapt(lambda: F.cross_entropy(learner(x), y), steps=1)
    assert learner.fast_weights["head.weight"] is not before


def meta_loss(net=None, episodes=None, loss_fn=F.cross_entropy, **options):
    own = normed_net()
    opt = maml(own)
    opt.meta_loss(own if net is None else net, [array_episode()] if episodes is None else episodes, loss_fn, **options)


def evaluate(net=None, opt=None, episodes=None, loss_fn=F.cross_entropy, **options):
    own = normed_net()
    metaopt.evaluate(
        own if net is None else net, maml(own) if opt is None else opt,
        [array_episode()] if episodes is None else episodes, loss_fn, **options,
    )  # fmt: skip


TOGETHER = [metaopt.Episode(*array_episode())] * 3
FEW, NONE = array_episode()[0], (np.zeros([0, 3], "float32"), np.zeros([0], "int64"))


@pytest.mark.parametrize("entry", [meta_loss, evaluate])
@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"net": lambda x: x}, TypeError, "net: expected a paddle.nn.Layer"),
        ({"net": nn.Linear}, TypeError, "net: expected a paddle.nn.Layer"),
        ({"loss_fn": nn.CrossEntropyLoss}, TypeError, r"loss_fn: expected a function, called as loss_fn\(net_"),
        ({"loss_fn": None}, TypeError, "loss_fn: expected a function"),
        ({"loss_fn": lambda p, y: paddle.complex(p.sum(), p.sum())}, ValueError, "must be real, got paddle.complex64"),
        ({"episodes": 3}, TypeError, "episodes: expected an iterable of episodes, got 3"),
        ({"episodes": metaopt.Episode(*array_episode())}, ValueError, r"got one Episode; use \[episode\]"),
        ({"episodes": array_episode()}, ValueError, r"pair of pairs.*got tuple of ndarray, ndarray.*as \[episode\]"),
        ({"episodes": [[*as_tensors((FEW, FEW))[0]]]}, ValueError, "got list of Tensor, Tensor"),
        ({"episodes": [3]}, ValueError, "pair of pairs.*got int.*EpisodeLoader makes episodes out of a labelled dat"),
        ({"episodes": [TOGETHER[:2]]}, ValueError, "got list of Episode, .*what a loader with tasks_per_batch= gives"),
        ({"episodes": [TOGETHER]}, ValueError, "got list of Episode, .*meta_loss takes one .* evaluate a loader with"),
        ({"episodes": [(NONE, FEW)]}, ValueError, "support set has no examples"),
        ({"episodes": [(FEW, NONE)]}, ValueError, "query set has no examples"),
        ({"episodes": [((FEW[0], NONE[1]), FEW)]}, ValueError, "support set has no examples"),
    ],
)
def test_what_can_not_be_a_net_a_loss_or_an_episode_is_refused(entry, options, error, message):
    with pytest.raises(error, match=message):
        entry(**options)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"opt": paddle.optimizer.Adam(parameters=[rate_of_shape(1)])}, TypeError, "evaluate: opt: expected a Meta"),
        ({"opt": metaopt.MAMLOptimizer}, TypeError, "evaluate: opt: expected a MetaOptimizer"),
        ({"metric": paddle.metric.Accuracy}, TypeError, "evaluate: metric: expected a function"),
        ({"metric": 3}, TypeError, "evaluate: metric: expected a function"),
        ({"metric": lambda p, y: {"a": 1}}, TypeError, "evaluate: metric: expected one number .* got {'a': 1}"),
        ({"metric": lambda p, y: p}, ValueError, r"metric: expected one number .* got shape \[5, 2\]"),
        ({"metric": None, "loss_fn": lambda p, y: p, "steps": 0}, ValueError, r"loss_fn: expected one .* \[5, 2\]"),
        ({"steps": -1}, ValueError, "evaluate: steps: expected an integer of at least 0, got -1"),
        ({"steps": 1.5}, ValueError, "steps: expected an integer"),
        ({"statistics": 3}, ValueError, "statistics: expected one of 'batch', 'running'"),
    ],
)
def test_evaluate_refuses(options, error, message):
    with pytest.raises(error, match=message):
        evaluate(**options)


def test_an_empty_support_set_will_do_where_nothing_adapts():
    evaluate(episodes=[(NONE, FEW)], steps=0)


@pytest.mark.parametrize("inputs", [None, paddle.ones([2])])
def test_inputs_are_a_list(inputs):
    with pytest.raises(TypeError, match="meta_loss: inputs: expected a list of leaf tensors"):
        meta_loss(inputs=inputs, loss_fn=lambda output, y: pytest.fail("a task has begun"))


@pytest.mark.parametrize("query", [paddle.ones([]), None])
def test_meta_loss_of_a_learner_needs_a_function(query):
    net = normed_net()
    with pytest.raises(TypeError, match=r"meta_loss: query: expected a function, called as query\(\)"):
        maml(net).adapter(net).clone().meta_loss(query)


SENSELESS = [object(), "a", "", -1, -0.1, float("nan"), {}, [], [None], complex(1, 2), b"x", np.ones(3), NotImplemented]


def constructors():
    net = normed_net()
    p = net.parameters()
    yield from ((rule, {}) for rule in (getattr(inner_rules, name) for name in (
        "SGD", "Momentum", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSProp",
        "Lion")))  # fmt: skip
    yield meta_gradients.Evolution, {}
    yield meta_gradients.HessianFree, {}
    yield meta_gradients.Implicit, {}
    yield models.MLP, {}
    yield models.OmniglotNet, {}
    yield models.Conv4, {}
    yield data.Sinusoid, {}
    for cls, needed in ((metaopt.MAMLOptimizer, {}), (metaopt.ANILOptimizer, {"head": net.head}),
                        (metaopt.BOILOptimizer, {"head": net.head}), (metaopt.MetaSGDOptimizer, {}),
                        (metaopt.MAMLPlusPlusOptimizer, {}), (metaopt.MetaCurvatureOptimizer, {}),
                        (metaopt.ProtoMAMLOptimizer, {"head": net.head}),
                        (metaopt.CAVIAOptimizer, {"context": net.head.bias}), (metaopt.ALFAOptimizer, {}),
                        (metaopt.TNetOptimizer, {"warp": net.norm}),
                        (metaopt.ReptileOptimizer, {}), (metaopt.IMAMLOptimizer, {})):  # fmt: skip
        yield cls, {"parameters": p, **needed}


def own_arguments(cls):
    theirs = set(inspect.signature(paddle.optimizer.Adam).parameters) - {"parameters"}
    named = inspect.signature(cls).parameters
    return [name for name in named if not (issubclass(cls, metaopt.MetaOptimizer) and name in theirs)]


@pytest.mark.parametrize("cls, needed", constructors(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_senseless_value_of_any_argument_is_refused_by_class_and_name(cls, needed):
    accepted, unnamed = [], []
    for name in own_arguments(cls):
        for value in SENSELESS:
            try:
                cls(**{**needed, name: value})
            except (TypeError, ValueError) as error:
                if cls.__name__ not in str(error) or name not in str(error):
                    unnamed.append((name, value, error))
            else:
                if (name, value) != ("learned_group", {}):  # no options
                    accepted.append((name, value))
    assert not unnamed
    assert not accepted
