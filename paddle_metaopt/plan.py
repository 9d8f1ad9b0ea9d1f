"""The choices that make a meta-learning algorithm, as the optimizer hands them to the learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import paddle

from .buffers import BufferKeeper


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
        ``rate_of(parameter, step)``, its learning rate in an inner step counted from 0: a number, or a Tensor that
        broadcasts against it.
    inner_grad_clip : ClipGradBy... or None
    adapt_steps : int
        Inner steps that ``adapt(closure)`` takes.
    way : object
        See `paddle_metaopt.meta_gradients`.
    buffers : BufferKeeper
        What a task's buffers start from, and what remains of them.
    head : Layer or None
        The head, if all that adapts is in it: then the rest of the net may be computed once per task.
    transform : callable
        ``transform(parameter, gradient)``, what the inner rule gets in place of the gradient.
    learned : tuple of Parameter
        What is meta-learned besides the net.
    query_weights : callable or None
        ``query_weights(steps)``, the weight of the query loss after each of the inner steps taken; None for the last
        step's alone.
    """

    adapts: Callable
    inner_rule: object
    rate_of: Callable
    inner_grad_clip: object
    adapt_steps: int
    way: object
    buffers: BufferKeeper
    head: paddle.nn.Layer | None = None
    transform: Callable | None = None
    learned: tuple = ()
    query_weights: Callable | None = None

    @property
    def plain_backward(self) -> bool:
        """Whether ``backward()`` on the query loss gives the meta-gradient."""
        return self.way.plain_backward and self.query_weights is None

    @property
    def way_name(self) -> str:
        """How an error calls the way back."""
        return self.way.name if self.query_weights is None else "a query loss after every step"


def adapts_only(which, argument: str) -> Callable:
    """A predicate from what a user gives as ``adapt=`` or ``head=``: a Layer, parameters, or a predicate.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If there are no parameters in it.
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
    if not all(isinstance(p, paddle.Tensor) for p in parameters) or isinstance(which, (str, dict)):
        raise TypeError(f"{argument}: expected a Layer, parameters or a function of (name, parameter), got {which!r}")
    if not parameters:
        raise ValueError(f"{argument}: expected a Layer with parameters, or a list of some, got none")
    chosen = {id(parameter) for parameter in parameters}
    return lambda name, parameter: id(parameter) in chosen
