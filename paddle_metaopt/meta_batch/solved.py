"""From the support and query sets of a task to its meta-gradient."""

from __future__ import annotations

from functools import partial
from typing import Callable

import paddle

from ..meta_gradients import MetaGradient
from ..task import asked_for
from .episodes import loss_on


def solved(optimizer, net, support, query, loss_fn: Callable, inputs: list, **how) -> MetaGradient:
    """The query loss after adaptation, and its meta-gradient; `how` goes to ``optimizer.begin``."""
    learner = optimizer.begin(net, support, **how)
    try:
        learner.adapt(partial(loss_on, learner, support, loss_fn))
        return learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
    finally:
        learner.end()


def none_solved(optimizer, net, inputs: list) -> MetaGradient:
    """The sum over no tasks at all."""
    learner = optimizer.begin(net, tasks=0)
    learner.end()
    tensors = asked_for(learner.task, inputs)
    return MetaGradient(paddle.zeros([], tensors[0].dtype), tensors, [None] * len(tensors), learner.task.graph)
