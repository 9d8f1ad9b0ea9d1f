"""Ops on images that only move or average elements: linear, and known by the kernels of the map and its transpose."""

from __future__ import annotations

import paddle

from .. import kernels
from ..kinds import linear_map
from ..registry import rule


def _kernels_of(op):
    return getattr(kernels.native, op), getattr(kernels.native, op + "_grad")


def _rearrangement(op):
    forward, transpose = _kernels_of(op)

    @rule(op)
    def rearranged(x, *options):
        return linear_map(x, lambda t: forward(t, *options), lambda g: transpose(g, *options))


def _average(op):
    forward, transpose = _kernels_of(op)

    @rule(op)
    def averaged(x, *options):
        values = x.detach()  # for its shape, which the kernel wants
        return linear_map(x, lambda t: forward(t, *options), lambda g: transpose(values, g, *options))


def _interpolation(op):
    forward, transpose = _kernels_of(op)

    @rule(op)
    def interpolated(x, size, size_of_axes, scale, *options):
        values, sizes = x.detach(), (size, size_of_axes, scale)
        return linear_map(x, lambda t: forward(t, *sizes, *options), lambda g: transpose(values, *sizes, g, *options))


@rule("linear_interp")
def linear_interp(x, size, size_of_axes, scale, layout, *options):
    """Paddle's own transpose puts all on the first element where there is a single result of several elements, from 3.3
    on."""
    axis = 1 if layout[-1] == "C" else 2
    values, last = x.detach(), x.shape[axis] - 1

    def interpolated(t):
        return kernels.native.linear_interp(t, size, size_of_axes, scale, layout, *options)

    def put_back(places, g):
        places = paddle.expand(places.astype("int64"), g.shape)
        return kernels.native.take_along_axis_grad(values, places, g, axis)

    def transposed(g):
        shape = [-1 if position == axis else 1 for position in range(3)]
        places = interpolated(paddle.arange(last + 1, dtype="float64").reshape(shape))
        low = paddle.clip(paddle.floor(places), max=last)
        share = (places - low).astype(g.dtype)
        return put_back(low, g * (1 - share)) + put_back(paddle.clip(low + 1, max=last), g * share)

    return linear_map(x, interpolated, transposed)


for _op in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "temporal_shift"):
    _rearrangement(_op)
for _op in ("affine_grid", "fold", "unfold"):
    _average(_op)
for _op in ("bilinear_interp", "trilinear_interp", "nearest_interp", "bicubic_interp"):
    _interpolation(_op)
if hasattr(kernels.native, "interp_antialias"):  # from Paddle 3.3 on
    _interpolation("interp_antialias")
