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
    optimizer, net, part, loss_fn: Callable, inputs: list, numbers: list, score: Callable | None = None,
    accept: Callable = lambda found: None, tasks: int | None = None,
) -> MetaGradient:  # fmt: skip
    """The query loss after adaptation, and its meta-gradient, with the scores of the tasks of these `numbers` if there
    is a function for them.

    ``accept(found)`` is called before the scores are asked for, whose function may keep what it sees. Where something
    raised an error, nothing remains of the task's buffers.
    """
    support, query = part
    learner = optimizer.begin(net, support, tasks=tasks, by_solve=True)
    accepted = False
    try:
        learner.adapt(partial(loss_on, learner, support, loss_fn))
        asked = partial(loss_on, learner, query, loss_fn) if score is None else ScoredQuery(learner, query, loss_fn)
        found = learner.solve(asked, inputs)
        accept(found)
        if score is not None:
            found = replace(found, scores=dict(zip(numbers, asked.scores(score, tasks))))
        accepted = True
        return found
    finally:
        learner.end(forget=not accepted)


def none_solved(optimizer, net, inputs: list) -> MetaGradient:
    """The sum over no tasks at all."""
    learner = optimizer.begin(net, plan=replace(optimizer.plan, begin=None))  # there is no support set
    learner.end()
    tensors = asked_for(learner.task, inputs)
    return MetaGradient(paddle.zeros([], tensors[0].dtype), tensors, [None] * len(tensors), learner.task.graph)
