"""The tasks of a meta-batch one after the other."""

from __future__ import annotations

from functools import partial
from typing import Callable

from ..meta_gradients import MetaGradient
from ..tensors import added
from .divergence import Divergence
from .solved import solved
from .task_streams import TaskStreams


def solved_one_by_one(
    optimizer, net, tasks: list, streams: TaskStreams, divergence: Divergence, loss_fn: Callable, inputs: list = (),
    score: Callable | None = None,
) -> MetaGradient | None:  # fmt: skip
    """The sum of the query losses, and of their meta-gradients, with the scores of the tasks; None if all were dropped.

    Each task's graph is freed before the next one begins, and the gradients are summed as they come: memory does not
    grow with the number of tasks.

    Parameters
    ----------
    optimizer : MetaOptimizer
        Begins the tasks.
    net : Layer
    tasks : list of tuple
        The number in the meta-batch, and ``((x, y), (x, y))``, of each task.
    streams : TaskStreams
    divergence : Divergence
    loss_fn : callable
    inputs : list of Tensor
        Leaf tensors outside the net that should get a gradient too, be they in the optimizer or not.
    score : callable, optional
        ``score(net_output, y)`` of a task's query set.
    """
    total = None
    for number, part in tasks:
        with divergence.of(number) as accept:
            how = partial(solved, optimizer, net, part, loss_fn, inputs, [number], score, accept)
            total = added(total, streams.alone(number, how))
    return total
