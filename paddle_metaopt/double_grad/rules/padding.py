"""Padding and cropping: each is the other's transpose."""

from __future__ import annotations

from .. import kernels
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import rule


@rule("pad")
def pad(x, paddings, value):
    return _padded(x, kernels.native.pad, kernels.native.pad_grad, [paddings, value], where=1)


@rule("pad3d")
def pad3d(x, paddings, mode, value, data_format):
    return _padded(x, kernels.native.pad3d, kernels.native.pad3d_grad, [paddings, mode, value, data_format], where=2)


def _padded(x, forward, gradient, options, where):
    """Linear but for the constant value, ``options[where]``."""
    values = x.detach()  # for its shape, which the kernel wants
    with_zeros = [*options[:where], 0.0, *options[where + 1 :]]

    def crop(g):
        return gradient(values, g, *with_zeros)

    def pad_zeros(t):
        return forward(t, *with_zeros)

    return with_pullback(lambda: forward(x, *options), [x], lambda g: [linear_map(g, crop, pad_zeros)])


@rule("crop")
def crop(x, shape, offsets):
    values = x.detach()
    return linear_map(
        x,
        lambda t: kernels.native.crop(t, shape, offsets),
        lambda g: kernels.native.crop_grad(values, g, offsets),
    )
