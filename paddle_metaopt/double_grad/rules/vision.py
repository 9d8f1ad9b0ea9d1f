"""Ops on images that only move or average elements: linear, and known by the kernels of the map and its transpose."""

from __future__ import annotations

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


for _op in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "temporal_shift"):
    _rearrangement(_op)
for _op in ("affine_grid", "fold", "unfold"):
    _average(_op)
for _op in ("linear_interp", "bilinear_interp", "trilinear_interp", "nearest_interp", "bicubic_interp"):
    _interpolation(_op)
if hasattr(kernels.native, "interp_antialias"):  # from Paddle 3.3 on
    _interpolation("interp_antialias")
