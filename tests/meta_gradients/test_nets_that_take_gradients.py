"""Losses that hold derivatives by the inputs: their meta-gradients need third and fourth derivatives of the net."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of, live
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.errors import NotTwiceDifferentiableError

pytestmark = pytest.mark.usefixtures("float64")

TOLERANCE = 1e-6


def slope(y, x):
    return paddle.grad(y.sum(), [x], create_graph=True)[0]


def plain(net, x):
    return net(x).square().mean()


def gradient_penalty(net, x):
    x = live(x)
    y = net(x)
    squared = slope(y, x).square().sum([1, 2, 3]) + 0.01  # of a dead net it is zero, where the root has no slope
    return (squared.sqrt() - 1).square().mean() + y.mean()


def forces(net, x):
    """The energy's gradient against a given force."""
    x = live(x)
    return F.mse_loss(-slope(net(x), x), paddle.sin(x)) + 0.1 * net(x).square().mean()


def equation(net, x):
    """The residual of u'' + u' u = cos."""
    x = live(x)
    u = net(x)
    first = slope(u, x)
    return (slope(first, x) + first * u - paddle.cos(x)).square().mean()


def critic():
    return nn.Sequential(nn.Conv2D(1, 2, 3), nn.ReLU(), nn.Conv2D(2, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1))


def mlp(activation, inputs=1):
    layers = [nn.Linear(inputs, 6), activation(), nn.Linear(6, 6), activation(), nn.Linear(6, 1)]
    return nn.Sequential(*layers)


IMAGES, POINTS = [3, 1, 5, 5], [4, 1]

#: A net, the shape of its input, the inner and the query loss.
PROBLEMS = {
    "gradient penalty in the query loss": (critic, IMAGES, plain, gradient_penalty),
    "gradient penalty in the inner loss": (critic, IMAGES, gradient_penalty, plain),
    "gradient penalty in both": (critic, IMAGES, gradient_penalty, gradient_penalty),
    **{
        f"forces, {activation.__name__}": (lambda a=activation: mlp(a, 3), [4, 3], forces, forces)
        for activation in (nn.ReLU, nn.LeakyReLU, nn.Softplus, nn.Silu, nn.Tanh, nn.Sigmoid)
    },
    "equation, Tanh": (lambda: mlp(nn.Tanh), POINTS, equation, plain),
    "equation, Softplus, in both": (lambda: mlp(nn.Softplus), POINTS, equation, equation),
}


def check(name, way):
    make, shape, inner, query = PROBLEMS[name]
    net = make()
    support, target = paddle.randn(shape), paddle.randn(shape)
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, meta_gradient=way)

    def meta_loss():
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: inner(learner, support))
        return learner, query(learner, target)

    learner, loss = meta_loss()
    loss.backward()
    weights = net.parameters()
    gradients = gradients_of(weights)
    displacement = [fast.detach() - p.detach() for fast, p in zip(learner.fast_weights.values(), weights)]
    learner.end()

    def value():
        if way == "unrolled":
            learner, loss = meta_loss()
            learner.end()
            return float(loss)
        with paddle.no_grad():
            before = [p.clone() for p in weights]
            for p, d in zip(weights, displacement):
                p.set_value(p + d)
        with metaopt.twice_differentiable():
            loss = float(query(net, target))
        for p, start in zip(weights, before):
            p.set_value(start)
        return loss

    return compare_with_differences(value, gradients, weights, directions=3).error


@pytest.mark.parametrize("name", PROBLEMS)
def test_exact_meta_gradient_equals_differences(name):
    assert check(name, "unrolled") < TOLERANCE


@pytest.mark.parametrize("name", PROBLEMS)
def test_first_order_meta_gradient_equals_its_definition_or_is_refused(name):
    if name == "equation, Softplus, in both":
        with pytest.raises(NotTwiceDifferentiableError, match="SoftplusDouble.*inside twice_differentiable"):
            check(name, "first_order")
    else:
        assert check(name, "first_order") < TOLERANCE


def test_a_context_for_any_order_is_the_way_out_that_the_error_names(monkeypatch):
    make, shape, _, _ = PROBLEMS["equation, Softplus, in both"]
    monkeypatch.setitem(
        PROBLEMS, "way out", (make, shape, *[metaopt.twice_differentiable()(loss) for loss in (equation, equation)])
    )
    assert check("way out", "first_order") < TOLERANCE


class WithItsSlope(nn.Layer):
    """Its output beside the square of that one's gradient by the input."""

    def __init__(self, first, size):
        super().__init__()
        self.first, self.head = first, nn.Linear(size, 1)

    def forward(self, x):
        x.stop_gradient = False
        h = self.first(x)
        y = self.head(h[0][:, -1] if isinstance(h, tuple) else F.tanh(h).flatten(1))
        return y + 0.1 * slope(y, x).square().flatten(1).sum(1, keepdim=True)


#: A first layer, whose rule has the input among its operands beside the weights; its outputs, and the input's shape.
STARTS = {
    "LSTM": (lambda: nn.LSTM(2, 3), 3, [4, 3, 2]),
    "GRU": (lambda: nn.GRU(2, 3), 3, [4, 3, 2]),
    "SimpleRNN": (lambda: nn.SimpleRNN(2, 3), 3, [4, 3, 2]),
    "Conv2D": (lambda: nn.Conv2D(1, 2, 2), 8, [4, 1, 3, 3]),
    "LayerNorm": (lambda: nn.LayerNorm([3]), 3, [4, 3]),
}

#: A way back, the inner rate, and how often a step is taken.
WAYS = {
    "checkpointed": ("checkpointed", 0.1, 2),
    "hessian_free": ("hessian_free", 0.1, 2),
    "implicit": (metaopt.meta_gradients.Implicit(proximal=30.0, iterations=60, tolerance=1e-12), 0.03, 40),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_net_that_takes_its_own_gradient_from_its_first_layer_on(way, start):
    make, size, shape = STARTS[start]
    net, (way, rate, steps) = WithItsSlope(make(), size), WAYS[way]
    (x, y), (query_x, query_y) = [(paddle.randn(shape), paddle.randn([4, 1])) for _ in range(2)]
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=rate, adapt_steps=steps, meta_gradient=way)

    def adapted():
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: F.mse_loss(learner(x), y))
        return learner

    def value():
        learner = adapted()
        loss = float(F.mse_loss(learner(query_x), query_y))
        learner.end()
        return loss

    learner = adapted()
    learner.meta_loss(lambda: F.mse_loss(learner(query_x), query_y)).backward()
    learner.end()  # it keeps the inner loss, which keeps it: else the rules stay on until Python collects garbage
    found = compare_with_differences(value, gradients_of(net.parameters()), net.parameters(), directions=2)
    assert found.error < TOLERANCE, found
