"""The base of the algorithms: a value that makes choices, and has no loop of its own."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Callable

import paddle

from ..arguments import flag, one_of, whole_number
from ..inner_rules import inner_rule, settings_beside_the_rule
from ..inner_rules.rates import lasting
from ..meta_gradients import FirstOrder, WayBack, meta_gradient
from ..task.buffers import POLICIES
from ..task.plan import Plan
from .groups import rates_by_parameter
from .learned import PerParameter, Weight


def itself(value: Any) -> Any:
    """A field for a choice that an algorithm makes itself, and does not leave to its users."""
    return field(init=False, default=value)


@dataclass(frozen=True, eq=False)
class Algorithm:
    """MAML's choices, of which each algorithm makes some in another way; `MAMLOptimizer` says what they mean.

    The fields are the keywords of the optimizer that is named after the algorithm::

        @dataclass(frozen=True, eq=False)
        class Mine(Algorithm):
            inner_lr: float = 0.1

        class MineOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=Mine):
            \"""What the user reads.\"""

    The methods are what else may be answered. `begin`, where it is one, is ``begin(self, net, support) -> dict``: other
    values for some of the weights that a task begins with, as Tensors by the weights as they stand in `net`, which runs
    on the weights to begin with; derivatives go through. `support` is a pair (x, y), or None where the user gave none.
    """

    inner_lr: Any = 0.01
    adapt_steps: int = 1
    first_order: bool = False
    inner_rule: Any = "sgd"
    inner_grad_clip: Any = None
    meta_gradient: Any = "unrolled"
    adapt: Any = None
    buffers: str = "restore"
    learned_group: dict | None = None

    begin = None

    #: Whether each inner step has statistics of BatchNorm of its own.
    statistics_per_step = False

    def __post_init__(self):
        whole_number(None, "adapt_steps", self.adapt_steps)
        flag(None, "first_order", self.first_order)
        one_of(None, "buffers", self.buffers, POLICIES)
        _require_clip(self.inner_grad_clip)

    @classmethod
    def choices(cls) -> dict[str, Any]:
        """The choices that are the user's, with their defaults."""
        return {choice.name: choice.default for choice in fields(cls) if choice.init}

    @classmethod
    def taken_from(cls, arguments: dict, optimizer: str) -> Algorithm:
        """The algorithm with the choices among an optimizer's keyword `arguments`, which are taken out there."""
        ours = cls.choices()
        for choice in fields(Algorithm):
            if choice.name in arguments and choice.name not in ours:
                raise ValueError(f"{choice.name}: {optimizer} has no such choice, or makes it itself; leave it out")
        chosen = {name: lasting(arguments.pop(name)) for name in list(arguments) if name in ours}
        _require_one_way(chosen)
        rule = chosen.get("inner_rule")
        if isinstance(rule, paddle.optimizer.Optimizer):
            beside = {
                name: setting
                for name, setting in settings_beside_the_rule(rule).items()
                if name in ours and not isinstance(ours[name], tuple)  # a range is no rule's
            }
            chosen = {**beside, **chosen, "inner_rule": inner_rule(rule)}
        return cls(**chosen)

    # What an algorithm may answer in another way.

    def adapts(self) -> Callable:
        """``adapts(name, parameter)``: whether it is one of those chosen to adapt."""
        return adapts_only(self.adapt, "adapt")

    def adapts_among(self, trained: set[int]) -> Callable:
        """The same, of which only those that the optimizer trains adapt; `trained` has their ids."""
        chosen = self.adapts()
        return lambda name, parameter: id(parameter) in trained and bool(chosen(name, parameter))

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

    def transform(self, beside: PerParameter, parameter, gradient):
        """What the inner rule gets in place of a parameter's gradient."""
        return gradient

    def fixed_head(self):
        """The Layer in which all is that adapts, if it is one: then the rest of a net may be computed once per task."""
        return None

    def now(self, plan: Plan, outer_steps: int) -> Plan:
        """The plan for the next outer step, when so many were taken."""
        return plan


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
    if callable(which) and not isinstance(which, (paddle.nn.Layer, paddle.Tensor)):
        return which
    chosen = {id(parameter) for parameter in parameters_in(which, argument)}
    return lambda name, parameter: id(parameter) in chosen


def all_but(which, argument: str) -> Callable:
    """The predicate for all others."""
    within = adapts_only(which, argument)
    return lambda name, parameter: not within(name, parameter)


def parameters_in(which, argument: str) -> list:
    """The parameters that a user gives as a Layer, as one, or as a list of both.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If there are none.
    """
    entries = [which] if isinstance(which, (paddle.nn.Layer, paddle.Tensor)) else which
    try:
        entries = [None] if isinstance(entries, (str, dict)) else list(entries)
    except TypeError:
        entries = [None]
    if not all(isinstance(entry, (paddle.nn.Layer, paddle.Tensor)) for entry in entries):
        raise TypeError(f"{argument}: expected a Layer, parameters or a function of (name, parameter), got {which!r}")
    parameters = [p for entry in entries for p in (entry.parameters() if hasattr(entry, "parameters") else [entry])]
    if not parameters:
        raise ValueError(f"{argument}: expected a Layer with parameters, or a list of some, got none")
    return parameters


def _require_one_way(given: dict):
    way = given.get("meta_gradient", "first_order")
    first_order = flag(None, "first_order", given.get("first_order", False))
    if first_order and way != "first_order" and not isinstance(way, FirstOrder):
        raise ValueError(
            "first_order=True is short for meta_gradient='first_order', but "
            f"meta_gradient={way!r} was given as well; give one of them"
        )


def _require_clip(clip):
    kinds = (paddle.nn.ClipGradByValue, paddle.nn.ClipGradByNorm, paddle.nn.ClipGradByGlobalNorm)
    if clip is not None and not isinstance(clip, kinds):
        raise TypeError(f"inner_grad_clip: expected a paddle.nn.ClipGradBy... object, got {clip!r}")
    if clip is not None and not isinstance(clip, kinds[0]) and not clip.clip_norm > 0:
        raise ValueError(f"inner_grad_clip: expected a norm larger than 0, got {clip.clip_norm!r}")
