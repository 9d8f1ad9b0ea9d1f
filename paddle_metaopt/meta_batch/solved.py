"""From the support and query sets of a task to its meta-gradient."""

from __future__ import annotations

from functools import partial
from typing import Callable

from ..meta_gradients import MetaGradient
from .episodes import loss_on


def solved(
    optimizer, net, support, query, loss_fn: Callable, inputs: list, accept: Callable = lambda found: None, **how
) -> MetaGradient:
    """The query loss after adaptation, and its meta-gradient; `how` goes to ``optimizer.begin``.

    ``accept(found)`` is called before the task ends. Where something raised an error, nothing remains of its buffers.
    """
    learner = optimizer.begin(net, support, **how)
    accepted = False
    try:
        learner.adapt(partial(loss_on, learner, support, loss_fn))
        found = learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
        accept(found)
        accepted = True
        return found
    finally:
        learner.end(forget=not accepted)
