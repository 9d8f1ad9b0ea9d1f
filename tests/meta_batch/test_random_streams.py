"""Each task of a meta-batch draws from a stream of its own, the same one whether the tasks run together or not."""

import random

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn
from test_together import assert_the_same_together, episodes, gradients, ids, images, sequences

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")


class Draws(nn.Layer):
    def __init__(self, draw):
        super().__init__()
        self.first, self.second, self.draw = nn.Linear(4, 6), nn.Linear(6, 3), draw

    def forward(self, x):
        return self.second(self.draw(F.tanh(self.first(x))))


class Text(nn.Layer):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 8)
        self.encode = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.3)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.encode(self.embed(x)).mean(1))


class Recurrent(nn.Layer):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.LSTM(4, 5, num_layers=2, dropout=0.4), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def convolutional():
    return nn.Sequential(
        nn.Conv2D(1, 6, 3), nn.Dropout2D(0.3), nn.BatchNorm2D(6), nn.RReLU(), nn.AdaptiveAvgPool2D(2), nn.Flatten(),
        nn.AlphaDropout(0.2), nn.Linear(24, 3),
    )  # fmt: skip


DRAWS = {
    "dropout": lambda y: F.dropout(y, 0.5),
    "dropout_that_scales_later": lambda y: F.dropout(y, 0.5, mode="downscale_in_infer"),
    "noise_that_sees_no_task": lambda y: y + 0.3 * paddle.randn(y.shape, y.dtype),
    "uniform": lambda y: y * paddle.uniform(y.shape, y.dtype, 0.5, 1.5),
    "bernoulli": lambda y: y * paddle.bernoulli(F.sigmoid(y.detach())),
    "normal_about_each_tasks_own": lambda y: y + paddle.normal(y.detach(), 0.1),
    "randint": lambda y: y * paddle.randint(1, 4, [y.shape[0], 1]).astype(y.dtype),
    "randperm": lambda y: y + y[paddle.randperm(y.shape[0])],
    "gumbel": lambda y: F.gumbel_softmax(y, 0.7),
    "two_ops": lambda y: F.dropout(y + 0.1 * paddle.rand(y.shape, y.dtype), 0.3),
}
NETS = {
    **{name: (lambda draw=draw: Draws(draw), episodes) for name, draw in DRAWS.items()},
    "transformer": (Text, ids),
    "lstm": (Recurrent, sequences),
    "convolutional": (convolutional, images(1, 8)),
}


def next_number():
    return paddle.rand([1]).item()


@pytest.mark.parametrize("name", NETS)
def test_a_net_that_draws_gives_the_gradient_of_the_loop_and_leaves_the_generator_where_that_does(name):
    make, tasks = NETS[name]
    paddle.seed(1)
    net, tasks = make(), tasks()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.05, adapt_steps=2)
    assert_the_same_together(net, opt, tasks)
    after = []
    for vectorize in (True, False):
        paddle.seed(2)
        opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)
        after.append(next_number())
    paddle.seed(2)
    assert after[0] == after[1] != next_number()


WAYS = {
    "first_order": (metaopt.MAMLOptimizer, {"first_order": True}),
    "checkpointed": (metaopt.MAMLOptimizer, {"meta_gradient": "checkpointed"}),
    "after_every_step": (metaopt.MAMLPlusPlusOptimizer, {}),
    "checkpointed_after_every_step": (metaopt.MAMLPlusPlusOptimizer, {"meta_gradient": "checkpointed"}),
    "reptile": (metaopt.ReptileOptimizer, {}),
    "statistics": (metaopt.MAMLOptimizer, {"buffers": "mean"}),
}


@pytest.mark.parametrize("name", WAYS)
def test_every_way_back_sees_the_same_draws(name):
    paddle.seed(3)
    net, (algorithm, options) = convolutional(), WAYS[name]
    opt = algorithm(parameters=net.parameters(), inner_lr=0.05, adapt_steps=2, **options)
    assert_the_same_together(net, opt, images(1, 8)())


def test_anils_body_draws_anew_in_each_step():
    paddle.seed(3)
    net = Draws(DRAWS["dropout"])
    opt = metaopt.ANILOptimizer(parameters=net.parameters(), head=net.second, inner_lr=0.3, adapt_steps=3)
    assert_the_same_together(net, opt, episodes())


@pytest.mark.parametrize("vectorize", [True, False])
def test_the_meta_gradient_is_the_finite_difference_at_these_draws(vectorize):
    paddle.seed(4)
    net, tasks = Draws(DRAWS["two_ops"]), episodes()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)

    def loss():
        paddle.seed(5)
        return opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)

    loss().backward()
    weight = net.first.weight
    start, along = weight.numpy().copy(), np.random.RandomState(0).randn(*weight.shape)
    ends = []
    for sign in (1, -1):
        weight.set_value(start + sign * 1e-6 * along)
        ends.append(float(loss()))
    np.testing.assert_allclose((weight.grad.numpy() * along).sum(), (ends[0] - ends[1]) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("vectorize", [True, False])
def test_the_first_task_draws_as_one_by_hand_does_and_the_generator_goes_on_from_there(vectorize):
    paddle.seed(5)
    net, tasks = Draws(DRAWS["two_ops"]), episodes()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    paddle.seed(6)
    learner, ((x, y), (query_x, query_y)) = opt.adapter(net).clone(), tasks[0]
    learner.adapt(lambda: F.cross_entropy(learner(x), y))
    expected = float(learner.meta_loss(lambda: F.cross_entropy(learner(query_x), query_y))), next_number()
    paddle.seed(6)
    assert (float(opt.meta_loss(net, tasks[:1], F.cross_entropy, vectorize=vectorize)), next_number()) == expected
    paddle.seed(6)
    opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)
    assert next_number() == expected[1]


@pytest.mark.parametrize("vectorize", [True, False])
def test_the_generator_moves_on_if_only_a_later_task_draws(vectorize):
    net = Draws(lambda y: F.dropout(y, 0.5) if y.shape[0] == 9 else y)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters())
    paddle.seed(7)
    tasks = [*episodes(1), *episodes(1, queries=9)]
    paddle.seed(8)
    untouched = next_number()
    paddle.seed(8)
    opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)
    assert next_number() != untouched


def test_tasks_of_any_grouping_draw_by_their_place_in_the_meta_batch():
    paddle.seed(6)
    net = Draws(DRAWS["dropout"])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    ragged = [*episodes(2), *episodes(2, queries=9), *episodes(1, examples=3), *episodes(2)]
    assert_the_same_together(net, opt, ragged)
    paddle.seed(7)
    whole = gradients(net, opt, ragged)
    paddle.seed(7)
    for a, b in zip(whole, gradients(net, opt, ragged, tasks_at_once=2)):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.parametrize("vectorize", [True, False])
def test_each_task_and_each_meta_batch_draws_other_numbers_and_a_seed_gives_them_again(vectorize):
    net = Draws(lambda y: y + paddle.randn([1]))
    net.second.weight.set_value(paddle.ones([6, 3]))
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.0)
    part = paddle.zeros([3, 4]), paddle.zeros([3], "int64")

    def drawn(seed=None):
        if seed is not None:
            paddle.seed(seed)
        scores = metaopt.evaluate(net, opt, [(part, part)] * 5, F.cross_entropy, mean_output, vectorize=vectorize)
        return scores.values

    def mean_output(output, y):
        return output.mean()

    first, second = drawn(8), drawn()
    assert len({*first, *second}) == 10
    np.testing.assert_array_equal(drawn(8), first)


@pytest.mark.parametrize("vectorize", [True, False])
def test_a_net_that_draws_nothing_leaves_the_generator_alone(vectorize):
    net = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    net.eval()
    opt, tasks = metaopt.MAMLOptimizer(parameters=net.parameters()), episodes()
    paddle.seed(9)
    expected = next_number()
    paddle.seed(9)
    opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)
    assert next_number() == expected


@pytest.mark.parametrize("drawn_before", [0, 1, 2, 3])
def test_episodes_that_are_drawn_as_they_are_taken_are_the_same_either_way(drawn_before):
    net, ready = Draws(DRAWS["dropout"]), episodes(drawn_before)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3)

    def taken():
        yield from ready
        for _ in range(3 - drawn_before):
            yield episodes(1)[0]

    found = []
    for vectorize in (True, False):
        paddle.seed(10)
        found += [gradients(net, opt, taken(), vectorize=vectorize), next_number()]
    for a, b in zip(found[0], found[2]):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    assert found[1] == found[3]


@pytest.mark.parametrize("draws_in_the_metric", [True, False])
def test_an_evaluation_has_the_same_scores_either_way(draws_in_the_metric):
    paddle.seed(11)
    net, tasks = convolutional(), [*images(1, 8)(), *episodes(2, features=(1, 8, 8), queries=9)]
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)

    def metric(output, y):
        return F.cross_entropy(output, y) + paddle.rand([1]).item() * draws_in_the_metric

    found = []
    for vectorize in (True, False):
        paddle.seed(12)
        found.append([metaopt.evaluate(net, opt, tasks, F.cross_entropy, metric, vectorize=vectorize), next_number()])
    np.testing.assert_allclose(found[0][0].values, found[1][0].values, rtol=1e-9)
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize("drawn_before", [1, 40])
def test_an_evaluation_of_such_episodes_has_the_same_scores_either_way(drawn_before):
    net, ready = Draws(DRAWS["dropout"]), episodes(drawn_before)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3)
    found = []
    for vectorize in (True, False):
        paddle.seed(10)
        taken = (ready[i] if i < drawn_before else episodes(1)[0] for i in range(drawn_before + 2))
        found.append([metaopt.evaluate(net, opt, taken, F.cross_entropy, vectorize=vectorize).values, next_number()])
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-9)
    assert found[0][1] == found[1][1]


def test_what_draws_past_paddles_table_or_from_python_still_takes_the_loop():
    paddle.seed(13)
    tasks = episodes()
    for draw in (lambda y: y * random.random(), lambda y: y + paddle.seed(14).random() % 7):
        net = Draws(draw)
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3)
        with pytest.raises(
            metaopt.VectorizeError, match="random numbers were drawn by numpy or Python, or by Paddle.* num_workers=1"
        ):
            opt.meta_loss(net, tasks, F.cross_entropy, vectorize=True)
