"""Numbers so large that a factor of a derivative overflows, and ones without an end."""

import math

import numpy as np
import paddle
import pytest

from paddle_metaopt import twice_differentiable


def density(a, x):
    """x^(a - 1) exp(-x) / Γ(a)"""
    return math.exp((a - 1) * math.log(x) - x - math.lgamma(a))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function, sign", [(paddle.gammaincc, -1), (paddle.gammainc, 1)])
def test_incomplete_gamma_functions_of_large_numbers(function, sign, dtype):
    points = [(30.0, 31.0), (200.0, 210.0), (1000.0, 1001.0), (3.0, 250.0)]
    a = paddle.to_tensor([a for a, _ in points], dtype)
    x = paddle.to_tensor([x for _, x in points], dtype, stop_gradient=False)
    with twice_differentiable():
        (slope,) = paddle.grad(function(a, x).sum(), [x], create_graph=True)
    (curvature,) = paddle.grad(slope.sum(), [x])

    slopes = [sign * density(a, x) for a, x in points]
    curvatures = [s * ((a - 1) / x - 1) for s, (a, x) in zip(slopes, points)]
    accuracy = {"rtol": 3e-3, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-10}
    np.testing.assert_allclose(slope.numpy(), slopes, **accuracy)
    np.testing.assert_allclose(curvature.numpy(), curvatures, **accuracy)


def test_incomplete_gamma_functions_at_zero():
    a = paddle.to_tensor([1.0, 2.0, 3.0, 4.0], "float64")
    x = paddle.zeros([4], "float64")
    x.stop_gradient = False
    with twice_differentiable():
        (slope,) = paddle.grad(paddle.gammainc(a, x).sum(), [x], create_graph=True)
        (curvature,) = paddle.grad(slope.sum(), [x], create_graph=True)
    (third,) = paddle.grad(curvature.sum(), [x])
    assert [slope.tolist(), curvature.tolist(), third.tolist()] == [[1, 0, 0, 0], [-1, 1, 0, 0], [1, -2, 1, 0]]


def test_a_running_sum_in_logarithms_reaches_infinity():
    x = paddle.to_tensor([1.0, math.inf, 2.0], "float64", stop_gradient=False)
    with twice_differentiable():
        y = paddle.logcumsumexp(x)
        (slope,) = paddle.grad(y[0], [x])
    assert y.tolist() == [1.0, math.inf, math.inf] and slope.tolist() == [1.0, 0.0, 0.0]
