"""The choices of an optimizer for a task, as values that no task changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

import paddle

from ..inner_rules import InnerStep
from ..meta_gradients import WayBack


@dataclass(frozen=True)
class Plan:
    """Which parameters adapt, from where, by which steps, and how the gradient flows back.

    Attributes
    ----------
    adapts : callable
        ``adapts(name, parameter)``, whether it is one of the fast weights that move.
    step : InnerStep
    adapt_steps : int
        Inner steps that ``adapt(closure)`` takes.
    way : WayBack
    begin : callable or None
        ``begin(start, net, support)``, other values for some of the weights that a task begins with; see
        `Algorithm.begin`.
    head : Layer or None
        The head, if everything that adapts is in it: the rest of the net may then be computed once per task.
    learned : dict of str to Parameter
        What is meta-learned besides the net, by name.
    query_weights : callable or None
        ``query_weights(steps)``, the weight of the query loss after each of the inner steps taken; None for the last
        step's alone.
    """

    adapts: Callable
    step: InnerStep
    adapt_steps: int
    way: WayBack
    begin: Callable | None = None
    head: paddle.nn.Layer | None = None
    learned: dict = field(default_factory=dict)
    query_weights: Callable | None = None

    def __post_init__(self):
        self.way.require_served(self)

    def why_not_together(self) -> str | None:
        """Why tasks of this plan can't run as one program; None if nothing speaks against it."""
        return None if self.way.serves_together else self.way.name

    @property
    def refusal_of_backward(self) -> str | None:
        """Whose meta-gradient a plain ``backward()`` on the query loss does not give; None if it gives it."""
        return self.way.refusal if self.query_weights is None else "a query loss after every step"
