"""The base of the algorithms: a value that makes choices, and has no loop of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ..inner_rules import inner_rule
from ..meta_gradients import WayBack, meta_gradient
from ..task import Plan
from .choices import Choices, adapts_only
from .groups import rates_by_parameter
from .learned import PerParameter, Weight


@dataclass(frozen=True, eq=False)
class Algorithm(Choices):
    """MAML; each other algorithm answers some of these questions in its own way.

    Its fields are the keywords of the optimizer that is named after it::

        @dataclass(frozen=True, eq=False)
        class Mine(Algorithm):
            inner_lr: float = 0.1

        class MineOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=Mine):
            \"""What the user reads.\"""

    """

    #: Whether BatchNorm has statistics for each inner step.
    statistics_per_step = False

    def adapts(self) -> Callable:
        """``adapts(name, parameter)``: whether it is one of those chosen to adapt."""
        return adapts_only(self.adapt, "adapt")

    def adapts_among(self, trained: set[int]) -> Callable:
        """As `adapts`, but only for the parameters that the optimizer trains, whose ids `trained` has."""
        chosen = self.adapts()
        return lambda name, parameter: id(parameter) in trained and bool(chosen(name, parameter))

    def begin(self, beside: PerParameter, start: dict, net, support) -> dict:
        """Other values for some of the weights that a task begins with; asked when a task begins.

        Parameters
        ----------
        beside : PerParameter
            What is learned beside each parameter.
        start : dict of Parameter to Tensor
            The net's trainable parameters, and the fast weights, equal to them, that stand in `net` now.
        net : Layer
            Runs on these; derivatives go through what it is used for here.
        support : pair of x and y, or None
            The support set, if the user gave one.

        Returns
        -------
        dict of Parameter to Tensor
            The fast weights may be the keys as well.
        """
        return {}

    def require_fit(self, parameters: list) -> None:
        """Raise a ValueError if the choices do not fit the optimizer's parameters."""

    def learns(self, weights: list[Weight]) -> list:
        """What is meta-learned besides the weights and the hyperparameters given as Parameters: `Learned` entries."""
        return []

    def rule(self, weights: list[Weight]):
        """The inner rule; the Parameters in its attributes, and of Layers there, are learned."""
        return inner_rule(self.inner_rule)

    def way(self) -> WayBack:
        """The way back."""
        return meta_gradient(self.meta_gradient, self.first_order)

    def given_rates(self, groups: list) -> dict:
        """id of a parameter to its inner rate as a function of the step, as the user gave it."""
        return rates_by_parameter(groups, self.inner_lr, self.adapt_steps)

    def rate(self, beside: PerParameter, parameter, step: int):
        """The inner rate of a parameter in a step: a number, or a Tensor that broadcasts against it."""
        return beside.rate(parameter, step)

    def transform(self, beside: PerParameter, parameter, gradient, step: int):
        """What the inner rule gets in place of a parameter's gradient in a step."""
        return gradient

    def fixed_head(self):
        """The Layer that holds everything that adapts, if one does: the rest of a net may be computed once per task."""
        return None

    def now(self, plan: Plan, outer_steps: int) -> Plan:
        """The plan for the next outer step, after `outer_steps` of them."""
        return plan
