"""An op that has no batching rule: for one task after the other, exact by construction."""

from __future__ import annotations

from typing import Any, Callable

import paddle

from ..double_grad.kernels import in_one_piece
from ..tensors import rebuilt
from .batched import Batched, CannotBatch, stacked, tasks_of
from .streams import for_each


def count_of(values) -> int | None:
    """How many tasks there are, by the first `Batched` among values and lists of them."""
    for value in values:
        if type(value) is Batched:
            return value.stacked.shape[0]
        if isinstance(value, (list, tuple)):
            found = count_of(value)
            if found is not None:
                return found
    return None


def task_by_task(function: Callable, args: tuple, kwargs: dict) -> Any:
    """``function(*args, **kwargs)`` for each task, and what it returned stacked again.

    Raises
    ------
    CannotBatch
        If the tasks' results differ in anything but the values of tensors.
    """
    tasks = count_of((*args, *kwargs.values()))
    parts: dict[int, list] = {}

    def of_task(value, task):
        if type(value) is Batched:
            if id(value) not in parts:
                parts[id(value)] = paddle.unbind(in_one_piece(tasks_of(value)), 0)  # as a task by itself has it
            return parts[id(value)][task]
        if isinstance(value, (list, tuple)):
            return rebuilt(value, [of_task(entry, task) for entry in value])
        if isinstance(value, slice):
            return slice(*(of_task(part, task) for part in (value.start, value.stop, value.step)))
        return value

    shared = [value for value in (*args, *kwargs.values()) if isinstance(value, paddle.Tensor)]
    versions = [value.inplace_version for value in shared]
    results = for_each(
        lambda task: function(*[of_task(a, task) for a in args], **{k: of_task(a, task) for k, a in kwargs.items()}),
        tasks,
    )
    if any(value.inplace_version != version for value, version in zip(shared, versions)):
        raise CannotBatch(f"{getattr(function, '__name__', 'a function')!r}, which changes what it is given")
    return stacked_again(results)


def by_rule(rule: Callable, function: Callable, args: tuple, kwargs: dict, may_raise: bool = False) -> Any:
    """``function(*args, **kwargs)`` for all tasks at once by a batching rule; for one task after the other where it has
    none, ``NotImplemented``, or an operand is empty, or they are refused and it may not raise: one more axis can be too
    many, and where a task by itself is refused too, that is the error to be seen."""
    try:
        found = NotImplemented if any(map(_is_empty, args)) else rule(*args, **kwargs)
    except CannotBatch:
        raise
    except _REFUSALS:
        if may_raise:
            raise
        found = NotImplemented
    return task_by_task(function, args, kwargs) if found is NotImplemented else found


def _is_empty(value) -> bool:
    return type(value) is Batched and not value.stacked.size


#: As Python and Paddle refuse operands.
_REFUSALS = (IndexError, NotImplementedError, RuntimeError, TypeError, ValueError)


def stacked_again(results: list) -> Any:
    """One nest of `Batched` from a nest of Tensors for each task."""
    first = results[0]
    if isinstance(first, paddle.Tensor):
        if not first._is_initialized():  # what the op was not asked for
            return first
        if any(result.shape != first.shape for result in results):
            raise CannotBatch("a result whose shape differs from task to task")
        return stacked(results)
    if isinstance(first, (list, tuple)):
        if any(len(result) != len(first) for result in results):
            raise CannotBatch("a result whose length differs from task to task")
        return rebuilt(first, [stacked_again(list(parts)) for parts in zip(*results)])
    if any(result is not first and result != first for result in results):
        raise CannotBatch("a result that differs from task to task")
    return first
