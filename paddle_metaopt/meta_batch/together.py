"""The tasks of a meta-batch as one program."""

from __future__ import annotations

from functools import partial

from ..meta_gradients import MetaGradient
from ..vmap import batching, for_all_tasks
from .episodes import loss_on


def solved_together(optimizer, net, parts: list, loss_fn, inputs=()) -> MetaGradient:
    """The sum of the query losses, and of their meta-gradients, of episodes of equal shapes."""
    support, query = for_all_tasks(parts)
    with batching():
        learner = optimizer.begin(net, support, tasks=len(parts))
        try:
            learner.adapt(partial(loss_on, learner, support, loss_fn))
            return learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
        finally:
            learner.end()
