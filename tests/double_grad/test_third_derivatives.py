"""Rules are closed under differentiation: the third derivative, too, equals differences of the second."""

import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from paddle_metaopt import twice_differentiable
from paddle_metaopt.double_grad.testing import compare_with_differences


def batch_norm(x):
    return F.batch_norm(x.reshape([4, 4]), paddle.zeros([4], "float64"), paddle.ones([4], "float64"), training=True)


FUNCTIONS = {
    "convolution": lambda x: F.conv2d(x.reshape([1, 1, 4, 4]), x[:4].reshape([1, 1, 2, 2])),
    "batched matmul": lambda x: paddle.matmul(x[:12].reshape([2, 2, 3]), x[:6].reshape([1, 3, 2])),
    "max pooling": lambda x: F.max_pool2d(x.reshape([1, 1, 4, 4]), 2),
    "cumsum": paddle.cumsum,
    "gelu": F.gelu,
    "tanh": F.tanh,
    "softmax": lambda x: F.softmax(x.reshape([4, 4])),
    "cross entropy": lambda x: F.cross_entropy(x.reshape([4, 4]), paddle.to_tensor([0, 1, 3, 3])),
    "layer norm": lambda x: F.layer_norm(x.reshape([4, 4]), [4]),
    "batch norm": batch_norm,
    "attention": lambda x: F.scaled_dot_product_attention(*[x.reshape([1, 2, 2, 4])] * 3),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_third_derivative_equals_differences(name):
    paddle.seed(0)
    x, v, u = (paddle.randn([16], "float64") for _ in range(3))
    x.stop_gradient = False

    def second_along_v(create_graph):
        with twice_differentiable():
            y = FUNCTIONS[name](x)
            (first,) = paddle.grad((y**3 + y * y).sum(), [x], create_graph=True)
        return paddle.grad((first * v).sum(), [x], create_graph=create_graph)[0]

    (third,) = paddle.grad((second_along_v(True) * u).sum(), [x])
    result = compare_with_differences(lambda: float((second_along_v(False) * u).sum()), [third], [x])
    assert result.error < 1e-6, result


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Sigmoid, nn.GELU, nn.Silu])
def test_the_residual_of_a_second_order_equation_has_exact_weight_gradients(activation):
    paddle.seed(0)
    net = nn.Sequential(nn.Linear(2, 6), activation(), nn.Linear(6, 6), activation(), nn.Linear(6, 1))
    net.to(dtype="float64")
    points = paddle.randn([5, 2], "float64")
    points.stop_gradient = False

    def residual():
        with twice_differentiable():
            u = net(points)
            (slope,) = paddle.grad(u.sum(), [points], create_graph=True)
            (curvature,) = paddle.grad(slope[:, 0].sum(), [points], create_graph=True)
            return F.mse_loss(curvature[:, 0], u[:, 0] * slope[:, 1])

    residual().backward()
    gradients = [p.grad for p in net.parameters()]
    result = compare_with_differences(lambda: float(residual()), gradients, net.parameters())
    assert result.error < 1e-6, result
