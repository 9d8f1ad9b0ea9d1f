"""Pooling, plane by plane."""

from __future__ import annotations

from ..batched import Batched, tasks_of
from ..forms import KERNEL, TASKS
from ..registry import batches, below


@batches("pool2d")
def pool2d(x, *options):
    layout = options[5]
    if layout != "NCHW" or type(x) is not Batched:
        return NotImplemented
    stacked, form = (tasks_of(x), TASKS) if x.form == KERNEL else (x.stacked, x.form)
    shape = stacked.shape
    y = below["pool2d"](stacked.reshape([shape[0] * shape[1], *shape[2:]]), *options)
    return Batched(y.reshape([*shape[:2], *y.shape[1:]]), form)
