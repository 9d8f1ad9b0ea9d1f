"""From the support and query sets of a task to its meta-gradient."""

from __future__ import annotations

from functools import partial
from typing import Callable

from ..meta_gradients import MetaGradient
from .episodes import loss_on


def solved(optimizer, net, support, query, loss_fn: Callable, inputs: list, **how) -> MetaGradient:
    """The query loss after adaptation, and its meta-gradient; `how` goes to ``optimizer.begin``."""
    learner = optimizer.begin(net, support, by_solve=True, **how)
    try:
        learner.adapt(partial(loss_on, learner, support, loss_fn))
        return learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
    finally:
        learner.end()
