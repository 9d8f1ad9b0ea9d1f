"""Matrix products: bilinear, with Paddle's own derivatives for plain matrices, where they are right.

For batches of matrices Paddle's second derivative ends the process where one factor is broadcast against the other.
"""

from __future__ import annotations

import paddle

from .. import kernels
from ..kinds import BilinearMap
from ..registry import natively_exact, rule

natively_exact("Matmul")


@rule("matmul")
def matmul(x, y, transpose_x=False, transpose_y=False):
    if x.ndim > 2 and y.ndim == 2 and not transpose_x:
        rows = kernels.matmul(paddle.reshape(x, [-1, x.shape[-1]]), y, False, transpose_y)
        return paddle.reshape(rows, [*x.shape[:-1], rows.shape[-1]])
    if x.ndim <= 2 and y.ndim <= 2:
        return kernels.matmul(x, y, transpose_x, transpose_y)
    if x.ndim == 1:
        return paddle.squeeze(matmul(paddle.unsqueeze(x, 0), y, False, transpose_y), -2)
    if y.ndim == 1:
        return paddle.squeeze(matmul(x, paddle.unsqueeze(y, -1), transpose_x, False), -1)
    return _batched(x.shape, y.shape, transpose_x, transpose_y)(x, y)


def _batched(x_shape, y_shape, transpose_x, transpose_y) -> BilinearMap:
    def wrt_x(g, y):
        if transpose_x:
            gradient = kernels.matmul(y, g, transpose_y, True)
        else:
            gradient = kernels.matmul(g, y, False, not transpose_y)
        return _sum_to(gradient, x_shape)

    def wrt_y(x, g):
        if transpose_y:
            gradient = kernels.matmul(g, x, True, transpose_x)
        else:
            gradient = kernels.matmul(x, g, not transpose_x, False)
        return _sum_to(gradient, y_shape)

    return BilinearMap(lambda x, y: kernels.matmul(x, y, transpose_x, transpose_y), wrt_x, wrt_y)


def _sum_to(tensor, shape):
    """Undo a broadcast."""
    extra = tensor.ndim - len(shape)
    axes = list(range(extra)) + [
        extra + axis for axis, size in enumerate(shape) if size == 1 and tensor.shape[extra + axis] != 1
    ]
    return paddle.reshape(paddle.sum(tensor, axes), shape) if axes else tensor


@rule("linear")
def linear(x, weight, bias=None):
    y = matmul(x, weight)
    return y if bias is None else paddle.add(y, bias)
