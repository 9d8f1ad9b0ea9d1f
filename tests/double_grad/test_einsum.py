"""Diagonals in Einstein sums: what stands beside them is no part of the result."""

import paddle
import pytest

from paddle_metaopt import twice_differentiable


@pytest.mark.parametrize("equation, value", [("ii->i", [1.0, 2.0]), ("ii->", 3.0), ("ij,ii->j", [3.0, 3.0])])
def test_a_diagonal_beside_what_is_not_finite(equation, value):
    x = paddle.to_tensor([[1.0, float("inf")], [float("nan"), 2.0]], stop_gradient=False)
    operands = [paddle.ones([2, 2]), x] if "," in equation else [x]
    with twice_differentiable():
        result = paddle.einsum(equation, *operands)
        (slope,) = paddle.grad(result.sum(), [x], create_graph=True)

    assert result.tolist() == value
    assert bool((slope * (1 - paddle.eye(2)) == 0).all())
