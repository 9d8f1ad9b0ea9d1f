"""Looking up by index: rows of a table, elements along an axis, classes."""

from __future__ import annotations

import paddle

from ..batched import Batched, tasks_of
from ..forms import behind_tasks
from ..registry import batches, below
from .folded import unfolded
from .shape import for_each_task


@batches("embedding")
def embedding(index, weight, padding_index=-1, sparse=False):
    """A table for each task is one table, in which each task's rows follow on the last one's."""
    if type(weight) is not Batched:
        return Batched(below["embedding"](tasks_of(index), weight, padding_index, sparse))
    tables = tasks_of(weight)
    tasks, rows, width = tables.shape
    index = for_each_task(index, tasks)
    moved = _in_one_table(index, rows)
    if padding_index != -1:  # what is to be zero lies behind all tables
        moved = paddle.where(index == padding_index, paddle.full_like(moved, tasks * rows), moved)
        padding_index = tasks * rows
    return Batched(below["embedding"](moved, tables.reshape([-1, width]), padding_index, sparse))


def _in_one_table(index, rows):
    """The index in a table in which each task's rows follow on the last one's; beyond all where it is beyond its own
    task's, for Paddle to refuse it."""
    tasks = index.shape[0]
    first = (paddle.arange(tasks, dtype=index.dtype) * rows).reshape([tasks, *[1] * (index.ndim - 1)])
    beyond = (index >= rows).astype(index.dtype) - (index < 0).astype(index.dtype)
    return index + paddle.where(beyond == 0, first, beyond * (tasks * rows))


def _gathered(name, x, index, axis):
    if not isinstance(axis, int) or not x.ndim:
        return NotImplemented
    axis = behind_tasks(axis, x.ndim) - 1
    if type(index) is not Batched:
        return Batched(below[name](tasks_of(x), index, axis + 1))
    if axis or index.ndim > 1 or (index.ndim == 1 and not index.size):
        return NotImplemented
    where = tasks_of(index)
    if type(x) is Batched:
        stacked = tasks_of(x)
        where = _in_one_table(paddle.where(where < 0, where + stacked.shape[1], where), stacked.shape[1])
        x = stacked.reshape([-1, *stacked.shape[2:]])
    found = below[name](x, where.reshape([-1]), 0)
    return Batched(found.reshape([*where.shape, *found.shape[1:]]))


@batches("gather")
def gather(x, index, axis=0):
    return _gathered("gather", x, index, axis)


@batches("index_select")
def index_select(x, index, axis=0):
    return _gathered("index_select", x, index, axis)


@batches("gather_nd")
def gather_nd(x, index):
    if type(x) is Batched or type(index) is not Batched:
        return NotImplemented
    return Batched(below["gather_nd"](x, tasks_of(index)))


@batches("take_along_axis")
def take_along_axis(x, index, axis):
    if not isinstance(axis, int) or not x.ndim or x.ndim != index.ndim:
        return NotImplemented
    of_x, of_index = list(x.shape), list(index.shape)
    of_x[axis] = of_index[axis] = 0
    if of_x != of_index:  # fewer rows: wrong before Paddle 3.3, from three axes on
        return NotImplemented
    tasks = (x if type(x) is Batched else index).stacked.shape[0]
    return Batched(
        below["take_along_axis"](for_each_task(x, tasks), for_each_task(index, tasks), behind_tasks(axis, x.ndim))
    )


@batches("index_sample")
def index_sample(x, index):
    tasks = (x if type(x) is Batched else index).stacked.shape[0]
    x, index = (for_each_task(t, tasks).reshape([-1, t.shape[1]]) for t in (x, index))
    return unfolded(below["index_sample"](x, index), tasks)


@batches("one_hot")
def one_hot(x, classes):
    return NotImplemented if type(classes) is Batched else Batched(below["one_hot"](tasks_of(x), classes))
