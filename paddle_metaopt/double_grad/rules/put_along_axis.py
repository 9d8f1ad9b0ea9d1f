"""put_along_axis and its reductions; scatter_add and scatter_reduce are the same op.

Paddle's own second derivative is for sums only, and its first derivative of a product divides by the values.
"""

from __future__ import annotations

import paddle

from ..kernels import native
from ..primitive import with_pullback
from ..registry import rule
from .indexing import Places, added, assigned


@rule("put_along_axis")
def put_along_axis(arr, indices, values, axis, reduce="assign", include_self=True):
    if values.shape != indices.shape:
        # Of values beyond the index, the kernel takes no notice.
        values = paddle.slice(values, list(range(values.ndim)), [0] * values.ndim, indices.shape)
    places = Places(
        arr.shape,
        lambda t, v: native.put_along_axis(t, indices, v, axis, "assign", True),
        lambda t: native_take(t, indices, axis),
    )

    def compute(reduce=reduce):
        return native.put_along_axis(arr, indices, values, axis, reduce, include_self)

    if reduce == "assign":
        return assigned(arr, values, places, compute)
    if reduce == "add":
        return added(arr, values, places, compute, include_self)
    if reduce == "mean":
        with paddle.no_grad():
            counts = paddle.clip(_sums(paddle.ones_like(values), arr, indices, axis) + float(include_self), min=1.0)
        return added(arr, values, places, lambda: compute("add"), include_self) / counts
    if reduce in ("mul", "multiply"):
        return _product(arr, indices, values, axis, include_self, places)
    return _extremum(arr, indices, values, axis, include_self, places, compute)


def native_take(t, indices, axis):
    return native.take_along_axis(t, indices, axis)


def _sums(values, like, indices, axis):
    """For each element of `like`, the sum of the values for it."""
    return native.put_along_axis(paddle.zeros(like.shape, values.dtype), indices, values, axis, "add", True)


def _product(arr, indices, values, axis, include_self, places):
    """One factor at a time, so that no value is divided by."""
    product = arr if include_self else paddle.where(places.written, paddle.ones_like(arr), arr)
    left = paddle.ones_like(indices, dtype="bool")
    while bool(left.any()):
        factors, stays = _one_factor_each(arr, indices, values, axis, left)
        product = product * factors
        left = paddle.logical_and(left, paddle.logical_not(stays))
    return product


def _one_factor_each(arr, indices, values, axis, left):
    """For each place one of its values that are `left`, or one if there is none; and which ones these are."""
    with paddle.no_grad():
        # The largest number among the values left: no two have the same.
        order = paddle.reshape(paddle.arange(1, values.size + 1), values.shape) * left.astype("int64")
        top = native.put_along_axis(paddle.zeros(arr.shape, "int64"), indices, order, axis, "amax", True)
        stays = paddle.logical_and(native_take(top, indices, axis) == order, left)

    def put(v):
        return _sums(paddle.where(stays, v, paddle.zeros_like(v)), arr, indices, axis)

    def pullback(g):
        picked = native_take(g, indices, axis)
        return [paddle.where(stays, picked, paddle.zeros_like(picked))]

    placed = with_pullback(lambda: put(values), [values], pullback)
    return paddle.where(top > 0, placed, paddle.ones_like(placed)), stays


def _extremum(arr, indices, values, axis, include_self, places, compute):
    """Shared equally among ties, as Paddle does."""
    with paddle.no_grad():
        value = compute()
        chosen = (values == native_take(value, indices, axis)).astype(value.dtype)
        own = (arr == value).astype(value.dtype)
        if not include_self:
            own = paddle.where(places.written, paddle.zeros_like(own), own)
        share = 1 / (own + _sums(chosen, arr, indices, axis))
        own_share, chosen_share = own * share, chosen * native_take(share, indices, axis)
    return with_pullback(
        value.detach, [arr, values], lambda g: [g * own_share, native_take(g, indices, axis) * chosen_share]
    )
