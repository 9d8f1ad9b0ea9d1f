"""Ops on each example by itself: the examples of all tasks as one batch.

Whatever else the op takes is the same for all tasks; where it is not, the op runs task by task.
"""

from __future__ import annotations

from functools import partial

from ...double_grad import kernels
from ...tensors import rebuilt
from ..batched import Batched, tasks_of
from ..entrances import has_batched
from ..registry import batches, below

_ON_BATCHES = (
    "bicubic_interp bilinear_interp channel_shuffle fold linear_interp lp_pool2d max_pool2d_with_index "
    "max_pool3d_with_index maxout nearest_interp pad3d pixel_shuffle pixel_unshuffle pool3d trilinear_interp unfold"
)


def folded(x):
    """``[T · B, ...]`` of a `Batched` of ``[B, ...]``."""
    stacked = tasks_of(x)
    return stacked.reshape([-1, *stacked.shape[2:]])


def unfolded(y, tasks: int):
    """The way back, of each Tensor in a nest of results."""
    if isinstance(y, (list, tuple)):
        return rebuilt(y, [unfolded(part, tasks) for part in y])
    if y is None:
        return y
    return Batched(y.reshape([tasks, y.shape[0] // tasks, *y.shape[1:]]))


def _on_batches(name, x, *args, **kwargs):
    if type(x) is not Batched or x.ndim < 2 or has_batched(args, kwargs) or not x.size:
        return NotImplemented
    if name == "maxout" and args[-1] % x.ndim == 0:
        return NotImplemented
    return unfolded(below[name](folded(x), *args, **kwargs), x.stacked.shape[0])


for _name in _ON_BATCHES.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_on_batches, _name))
