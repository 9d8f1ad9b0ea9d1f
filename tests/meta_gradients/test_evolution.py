"""Evolution strategies: the formula, its expectation, and what it can't serve."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Classifier, complex_parameter, in_double, labelled_episode, parameter
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.meta_gradients import Evolution


@pytest.mark.parametrize("antithetic", [True, False])
def test_evolution_is_its_formula_at_the_directions_it_drew(antithetic):
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, meta_gradient=Evolution(0.1, 3, antithetic)
    )
    task = labelled_episode()
    paddle.seed(7)
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    plain = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    start = [p.numpy().copy() for p in net.parameters()]

    def query_loss_from(weights):
        for p, value in zip(net.parameters(), weights):
            p.set_value(value)
        return float(plain.meta_loss(net, [task], F.cross_entropy))

    paddle.seed(7)
    expected = [0.0] * len(start)
    for _ in range(3):
        noise = [paddle.randn(w.shape, "float64").numpy() for w in start]
        slope = query_loss_from([w + 0.1 * e for w, e in zip(start, noise)]) / 0.1
        if antithetic:
            slope = (slope - query_loss_from([w - 0.1 * e for w, e in zip(start, noise)]) / 0.1) / 2
        expected = [g + slope * e / 3 for g, e in zip(expected, noise)]
    query_loss_from(start)
    for p, g in zip(net.parameters(), expected):
        np.testing.assert_allclose(p.grad.numpy(), g, rtol=1e-9, atol=1e-12)


def test_evolution_estimates_the_gradient_of_the_smoothed_loss_within_its_error_bars():
    paddle.seed(1)
    net = in_double(Classifier())
    task = labelled_episode()
    exact = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=1)
    exact.meta_loss(net, [task], F.cross_entropy).backward()
    along = [p.grad.numpy().copy() for p in net.parameters()]
    exact.clear_grad()
    length = np.sqrt(sum((g**2).sum() for g in along))
    estimates = []
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=0.1, adapt_steps=1, meta_gradient=Evolution(1e-3, 20)
    )
    for seed in range(25):
        paddle.seed(seed)
        opt.meta_loss(net, [task], F.cross_entropy).backward()
        estimates.append(sum((p.grad.numpy() * g).sum() for p, g in zip(net.parameters(), along)) / length)
        opt.clear_grad()
    bar = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - length) < 4 * bar and bar < 0.2 * length


def test_evolution_refuses_what_it_can_not_serve():
    net = Classifier()
    with pytest.raises(ValueError, match="moves the net's weights alone"):
        metaopt.MetaSGDOptimizer(parameters=net.parameters(), meta_gradient=Evolution())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), meta_gradient=Evolution(directions=1))
    learner = opt.adapter(net).clone()
    with pytest.raises(ValueError, match="needs a function"):
        learner.adapt(F.cross_entropy(learner(paddle.randn([3, 3])), paddle.arange(3)))
    task = ((paddle.randn([3, 3]), paddle.arange(3)), (paddle.randn([3, 3]), paddle.arange(3)))
    with pytest.raises(ValueError, match="a tensor outside gets no gradient"):
        opt.meta_loss(net, [task], F.cross_entropy, inputs=[parameter(1.0)])
    for arguments, name in (((0.0,), "sigma"), ((0.1, 0), "directions"), ((0.1, 1, 2), "antithetic")):
        with pytest.raises((ValueError, TypeError), match=f"Evolution: {name}"):
            Evolution(*arguments)


class Noisy(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body, self.norm, self.head = nn.Linear(3, 6), nn.BatchNorm1D(6), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(F.dropout(F.tanh(self.norm(self.body(x))), 0.3, training=self.training))


def test_evolution_notices_a_loss_that_is_another_when_computed_again():
    net = Classifier()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), meta_gradient=Evolution(directions=1))
    learner = opt.adapter(net).clone()
    for x in (paddle.randn([3, 3]), paddle.randn([3, 3])):
        learner.adapt(lambda: F.cross_entropy(learner(x), paddle.arange(3)), steps=1)  # noqa: B023
    with pytest.raises(metaopt.ReplayError, match="inner step 0"):
        learner.meta_loss(lambda: F.cross_entropy(learner(paddle.randn([3, 3])), paddle.arange(3)))


def test_the_two_sides_of_a_direction_draw_the_same_and_statistics_are_those_of_the_task_alone():
    found = {}
    for way in (Evolution(1e-6, 4), "unrolled"):
        paddle.seed(1)
        net = in_double(Noisy())
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, meta_gradient=way, buffers="last")
        paddle.seed(3)
        opt.meta_loss(net, [labelled_episode()], F.cross_entropy, vectorize=False).backward()
        size = max(float(p.grad.abs().max()) for p in net.parameters() if p.grad is not None)
        found[str(way)] = size, net.norm._mean.numpy().copy()
    (estimated, statistics), (exact, expected) = found.values()
    assert estimated < 30 * exact  # other dropout masks would make it a million times as large
    np.testing.assert_allclose(statistics, expected, rtol=1e-12)


class Shifted(nn.Layer):
    def __init__(self):
        super().__init__()
        self.z = complex_parameter([1.0 - 2.0j, 0.5j])

    def forward(self, target):
        return ((self.z - target).abs() ** 2).sum()


def test_both_parts_of_a_complex_parameter_are_moved_as_far():
    """A quadratic is smoothed to itself, so the mean of the estimates is its own gradient, 2 (z − t)."""
    paddle.seed(1)
    net, target = Shifted(), paddle.to_tensor([0.5 + 1.0j, -1.0 + 0.0j], dtype="complex128")
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), adapt_steps=0, meta_gradient=Evolution(0.1, 2000))
    opt.meta_loss(net, [((target, target), (target, target))], lambda loss, y: loss).backward()
    expected = 2 * (net.z.detach() - target)
    relative_error = (net.z.grad - expected).abs().sum() / expected.abs().sum()
    assert float(relative_error) < 0.1
