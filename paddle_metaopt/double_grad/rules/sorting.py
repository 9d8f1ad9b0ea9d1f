"""What picks elements by rank: linear, with the picked places fixed."""

from __future__ import annotations

import paddle

from .. import kernels
from ..kernels import native
from ..kinds import linear_map
from ..registry import rule
from .reduction import reduced_axes, squeezed


def picked(x, index, axis, value):
    """`value`, the elements of x at `index` along `axis`."""
    if x.ndim == 0:
        return paddle.assign(x)
    values, axis = x.detach(), axis % x.ndim
    return linear_map(
        x,
        lambda t: native.take_along_axis(t, index, axis),
        lambda g: native.take_along_axis_grad(values, index, g, axis),
        value=value,
    )


@rule("argsort")
def argsort(x, axis=-1, descending=False, stable=False):
    with paddle.no_grad():
        value, index = native.argsort(x.detach(), axis, descending, stable)
    return picked(x, index, axis, value), index


@rule("topk")
def topk(x, k=1, axis=-1, largest=True, sorted=True):
    with paddle.no_grad():
        value, index = native.topk(x.detach(), k, axis, largest, sorted)
    return picked(x, index, axis, value), index


@rule("cummax")
def cummax(x, axis=-1, dtype=paddle.int64):
    with paddle.no_grad():
        value, index = native.cummax(x.detach(), axis, dtype)
    return picked(x, index, axis, value), index


@rule("cummin")
def cummin(x, axis=-1, dtype=paddle.int64):
    with paddle.no_grad():
        value, index = native.cummin(x.detach(), axis, dtype)
    return picked(x, index, axis, value), index


@rule("kthvalue")
def kthvalue(x, k=1, axis=-1, keepdim=False):
    with paddle.no_grad():
        value, index = native.kthvalue(x.detach(), k, axis, True)
    return _one(x, index, axis, keepdim, value)


@rule("mode")
def mode(x, axis=-1, keepdim=False):
    with paddle.no_grad():
        value, index = native.mode(x.detach(), axis, True)
    return _one(x, index, axis, keepdim, value)


def _one(x, index, axis, keepdim, value):
    axes = [axis % x.ndim] if x.ndim else []
    return squeezed(picked(x, index, axis, value), axes, keepdim), squeezed(index, axes, keepdim)


def _median(op):
    @rule(op)
    def median(x, axis=None, keepdim=True, mode="avg"):
        axes, values = reduced_axes(axis, x.ndim), x.detach()
        with paddle.no_grad():
            value, places = getattr(native, op)(values, axes, True, mode)
        known = (value, places) if _GRADIENT_TAKES_MEDIAN else (places,)

        def put_back(g):
            return getattr(native, op + "_grad")(values, *known, g, axes, True, mode)

        def pick(t):
            # Each element goes into one median, and ties are weighted as Paddle weights them.
            return paddle.sum(t * put_back(paddle.ones_like(value)), axes, keepdim=True)

        reduced = linear_map(x, pick, put_back, value=value)
        return squeezed(reduced, axes, keepdim), squeezed(places, axes, keepdim)


#: Since there is a kernel for the median too.
_GRADIENT_TAKES_MEDIAN = hasattr(kernels.TABLE, "median")

for _op in ("median", "nanmedian"):
    if hasattr(kernels.TABLE, _op):
        _median(_op)


def _extremum_with_index(op):
    @rule(op)
    def extremum(x, dim, keepdim=False, flatten=False):
        if flatten:
            x, dim = paddle.reshape(x, [-1]), 0
        with paddle.no_grad():
            value, index = getattr(native, op)(x.detach(), dim, True, False)
        return _one(x, index, int(dim), keepdim, value)


for _op in ("max_with_index", "min_with_index"):
    if hasattr(kernels.TABLE, _op):
        _extremum_with_index(_op)
