"""The tasks of a meta-batch one after the other."""

from __future__ import annotations

from functools import partial
from typing import Callable

from ..double_grad.scope import patches_kept
from ..meta_gradients import MetaGradient
from .episodes import each_of, episode_parts, loss_on


def solved_one_by_one(optimizer, net, episodes, loss_fn: Callable, inputs: list = ()) -> MetaGradient:
    """The mean query loss of the episodes, and its meta-gradient.

    Each task's graph is freed before the next one begins, and the gradients are summed as they come: memory does not
    grow with the meta-batch.

    Parameters
    ----------
    optimizer : MetaOptimizer
        Begins the tasks.
    net : Layer
    episodes : iterable of Episode
    loss_fn : callable
        ``loss_fn(net_output, y)`` gives a scalar.
    inputs : list of Tensor
        Leaf tensors outside the net and the optimizer that should get a gradient too.

    Raises
    ------
    ValueError
        If there are no episodes.
    """
    total, tasks = None, 0
    with patches_kept():
        for episode in each_of(episodes):
            found = _solved(optimizer, net, episode, loss_fn, inputs)
            total = found if total is None else total + found
            tasks += 1
    if not tasks:
        raise ValueError("meta_loss: there are no episodes")
    return total / tasks


def _solved(optimizer, net, episode, loss_fn, inputs) -> MetaGradient:
    support, query = episode_parts(episode, net, adapts=optimizer.adapt_steps > 0)
    learner = optimizer.begin(net, support)
    try:
        learner.adapt(partial(loss_on, learner, support, loss_fn))
        return learner.solve(partial(loss_on, learner, query, loss_fn), inputs)
    finally:
        learner.end()
