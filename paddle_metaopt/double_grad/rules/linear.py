"""Products of vectors, matrices and batches of them, all by one matrix product.

Matrix products are bilinear; Paddle's own derivatives are kept for plain matrices, where they are right. For batches
of matrices Paddle's second derivative ends the process where one factor is broadcast against the other; for complex
factors it is wrong.
"""

from __future__ import annotations

import functools

import paddle

from .. import kernels
from ..kernels import native
from ..kinds import BilinearMap
from ..registry import natively_exact, replaces, rule
from .pointwise import in_float32, in_one_type
from .shape import sum_to

natively_exact("Matmul")


@rule("matmul")
def matmul(x, y, transpose_x=False, transpose_y=False):
    empty = 0 in x.shape or 0 in y.shape  # Paddle's own gradient for one such factor alone is a null pointer
    if x.ndim > 2 and y.ndim == 2 and not transpose_x and not empty:
        rows = matmul(paddle.reshape(x, [-1, x.shape[-1]]), y, False, transpose_y)
        return paddle.reshape(rows, [*x.shape[:-1], rows.shape[-1]])
    if x.is_complex() or y.is_complex():
        x, y = in_one_type(x, y)
    elif x.ndim <= 2 and y.ndim <= 2 and not empty:
        return native.matmul(x, y, transpose_x, transpose_y)
    if y.ndim == 1:
        return paddle.squeeze(matmul(x, paddle.unsqueeze(y, -1), transpose_x, False), -1)
    if x.ndim == 1:
        return paddle.squeeze(matmul(paddle.unsqueeze(x, 0), y, False, transpose_y), -2)
    return _batched(x.shape, y.shape, transpose_x, transpose_y)(x, y)


@replaces(paddle.Tensor, "__matmul__")
def matmul_operator(x, y):
    """``x @ y``"""
    return kernels.TABLE.matmul(*beside(x, y), False, False)


@replaces(paddle.Tensor, "__rmatmul__")
def reflected_matmul_operator(y, x):
    y, x = beside(y, x)
    return kernels.TABLE.matmul(x, y, False, False)


def beside(tensor, other) -> tuple:
    """A factor, and the other one in its type, in which ``@`` takes it, be it an array; complex if either is so."""
    other = other if isinstance(other, paddle.Tensor) else paddle.to_tensor(other)
    if tensor.is_complex() or other.is_complex():
        return in_one_type(tensor, other)
    return tensor, other if other.dtype == tensor.dtype else other.astype(tensor.dtype)


def _batched(x_shape, y_shape, transpose_x, transpose_y) -> BilinearMap:
    def wrt_x(g, y):
        y = _conjugate(y)
        if transpose_x:
            gradient = native.matmul(y, g, transpose_y, True)
        else:
            gradient = native.matmul(g, y, False, not transpose_y)
        return sum_to(gradient, x_shape)

    def wrt_y(x, g):
        x = _conjugate(x)
        if transpose_y:
            gradient = native.matmul(g, x, True, transpose_x)
        else:
            gradient = native.matmul(x, g, not transpose_x, False)
        return sum_to(gradient, y_shape)

    return BilinearMap(lambda x, y: native.matmul(x, y, transpose_x, transpose_y), wrt_x, wrt_y)


def _conjugate(tensor):
    return kernels.native.conj(tensor) if tensor.is_complex() else tensor


@rule("bmm")
def bmm(x, y, **options):
    return matmul(x, y)


@rule("mv")
def mv(matrix, vector):
    return paddle.squeeze(matmul(matrix, paddle.unsqueeze(vector, -1)), -1)


@rule("dot")
def dot(x, y, **options):
    return paddle.sum(paddle.multiply(x, y), -1)


@rule("addmm", "baddbmm")
def add_product(summand, x, y, beta=1.0, alpha=1.0, **options):
    return in_float32(beta) * summand + in_float32(alpha) * matmul(x, y)


@rule("linear")
def linear(x, weight, bias=None):
    return linear_v2(x, weight, bias)


def linear_v2(x, weight, bias=None, transpose_weight=False):
    y = matmul(x, weight, False, transpose_weight)
    return y if bias is None else paddle.add(y, bias)


if hasattr(kernels.TABLE, "linear_v2"):  # what F.linear calls on a GPU, from Paddle 3.3 on
    rule("linear_v2")(linear_v2)


@rule("bilinear")
def bilinear(x, y, weight, bias=None):
    """``x W_o y`` for each output o; `weight` is [outputs, x's features, y's features]."""
    outputs, x_features, y_features = weight.shape
    by_x = paddle.reshape(paddle.transpose(weight, [1, 0, 2]), [x_features, outputs * y_features])
    product = paddle.reshape(matmul(x, by_x), [-1, outputs, y_features])
    result = paddle.sum(product * paddle.unsqueeze(y, 1), -1)
    return result if bias is None else result + bias


@rule("multi_dot")
def multi_dot(factors):
    first, last = factors[0], factors[-1]
    sizes = [1 if first.ndim == 1 else first.shape[0]]
    sizes += [factor.shape[0] if factor.ndim == 1 else factor.shape[-2] for factor in factors[1:]]
    sizes += [1 if last.ndim == 1 else last.shape[-1]]

    return _product(factors, tuple(sizes), 0, len(factors))


def _product(factors, sizes, start, stop):
    cut = _cheapest(sizes, start, stop)[1]
    if cut is None:
        return factors[start]
    return matmul(_product(factors, sizes, start, cut), _product(factors, sizes, cut, stop))


@functools.lru_cache(maxsize=1024)
def _cheapest(sizes, start, stop):
    """The multiplications that the factors from start to stop take, and where to cut them."""
    if stop - start == 1:
        return 0, None

    def cost(cut):
        both = _cheapest(sizes, start, cut)[0] + _cheapest(sizes, cut, stop)[0]
        return both + sizes[start] * sizes[cut] * sizes[stop]

    return min((cost(cut), cut) for cut in range(start + 1, stop))


@rule("kron")
def kron(x, y):
    ndim = max(x.ndim, y.ndim)
    x_shape, y_shape = ([1] * (ndim - t.ndim) + t.shape for t in (x, y))
    x = paddle.reshape(x, [size for s in x_shape for size in (s, 1)])
    y = paddle.reshape(y, [size for s in y_shape for size in (1, s)])
    return paddle.reshape(paddle.multiply(x, y), [s * t for s, t in zip(x_shape, y_shape)])


@rule("cross")
def cross(x, y, axis=9):
    if axis == 9:  # Paddle's default: the first axis of length 3
        axis = list(x.shape).index(3)
    x1, x2, x3 = paddle.split(x, [1, 1, 1], axis)
    y1, y2, y3 = paddle.split(y, [1, 1, 1], axis)
    return paddle.concat([x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1], axis)
