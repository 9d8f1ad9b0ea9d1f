"""Reductions and their running forms.

Products are taken in pairs and never divided, so that zeros are nothing special; Paddle's first derivative of a
product that has a zero is NaN.
"""

from __future__ import annotations

import paddle

from .. import kernels
from ..kernels import native
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import natively_exact, replaces, rule
from .shape import axes_in, sum_to

natively_exact("Mean", "Sum")


def reduced_axes(axis, ndim) -> list[int]:
    axes = axes_in(axis)
    if not axes:
        return list(range(ndim))
    return [a % ndim for a in axes] if ndim else []


def squeezed(tensor, axes, keepdim):
    return tensor if keepdim or not axes else paddle.squeeze(tensor, axes)


def _extremum(op):
    @rule(op)
    def extremum(x, axis=None, keepdim=False):
        axes, values = reduced_axes(axis, x.ndim), x.detach()
        with paddle.no_grad():
            value = getattr(native, op)(values, axes, True)

        def shares():
            # As Paddle's own kernel has them, which is 100 times slower.
            ties = (values == value).astype(x.dtype)
            return ties / paddle.sum(ties, axes, keepdim=True)

        reduced = linear_map(
            x, lambda t: paddle.sum(t * shares(), axes, keepdim=True), lambda g: g * shares(), value=value
        )
        return squeezed(reduced, axes, keepdim)


for _op in ("max", "min", "amax", "amin"):
    _extremum(_op)


@rule("mean_all")
def mean_all(x):
    return paddle.mean(x)


if hasattr(kernels.TABLE, "nansum"):

    @rule("nansum")
    def nansum(x, axis=None, dtype=None, keepdim=False):
        return paddle.sum(paddle.where(paddle.isnan(x), paddle.zeros_like(x), x), axis, dtype, keepdim)


@rule("reduce_as")
def reduce_as(x, target):
    return sum_to(x, target.shape)


@rule("logsumexp")
def logsumexp(x, axis=None, keepdim=False, reduce_all=False):
    axes = reduced_axes(None if reduce_all else axis, x.ndim)
    with paddle.no_grad():
        value = native.logsumexp(x.detach(), axes, True, len(axes) == x.ndim)
    return squeezed(_logsumexp_known(x, value), axes, keepdim)


def _logsumexp_known(x, value):
    """By its value, the reduced axes kept."""
    return with_pullback(value.detach, [x], lambda g: [g * paddle.exp(x - _logsumexp_known(x, value))])


@rule("prod")
def prod(x, axis=None, keepdim=False, reduce_all=False):
    axes = reduced_axes(None if reduce_all else axis, x.ndim)
    if x.size == 0:
        with paddle.no_grad():
            return native.prod(x, axes, keepdim, len(axes) == x.ndim)
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    factors = paddle.reshape(paddle.transpose(x, kept + axes), [x.shape[axis] for axis in kept] + [-1])
    while factors.shape[-1] > 1:
        count = factors.shape[-1]
        pairs = _along(factors, -1, 0, count // 2) * _along(factors, -1, count // 2, 2 * (count // 2))
        factors = paddle.concat([pairs, _along(factors, -1, count - 1, count)], -1) if count % 2 else pairs
    shape = [1 if axis in axes else size for axis, size in enumerate(x.shape)] if keepdim else factors.shape[:-1]
    return paddle.reshape(factors, shape)


@rule("cumsum")
def cumsum(x, axis=-1, flatten=False, exclusive=False, reverse=False):
    if flatten:
        x, axis = paddle.reshape(x, [-1]), 0
    return linear_map(
        x,
        lambda t: native.cumsum(t, axis, False, exclusive, reverse),
        lambda g: native.cumsum(g, axis, False, exclusive, not reverse),
    )


@rule("cumprod")
def cumprod(x, dim, exclusive=False, reverse=False):
    return _scan(x, dim, paddle.multiply)


_native_vander = paddle.vander


@replaces(paddle, "vander")
@replaces(paddle.Tensor, "vander")
def vander(x, n=None, increasing=False, name=None):
    """Paddle's writes the powers into a tensor in place."""
    n = x.shape[0] if n is None else n
    if n < 2:
        return _native_vander(x, n, increasing)
    columns = paddle.expand(paddle.unsqueeze(x, 1), [x.shape[0], n - 1])
    powers = paddle.concat([paddle.ones([x.shape[0], 1], x.dtype), paddle.cumprod(columns, 1)], 1)
    return powers if increasing else paddle.flip(powers, [1])


@rule("logcumsumexp")
def logcumsumexp(x, axis=-1, flatten=False, exclusive=False, reverse=False):
    if flatten:
        x, axis = paddle.reshape(x, [-1]), 0
    return _scan(x, axis, _logaddexp)


def _scan(x, axis, combine):
    """Running results of an associative operation, in log2(n) steps of twice the reach."""
    if x.ndim == 0:
        return paddle.assign(x)
    count, reach = x.shape[axis], 1
    while reach < count:
        later = combine(_along(x, axis, 0, count - reach), _along(x, axis, reach, count))
        x = paddle.concat([_along(x, axis, 0, reach), later], axis)
        reach *= 2
    return x


def _logaddexp(x, y):
    with paddle.no_grad():
        largest = paddle.maximum(x.detach(), y.detach())
        endless = paddle.isinf(largest)
        finite = paddle.where(endless, paddle.zeros_like(largest), largest)
    x, y = (paddle.where(endless, finite, t) for t in (x, y))
    sums = finite + paddle.log(paddle.exp(x - finite) + paddle.exp(y - finite))
    return paddle.where(endless, largest, sums)


def _along(x, axis, start, end):
    return paddle.slice(x, [axis % x.ndim], [start], [end])
