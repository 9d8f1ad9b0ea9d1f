"""The choices that make a meta-learning algorithm, as the optimizer hands them to the learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import paddle


@dataclass(frozen=True)
class Plan:
    """Which parameters adapt, by which rule, and how the gradient flows back.

    Attributes
    ----------
    adapts : callable
        ``adapts(name, parameter)``, whether it is one of the fast weights that move.
    inner_rule : object
        See `paddle_metaopt.inner_rules`.
    rate_of : callable
        ``rate_of(parameter)``, its inner learning rate.
    inner_grad_clip : ClipGradBy... or None
    adapt_steps : int
        Inner steps that ``adapt(closure)`` takes.
    way : object
        See `paddle_metaopt.meta_gradients`.
    buffers : str
        "restore", "last" or "mean".
    head : Layer or None
        The head, if all that adapts is in it: then the rest of the net may be computed once per task.
    """

    adapts: Callable
    inner_rule: object
    rate_of: Callable
    inner_grad_clip: object
    adapt_steps: int
    way: object
    buffers: str
    head: paddle.nn.Layer | None = None


BUFFER_POLICIES = ("restore", "last", "mean")


def adapts_only(which, argument: str) -> Callable:
    """A predicate from what a user gives as ``adapt=`` or ``head=``: a Layer, parameters, or a predicate.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if which is None:
        return lambda name, parameter: True
    if isinstance(which, paddle.nn.Layer):
        which = which.parameters()
    elif isinstance(which, paddle.Tensor):
        which = [which]
    elif callable(which):
        return which
    try:
        parameters = list(which)
    except TypeError:
        parameters = [None]
    if not all(isinstance(parameter, paddle.Tensor) for parameter in parameters):
        raise TypeError(f"{argument}: expected a Layer, parameters or a function of (name, parameter), got {which!r}")
    chosen = {id(parameter) for parameter in parameters}
    return lambda name, parameter: id(parameter) in chosen
