"""Products of matrices."""

from __future__ import annotations

import paddle

from ...double_grad import requires_grad, with_pullback
from ...double_grad.rules.pointwise import in_float32
from ..batched import Batched, tasks_of
from ..planes import ones, product
from ..registry import batches, below
from .shape import for_each_task


@batches("matmul")
def matmul(x, y, transpose_x=False, transpose_y=False):
    if not x.ndim or not y.ndim:
        return NotImplemented
    if y.ndim == 1:
        return paddle.squeeze(paddle.matmul(x, paddle.unsqueeze(y, -1), transpose_x and x.ndim > 1), -1)
    if x.ndim == 1:
        return paddle.squeeze(paddle.matmul(paddle.unsqueeze(x, 0), y, False, transpose_y), -2)
    multiply = below["matmul"]
    if type(y) is not Batched and y.ndim == 2 and not transpose_x:
        return Batched(multiply(tasks_of(x), y, False, transpose_y))
    if type(x) is Batched and type(y) is Batched and y.ndim == 2 and x.ndim > 2 and not transpose_x:
        stacked = tasks_of(x)  # rows of all its matrices as one
        shape = stacked.shape
        rows = multiply(stacked.reshape([shape[0], -1, shape[-1]]), tasks_of(y), False, transpose_y)
        return Batched(rows.reshape([*shape[:-1], rows.shape[-1]]))
    tasks = (x if type(x) is Batched else y).stacked.shape[0]
    ndim = max(x.ndim, y.ndim)
    return Batched(multiply(_grown(x, tasks, ndim), _grown(y, tasks, ndim), transpose_x, transpose_y))


def _grown(x, tasks, ndim):
    stacked = for_each_task(x, tasks)
    missing = ndim - x.ndim
    return stacked.reshape([tasks, *[1] * missing, *stacked.shape[1:]]) if missing else stacked


@batches("bmm")
def bmm(x, y):
    return matmul(x, y) if x.ndim == y.ndim == 3 and x.shape[0] == y.shape[0] else NotImplemented


@batches("mv")
def mv(x, y):
    return matmul(x, y) if (x.ndim, y.ndim) == (2, 1) else NotImplemented


@batches("dot")
def dot(x, y):
    if not isinstance(y, paddle.Tensor) or list(x.shape) != list(y.shape):
        return NotImplemented
    return paddle.sum(x * y, -1)


@batches("addmm", "baddbmm")
def addmm(start, x, y, *factors, **keywords):
    beta, alpha = [*factors, *(keywords.get(key, 1.0) for key in ("beta", "alpha")[len(factors) :])]
    return start * in_float32(beta) + paddle.matmul(x, y) * in_float32(alpha)


@batches("bilinear")
def bilinear(x, y, weight, bias=None):
    if (x.ndim, y.ndim, weight.ndim) != (2, 2, 3):
        return NotImplemented
    by_x = paddle.matmul(paddle.unsqueeze(x, 0), weight)  # [outputs, batch, y's features]
    found = paddle.transpose(paddle.sum(by_x * paddle.unsqueeze(y, 0), -1), [1, 0])
    return found if bias is None else found + bias


@batches("linear")
def linear(x, weight, bias=None):
    if _is_affine(x, weight, bias):
        stacked = tasks_of(x)
        shape = stacked.shape
        if len(shape) != 3:
            stacked = stacked.reshape([shape[0], -1, shape[-1]])
        y = _affine(stacked, tasks_of(weight), bias.stacked)
        return Batched(y if len(shape) == 3 else y.reshape([*shape[:-1], y.shape[-1]]))
    is_product = type(x) is Batched or type(weight) is Batched
    y = (matmul if is_product else below["matmul"])(x, weight, False, False)
    return y if y is NotImplemented or bias is None else y + bias


def _is_affine(x, weight, bias) -> bool:
    if not (type(x) is Batched and type(weight) is Batched and type(bias) is Batched):
        return False
    return x.ndim > 1 and weight.ndim == 2 and bias.ndim == 1 and x.is_floating_point()


def _affine(x, w, b):
    """x ``[T, B, n]`` times w ``[T, n, m]`` plus b ``[T, m]``, in one node; native broadcasting of b over a middle
    axis, and its sum, are slow."""
    down = ones((x.shape[0], x.shape[1], 1), x.dtype)

    def value():
        y = product(down, b.unsqueeze(1))
        return y.add_(product(x, w))

    def pullback(g):
        if not paddle.is_grad_enabled():
            to_x = product(g, w, False, True) if requires_grad(x) else None
            return [to_x, product(x, g, True), product(down, g, True).squeeze(1)]
        return _affine_gradient(x, w, g, down)

    return with_pullback(value, [x, w, b], pullback)


def _affine_gradient(x, w, g, down):
    inner = requires_grad(x)

    def value():
        found = [product(x, g, True), product(down, g, True).squeeze(1)]
        return [product(g, w, False, True), *found] if inner else found

    def pullback(*cotangents):
        u, v, c = cotangents if inner else (None, *cotangents)
        # The gradients of <g wᵀ, u> + <xᵀ g, v> + <1ᵀ g, c>.
        terms = []
        if v is not None:
            terms.append(below["matmul"](x, v, False, False))
        if u is not None:
            terms.append(below["matmul"](u, w, False, False))
        if c is not None:
            terms.append(below["matmul"](down, c.unsqueeze(1), False, False))
        to_g = sum(terms[1:], terms[0])
        to_x = below["matmul"](g, v, False, True) if v is not None and inner else None
        to_w = below["matmul"](u, g, True, False) if u is not None else None
        return [to_x, to_w, to_g]

    found = with_pullback(value, [x, w, g], pullback)
    return found if inner else [None, *found]
