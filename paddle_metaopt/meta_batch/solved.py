"""From the support and query sets of a task to its meta-gradient."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Callable

import paddle

from ..meta_gradients import MetaGradient
from ..task import asked_for
from .episodes import loss_on
from .scores import ScoredQuery


def solved(
    optimizer, net, support, query, loss_fn: Callable, inputs: list, score: Callable | None = None,
    tasks: int | None = None,
) -> MetaGradient:  # fmt: skip
    """The query loss after adaptation, and its meta-gradient, with the scores of the tasks if there is a function for
    them."""
    learner = optimizer.begin(net, support, tasks=tasks)
    try:
        learner.adapt(partial(loss_on, learner, support, loss_fn))
        if score is None:
            return learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
        scored = ScoredQuery(learner, query, loss_fn)
        return replace(learner.solve(scored, inputs), scores=scored.scores(score, tasks))
    finally:
        learner.end()


def none_solved(optimizer, net, inputs: list) -> MetaGradient:
    """The sum over no tasks at all."""
    learner = optimizer.begin(net, tasks=0)
    learner.end()
    tensors = asked_for(learner.task, inputs)
    return MetaGradient(paddle.zeros([], tensors[0].dtype), tensors, [None] * len(tensors), learner.task.graph)
