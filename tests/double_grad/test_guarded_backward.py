"""`backward()` in a task, which is run on copies of the graph, is to its user what Paddle's own is."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddle_metaopt as metaopt


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.linear = paddle.nn.Linear(2, 2)
        self.alone = self.create_parameter([2])

    def forward(self, x):
        return F.gelu(self.linear(x))


@pytest.fixture
def net():
    return Net()


@pytest.fixture
def learner(net):
    learner = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1).adapter(net).clone()
    yield learner
    learner.end()


X = paddle.to_tensor([[1.0, -2.0], [0.5, 3.0]])
GIVEN = paddle.to_tensor([[3.0, 1.0], [2.0, -1.0]])


def gradient_of(net, run):
    run()
    found = net.linear.weight.grad.numpy()
    net.linear.weight.clear_gradient(False)
    return found


def test_a_given_gradient_counts_by_position_and_by_name(net, learner):
    expected = gradient_of(net, lambda: (F.gelu(net.linear(X)) * GIVEN).sum().backward())
    for run in (
        lambda: learner(X).backward(GIVEN),
        lambda: learner(X).backward(grad_tensor=GIVEN),
        lambda: paddle.autograd.backward([learner(X)], [GIVEN]),
        lambda: paddle.autograd.backward(tensors=learner(X), grad_tensors=GIVEN),
    ):
        np.testing.assert_allclose(gradient_of(net, run), expected, rtol=1e-6)
    with pytest.raises(TypeError, match="foo"):
        learner(X).backward(retain_graph=True, foo=3)
    with metaopt.twice_differentiable():
        x = paddle.to_tensor([1.0, 2.0], stop_gradient=False)
        (x**2).backward(grad_tensor=paddle.to_tensor([3.0, 1.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [6, 4])


def test_a_given_gradient_of_another_shape_is_refused(net, learner):
    for run in (learner(X).backward, lambda g: paddle.autograd.backward([learner(X)], [g])):
        with pytest.raises(ValueError, match=r"expected a gradient of shape \[2, 2\].*got \[3\]"):
            run(paddle.ones([3]))
    assert net.linear.weight.grad is None


def test_a_leaf_may_be_among_the_tensors(net, learner):
    paddle.autograd.backward([learner(X).sum(), net.alone])
    np.testing.assert_array_equal(net.alone.grad.numpy(), [1, 1])


def test_what_is_no_tensor_is_told_by_paddle(learner):
    for wrong in ([None], 3.0):
        with pytest.raises((AssertionError, TypeError, ValueError)):
            paddle.autograd.backward(wrong)


def nested(g):
    z = paddle.ones([1])
    z.stop_gradient = False
    with paddle.enable_grad():
        square = z * z
    return g * paddle.grad(square, [z])[0]


class Nested(paddle.autograd.PyLayer):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return nested(g)


def test_a_pylayer_may_take_gradients_in_its_backward(net, learner):
    expected = gradient_of(net, lambda: (F.gelu(net.linear(X)) * 2).sum().backward())
    np.testing.assert_allclose(gradient_of(net, lambda: Nested.apply(learner(X)).sum().backward()), expected, rtol=1e-6)


@pytest.mark.parametrize("wrap", ["hook", "pylayer"])
def test_gradients_taken_inside_a_pass_of_paddle_grad_are_an_error_and_no_crash(wrap, net, learner):
    def output(task):
        y = task(X)
        if wrap == "hook":
            y.register_hook(nested)
            return y
        return Nested.apply(y)

    with pytest.raises(RuntimeError, match="inside a pass that paddle.grad itself runs"):
        learner.meta_loss(lambda: output(learner).sum())
    if wrap == "hook":
        with pytest.raises(RuntimeError, match="inside a pass that paddle.grad itself runs"):
            output(learner).sum().backward()
    assert gradient_of(net, lambda: learner(X).sum().backward()).any()


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), UnicodeDecodeError("u", b"", 0, 1, "r")])
def test_an_error_in_a_parameters_hook(error, net, learner):
    def hook(g):
        raise error

    remover = net.linear.weight.register_hook(hook)
    expected = OSError if isinstance(error, UnicodeDecodeError) else type(error)  # it can't be made from its text
    with pytest.raises(expected):
        learner(X).sum().backward()
    remover.remove()
    assert paddle.is_grad_enabled()


def test_a_gradient_taken_under_no_grad_is_a_number():
    x = paddle.to_tensor([1.0, 2.0], stop_gradient=False)
    with metaopt.twice_differentiable():
        y = (x**3).sum()
        with paddle.no_grad():
            (g,) = paddle.grad(y, [x], create_graph=True, retain_graph=True)
    np.testing.assert_array_equal(g.numpy(), [3, 12])
