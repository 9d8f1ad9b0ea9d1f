"""Convolutions in groups, transposed ones and those of volumes: with a weight for each task, tasks are groups too."""

from __future__ import annotations

from functools import partial

from ...double_grad import kernels
from ..batched import Batched, tasks_of
from ..registry import RULES, batches, below
from .folded import folded, unfolded


def _convolved(name, groups_at, layout_at, first, x, weight, *options):
    """``options[groups_at]`` is the number of groups; `first` is another rule, asked before this one."""
    if first is not None:
        found = first(x, weight, *options)
        if found is not NotImplemented:
            return found
    if options[layout_at] not in ("NCHW", "NCDHW", "AnyLayout"):
        return NotImplemented
    if type(weight) is not Batched:
        return unfolded(below[name](folded(x), weight, *options), x.stacked.shape[0])
    # [T, B, C, ...] as [B, T · C, ...], or [B, C, ...] for all; [T, O, C, ...] as [T · O, C, ...].
    weights = tasks_of(weight)
    tasks = weights.shape[0]
    if type(x) is Batched:
        stacked = tasks_of(x)
        order = [1, 0, *range(2, stacked.ndim)]
        images = below["transpose"](stacked, order).reshape([stacked.shape[1], -1, *stacked.shape[3:]])
    else:
        images = below["tile"](x, [1, tasks, *[1] * (x.ndim - 2)])
    options = [*options]
    options[groups_at] *= tasks
    y = below[name](images, weights.reshape([-1, *weights.shape[2:]]), *options)
    y = y.reshape([y.shape[0], tasks, -1, *y.shape[2:]])
    return Batched(below["transpose"](y, [1, 0, *range(2, y.ndim)]))


#: Where among the options the number of groups stands, and where the layout.
_PLACES = {
    "conv2d": (4, 5), "depthwise_conv2d": (3, 5), "conv3d": (3, 5), "conv2d_transpose": (5, 7),
    "depthwise_conv2d_transpose": (5, 7), "conv3d_transpose": (5, 7),
}  # fmt: skip

for _name, _places in _PLACES.items():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_convolved, _name, *_places, RULES.get(_name)))
