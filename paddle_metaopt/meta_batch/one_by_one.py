"""The tasks of a meta-batch one after the other."""

from __future__ import annotations

from typing import Callable

from ..meta_gradients import MetaGradient
from .solved import solved


def solved_one_by_one(
    optimizer, net, parts: list, loss_fn: Callable, inputs: list = (), score: Callable | None = None
) -> MetaGradient:
    """The sum of the query losses, and of their meta-gradients, with the scores of the tasks.

    Each task's graph is freed before the next one begins, and the gradients are summed as they come: memory does not
    grow with the number of tasks.

    Parameters
    ----------
    optimizer : MetaOptimizer
        Begins the tasks.
    net : Layer
    parts : iterable
        ``((x, y), (x, y))`` of each task.
    loss_fn : callable
    inputs : list of Tensor
        Leaf tensors outside the net and the optimizer that should get a gradient too.
    score : callable, optional
        ``score(net_output, y)`` of a task's query set.
    """
    total = None
    for support, query in parts:
        found = solved(optimizer, net, support, query, loss_fn, inputs, score)
        total = found if total is None else total + found
    return total
