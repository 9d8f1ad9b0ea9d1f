"""Operands of different types, numbers in tensors and arrays: the value and its type are Paddle's."""

import itertools
import operator

import numpy as np
import paddle
import pytest
from helpers import leaf

from paddle_metaopt import twice_differentiable
from paddle_metaopt.double_grad.testing import check_twice_differentiable

OTHERS = {
    "a truth value": paddle.to_tensor(True),
    "an integer": paddle.to_tensor(2),
    "a number of double precision": paddle.to_tensor(1.5, "float64"),
    "integers": paddle.to_tensor([[2, 3], [2, 2]]),
    "of double precision": paddle.to_tensor([[1.5, 2.5], [0.7, 0.4]], "float64"),
    "an array": np.array([[1.5, 2.5], [0.7, 0.4]]),
    "an array of single precision": np.array([[1.5, 2.5], [0.7, 0.4]], "float32"),
    "a number in an array": np.array(1.5),
}
FUNCTIONS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.mod, operator.pow, operator.matmul,
    paddle.add, paddle.subtract, paddle.multiply, paddle.divide, paddle.remainder, paddle.pow, paddle.atan2,
    paddle.fmax, paddle.fmin, paddle.maximum, paddle.logaddexp, paddle.copysign,
]  # fmt: skip


def taken_by_paddle(function):
    """What it takes of each kind, and its value."""
    for other, shape, reflected in itertools.product(OTHERS.values(), ([2, 2], []), (False, True)):
        x = paddle.uniform(shape, "float32", 0.5, 1.5)
        given = (other, x) if reflected else (x, other)
        try:
            value = function(*given)
        except Exception:  # whatever Paddle raises
            continue
        if value.is_floating_point():
            yield given, x, value


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: f"{function.__module__}.{function.__name__}")
def test_values_have_the_type_that_paddle_gives_them(function):
    count = 0
    for given, x, value in taken_by_paddle(function):
        x.stop_gradient = False
        with twice_differentiable():
            y = function(*given)
            (slope,) = paddle.grad((y * y).sum(), [x], create_graph=True)
        assert y.dtype == value.dtype and slope.dtype == x.dtype
        np.testing.assert_allclose(y.numpy(), value.numpy(), rtol=1e-6)
        count += 1
    assert count >= 4


EXACT = {
    "a sum with a truth value": lambda x: (x + paddle.to_tensor(True)) ** 3,
    "a quotient by integers": lambda x: (x.sum() / OTHERS["integers"]) ** 2,
    "a power of an array": lambda x: x ** OTHERS["an array"],
    "to the power of an array": lambda x: OTHERS["an array"] ** x,
    "a remainder by an array": lambda x: (x % OTHERS["an array"]) ** 2,
    "to the power of an integer": lambda x: x ** OTHERS["an integer"],
    "a product with single precision": lambda x: (x @ paddle.to_tensor(np.eye(2, 3), "float32")) ** 2,
}


@pytest.mark.parametrize("name", EXACT)
def test_derivatives_equal_differences(name):
    x = paddle.abs(leaf(2, 2)).detach() + 0.3
    x.stop_gradient = False
    assert check_twice_differentiable(EXACT[name], [x], [0]).error < 1e-6
