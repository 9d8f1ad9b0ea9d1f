"""Norms and distances: the norm's gradient is a direction, which is taken for zero and constant at the origin."""

from __future__ import annotations

import math

import numpy as np
import paddle

from ...errors import NotTwiceDifferentiableError
from ..kernels import native
from ..primitive import with_pullback
from ..registry import rule


@rule("p_norm")
def p_norm(x, p, axis, epsilon, keepdim, as_vector):
    """`epsilon` stands only in Paddle's gradient, where it makes an error."""
    with paddle.no_grad():
        value = native.p_norm(x.detach(), p, axis, epsilon, keepdim, as_vector)
    return _norm_known(x, float(np.float32(p)), None if as_vector else [axis], value)


@rule("frobenius_norm")
def frobenius_norm(x, axes, keepdim, over_all):
    if x.is_complex():  # Paddle's is no norm: it takes the squares where it means those of the absolute values
        return paddle.sqrt(paddle.sum(x * x, None if over_all or not axes else axes, keepdim=keepdim))
    with paddle.no_grad():
        value = native.frobenius_norm(x.detach(), axes, keepdim, over_all)
    return _norm_known(x, 2.0, None if over_all or not axes else axes, value)


def _norm_known(x, p, axes, value):
    """The p-norm over the axes, None for all, as a function of x, by its value in any shape."""

    def pullback(g):
        kept = [1 if axes is None or axis in _positive(axes, x.ndim) else size for axis, size in enumerate(x.shape)]
        norm = _norm_known(x, p, axes, value).reshape(kept)
        return [_direction(x, p, norm) * g.reshape(kept)]

    return with_pullback(value.detach, [x], pullback)


def _positive(axes, ndim):
    return [int(axis) % ndim for axis in axes]


def _direction(x, p, norm):
    """The derivative of the norm; zero where it has none, as in Paddle's kernels."""
    if p == 0:
        return paddle.zeros_like(x)
    sign = paddle.sign(x.detach())
    if p == 1:
        return sign
    if math.isinf(p):
        return sign * (paddle.abs(x.detach()) == norm.detach()).astype(x.dtype)
    somewhere = norm > 0
    inverse = paddle.where(
        somewhere, 1 / paddle.where(somewhere, norm, paddle.ones_like(norm)), paddle.zeros_like(norm)
    )
    if p == 2:
        return x * inverse
    # The power's slope is infinite at zero for small p.
    share = paddle.abs(x) * inverse
    inside = share > 0
    return sign * paddle.where(
        inside, paddle.where(inside, share, paddle.ones_like(x)) ** (p - 1), paddle.zeros_like(x)
    )


@rule("dist")
def dist(x, y, p):
    difference = x - y
    with paddle.no_grad():
        value = native.dist(x.detach(), y.detach(), p)
    return _norm_known(difference, float(np.float32(p)), None, value)


@rule("l1_norm")
def l1_norm(x):
    return paddle.sum(paddle.abs(x))


@rule("squared_l2_norm")
def squared_l2_norm(x):
    return paddle.sum(paddle.square(x)).reshape([1])


@rule("renorm")
def renorm(x, p, axis, max_norm):
    """Slices of x along the axis, those with a larger norm made shorter."""
    if p <= 0 or math.isinf(p):
        raise NotTwiceDifferentiableError(f"renorm has derivatives for a positive, finite p, not for {p}")
    p, max_norm = float(np.float32(p)), float(np.float32(max_norm))
    others = [other for other in range(x.ndim) if other != axis % x.ndim]
    length = _norm(x, p, others)
    long = length > max_norm
    return x * paddle.where(
        long, max_norm / paddle.where(long, length, paddle.ones_like(length)), paddle.ones_like(length)
    )


def _norm(x, p, axes):
    with paddle.no_grad():
        values = x.detach()
        value = paddle.sum(paddle.abs(values) ** p, axes, keepdim=True)
        value = native.elementwise_pow(value, paddle.full([], 1 / p, x.dtype))  # a number is rounded to float32
    return _norm_known(x, p, axes, value)
