"""Ops that reduce axes, or work along one."""

from __future__ import annotations

from functools import partial

from ...double_grad import kernels
from ..batched import Batched, tasks_of
from ..registry import batches, below


def axes_behind_tasks(axis, ndim: int) -> list[int]:
    """The axes of the stacked tensor, in the form ``TASKS``, for those of one task's; all for None or none."""
    axes = [axis] if isinstance(axis, int) else list(axis or [])
    return [a % ndim + 1 for a in axes] or list(range(1, ndim + 1))


def _reduced(name, x, axis=None, keepdim=False, *args):
    if not x.ndim:
        return x if name in ("mean", "max", "min", "amax", "amin") else NotImplemented
    return Batched(below[name](tasks_of(x), axes_behind_tasks(axis, x.ndim), keepdim, *args))


for _name in ("mean", "max", "min", "amax", "amin", "logsumexp", "all", "any"):
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_reduced, _name))


@batches("mean_all")
def mean_all(x):
    stacked = x.stacked
    return Batched(below["mean"](stacked.reshape([stacked.shape[0], -1]), [1], False))


@batches("sum")
def sum_(x, axis=None, dtype=None, keepdim=False):
    if not x.ndim:
        return Batched(below["sum"](x.stacked.unsqueeze(1), [1], dtype, False))
    return Batched(below["sum"](tasks_of(x), axes_behind_tasks(axis, x.ndim), dtype, keepdim))


def _along(name, x, axis=-1, *args):
    if not isinstance(axis, int) or not x.ndim:
        return NotImplemented
    return Batched(below[name](tasks_of(x), axis % x.ndim + 1, *args))


for _name in ("softmax", "log_softmax"):
    batches(_name)(partial(_along, _name))
