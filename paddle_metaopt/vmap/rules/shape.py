"""Ops that arrange elements anew."""

from __future__ import annotations

import math

import paddle

from ...double_grad import kernels, linear_map
from ...double_grad.rules.shape import axes_in
from ..batched import Batched, tasks_of
from ..forms import PLANES, behind_tasks
from ..registry import batches, below
from ..task_by_task import count_of
from .reduction import axes_behind_tasks


@batches("reshape")
def reshape(x, shape):
    if not all(isinstance(size, int) for size in shape):
        return NotImplemented
    own = x.shape
    shape = [own[position] if size == 0 else size for position, size in enumerate(shape)]
    stacked = tasks_of(x)
    return Batched(below["reshape"](stacked, [stacked.shape[0], *shape]))


@batches("flatten")
def flatten(x, start_axis=0, stop_axis=-1):
    if not x.ndim:
        return reshape(x, [1])
    start, stop = start_axis % x.ndim, stop_axis % x.ndim
    shape = x.shape
    return reshape(x, [*shape[:start], math.prod(shape[start : stop + 1]), *shape[stop + 1 :]])


@batches("transpose")
def transpose(x, perm):
    if not isinstance(perm, (list, tuple)):
        return NotImplemented
    order = [0, *(behind_tasks(axis, x.ndim) for axis in perm)]
    if order[-1] == x.ndim and order != sorted(order):
        return Batched(_rows_transposed(tasks_of(x), order))
    return Batched(below["transpose"](tasks_of(x), order))


def _rows_transposed(x, order):
    back = sorted(range(len(order)), key=order.__getitem__)
    return linear_map(x, lambda t: kernels.transposed(t, order), lambda g: kernels.transposed(g, back))


@batches("unsqueeze")
def unsqueeze(x, axis):
    axes = [behind_tasks(a, x.ndim + count) for count, a in enumerate(axes_in(axis), 1)]
    return Batched(below["unsqueeze"](tasks_of(x), axes))


@batches("squeeze")
def squeeze(x, axis=()):
    axes = [a for a in axes_behind_tasks(axis, x.ndim) if x.shape[a - 1] == 1]
    return Batched(below["squeeze"](tasks_of(x), axes)) if axes else x


def for_each_task(tensor, tasks: int):
    """A tensor that all tasks share, stacked."""
    if type(tensor) is Batched:
        return tasks_of(tensor)
    return paddle.expand(tensor.unsqueeze(0), [tasks, *tensor.shape])


@batches("concat")
def concat(tensors, axis=0):
    if not isinstance(axis, int) or not isinstance(tensors, (list, tuple)):
        return NotImplemented
    tasks, ndim = count_of([tensors]), tensors[0].ndim
    axis = behind_tasks(axis, ndim)
    if all(type(x) is Batched and x.form == PLANES for x in tensors):
        in_planes = {1: 2, 2: 1}.get(axis, axis)
        return Batched(below["concat"]([x.stacked for x in tensors], in_planes), PLANES)
    return Batched(below["concat"]([for_each_task(x, tasks) for x in tensors], axis))


@batches("stack")
def stack(tensors, axis=0):
    if not isinstance(tensors, (list, tuple)):
        return NotImplemented
    tasks, ndim = count_of([tensors]), tensors[0].ndim + 1
    return Batched(below["stack"]([for_each_task(x, tasks) for x in tensors], behind_tasks(axis, ndim)))


@batches("expand")
def expand(x, shape):
    if not all(isinstance(size, int) for size in shape):
        return NotImplemented
    stacked = tasks_of(x)
    missing = len(shape) - x.ndim
    if missing:
        stacked = stacked.reshape([stacked.shape[0], *[1] * missing, *stacked.shape[1:]])
    return Batched(below["expand"](stacked, [stacked.shape[0], *shape]))


@batches("split")
def split(x, sections, axis=0):
    if not isinstance(axis, int):
        return NotImplemented
    return [Batched(part) for part in below["split"](tasks_of(x), sections, behind_tasks(axis, x.ndim))]


@batches("split_with_num")
def split_with_num(x, num, axis=0):
    if not isinstance(axis, int):
        return NotImplemented
    return [Batched(part) for part in below["split_with_num"](tasks_of(x), num, behind_tasks(axis, x.ndim))]


@batches("unbind")
def unbind(x, axis=0):
    return [Batched(part) for part in below["unbind"](tasks_of(x), behind_tasks(axis, x.ndim))]


@batches("slice")
def slice_(x, axes, starts, ends, infer_flags, decrease_axis):
    behind = [behind_tasks(axis, x.ndim) for axis in axes]
    decrease = [axis + 1 for axis in decrease_axis]
    return Batched(below["slice"](tasks_of(x), behind, starts, ends, infer_flags, decrease))
