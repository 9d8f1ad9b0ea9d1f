"""How one stacked tensor holds the tensors of all tasks, and the ways from one form to another.

``TASKS``
    ``[T, *shape]``: one after the other.
``PLANES``
    ``[T, C, B, *S]`` for a shape of ``[B, C, *S]``: a task's channels before its examples, as convolutions with a
    weight a task make them and want them. What is done element by element, or plane by plane, leaves it.
``KERNEL``
    ``[T, O, h, w, C]`` for a convolution's weight, ``[O, C, h, w]``.
"""

from __future__ import annotations

import paddle

TASKS, PLANES, KERNEL = "tasks", "planes", "kernel"


def shape_in(form: str, stacked: list) -> list:
    """The shape of one task's tensor."""
    if form == TASKS:
        return stacked[1:]
    if form == PLANES:
        return [stacked[2], stacked[1], *stacked[3:]]
    return [stacked[1], stacked[4], stacked[2], stacked[3]]


def behind_tasks(axis: int, ndim: int) -> int:
    """Which axis of the stacked tensor, in the form ``TASKS``, is that one of a task's.

    Raises
    ------
    IndexError
        If a task's has no such axis; Paddle says so too, task by task.
    """
    if not -ndim <= axis < ndim:
        raise IndexError(f"there is no axis {axis} in a tensor of {ndim} axes")
    return axis % ndim + 1


def to_tasks(stacked, form: str):
    """From a form to ``TASKS``."""
    if form == TASKS:
        return stacked
    if form == PLANES:
        return paddle.transpose(stacked, [0, 2, 1, *range(3, stacked.ndim)])
    return paddle.transpose(stacked, [0, 1, 4, 2, 3])


def to_planes(stacked, form: str):
    """From a form to ``PLANES``, for shapes of three axes or more."""
    if form == PLANES:
        return stacked
    stacked = to_tasks(stacked, form)
    tasks, examples, channels, *rest = stacked.shape
    if channels == 1 or examples == 1:  # no element moves
        return paddle.reshape(stacked, [tasks, channels, examples, *rest])
    return paddle.transpose(stacked, [0, 2, 1, *range(3, stacked.ndim)])


def to_kernel(stacked, form: str):
    """From a form to ``KERNEL``, for shapes of four axes."""
    return stacked if form == KERNEL else paddle.transpose(to_tasks(stacked, form), [0, 1, 3, 4, 2])
