"""Pooling, plane by plane."""

from __future__ import annotations

from ..batched import Batched
from ..registry import batches, below


@batches("pool2d")
def pool2d(x, *options):
    layout = options[5]
    if layout != "NCHW" or type(x) is not Batched:
        return NotImplemented
    shape = x.stacked.shape
    y = below["pool2d"](x.stacked.reshape([shape[0] * shape[1], *shape[2:]]), *options)
    return Batched(y.reshape([*shape[:2], *y.shape[1:]]), x.form)
