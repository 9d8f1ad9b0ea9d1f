"""The tasks of a meta-batch as one program."""

from __future__ import annotations

from math import ceil
from typing import Callable

import paddle

from ..meta_gradients import MetaGradient
from ..vmap import batching, for_all_tasks
from .divergence import Divergence
from .solved import solved
from .task_streams import TaskStreams


def solved_together(
    optimizer, net, tasks: list, streams: TaskStreams, accept: Callable, divergence: Divergence, loss_fn: Callable,
    inputs: list = (), score: Callable | None = None,
) -> MetaGradient:  # fmt: skip
    """As `solved_one_by_one`, for episodes of equal shapes at once; ``accept()`` is called before they end.

    Raises
    ------
    CannotBatch
        If something was done that can't be done for all tasks at once.
    DivergedTogether
        If a task diverged, and is not to be kept.
    """

    def accepted(found):
        accept()
        divergence.judge_together(found)

    numbers, parts = zip(*tasks)
    with streams.of(numbers) as own, batching(len(parts), own):
        part = for_all_tasks(parts)
        return solved(optimizer, net, part, loss_fn, inputs, numbers, score, accepted, tasks=len(parts))


def in_groups(tasks: list, tasks_at_once: int | None, adapt_steps: int, in_order: bool = False) -> list[list]:
    """The tasks, each a number and its parts, that can run together: of equal shapes, and no more than are to be at
    once, evenly; where their order counts, only those that follow each other."""
    groups: dict = {}
    before, run = None, 0
    for number, part in tasks:
        shapes = _shapes(part)
        run += shapes != before
        before = shapes
        groups.setdefault((shapes, run if in_order else 0), []).append((number, part))
    cut = []
    for group in groups.values():
        most = tasks_at_once or most_at_once(group[0][1], adapt_steps)
        parts = ceil(len(group) / most)
        bounds = [len(group) * number // parts for number in range(parts + 1)]
        cut += [group[first:end] for first, end in zip(bounds, bounds[1:])]
    return cut


def _shapes(nested):
    if isinstance(nested, paddle.Tensor):
        return (*nested.shape, str(nested.dtype))
    if isinstance(nested, dict):
        return tuple((key, _shapes(value)) for key, value in nested.items())
    if isinstance(nested, (list, tuple)):
        return tuple(map(_shapes, nested))
    return id(nested)


#: So many numbers of inputs, each counted for every time the net is run on it, are about what fits into memory at once
#: with all that the nets of the papers make of them (2 GB). Fixed, for a run must resume bit for bit.
_INPUTS_AT_ONCE = 1_500_000


def most_at_once(part, adapt_steps: int) -> int:
    """How many tasks of this one's size run together."""
    (support, _), (query, _) = part
    numbers = adapt_steps * _size(support) + _size(query)
    return max(2, _INPUTS_AT_ONCE // max(numbers, 1))


def _size(nested) -> int:
    return sum(x.size for x in paddle.utils.flatten([nested]) if isinstance(x, paddle.Tensor))
