"""What is meta-learned besides the net: in the inner rates and rules, and what an algorithm puts beside a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, NamedTuple

import paddle

from ..inner_rules import learned_in
from ..inner_rules.rates import learned_rates, rate_by_step
from .groups import trainable


class Weight(NamedTuple):
    """A trainable parameter that an optimizer was given, and the ``inner_lr`` that was given for it."""

    parameter: paddle.Tensor
    inner_lr: Any


@dataclass(frozen=True)
class Learned:
    """A Parameter that is learned besides the net's.

    Attributes
    ----------
    kind : str
        What it is, such as "rates".
    value : Parameter
    of : Parameter or None
        The net's parameter that it stands beside, if any.
    place : str
        Else, what tells it from others of its kind.
    name : str
        Its key in ``opt.learned``: the kind, a dot, and the parameter's name or the place.
    """

    kind: str
    value: paddle.Tensor
    of: paddle.Tensor | None = None
    place: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.place if self.of is None else self.of.name}"


class PerParameter:
    """What an optimizer knows of each of the net's parameters: the inner rate given for it, and what is learned beside.

    Parameters
    ----------
    rates : dict of int to callable
        From the id of a parameter to its rate, a function of the step.
    learned : list of Learned
    inner_lr : object
        The rate of parameters that the optimizer does not have.
    """

    def __init__(self, rates: dict, learned: list, inner_lr: Any):
        self._rates = rates
        self._inner_lr = inner_lr
        self._beside = {(entry.kind, id(entry.of)): entry.value for entry in learned}

    def rate(self, parameter, step: int):
        """The inner rate that was given for a parameter."""
        rate = self._rates.get(id(parameter))
        if rate is None:
            rate = self._rates[id(parameter)] = rate_by_step(self._inner_lr)
        return rate(step)

    def learned(self, kind: str, parameter):
        """What is learned beside a parameter.

        Raises
        ------
        ValueError
            If there is nothing, as when the parameter was frozen when the optimizer was made.
        """
        value = self._beside.get((kind, id(parameter)))
        kinds = sorted({known for known, _ in self._beside})
        if value is None and kind not in kinds:
            there = ", ".join(kinds) or "nothing"
            raise ValueError(f"nothing of the kind {kind!r} is learned beside a parameter; there is {there}")
        if value is None:
            raise ValueError(
                f"parameter {parameter.name} has nothing learned beside it; was it frozen when the optimizer was made? "
                "Make the optimizer after setting stop_gradient=False"
            )
        return value


def weights_of(groups: list, inner_lr: Any) -> list[Weight]:
    """The trainable parameters of groups."""
    return [Weight(p, group.get("inner_lr", inner_lr)) for group in groups for p in trainable([group])]


def learned_hyperparameters(groups: list, inner_lr: Any, rule: Any) -> list[Learned]:
    """The Parameters among the rates and in the inner rule.

    Raises
    ------
    TypeError
        If a trainable tensor there is no Parameter.
    """
    rates = learned_rates([inner_lr, *(group["inner_lr"] for group in groups if "inner_lr" in group)])
    learned = [Learned("inner_lr", rate, place=str(position)) for position, rate in enumerate(rates)]
    passed = {id(p) for p in trainable(groups)}
    for name, value in learned_in(rule).items():
        if value.size == 1 or id(value) not in passed:  # a rule may refer to the net's weights, as an anchor
            learned.append(Learned("inner_rule", value, place=name))
    _require_parameters(learned)
    return learned


def _require_parameters(learned: list[Learned]) -> None:
    for entry in learned:
        if not hasattr(entry.value, "optimize_attr"):
            raise TypeError(
                f"{entry.kind}: what is to be learned must be a Parameter, such as "
                "paddle.create_parameter gives; for a function of one, use a callable and name the Parameter by "
                "inputs= of meta_loss"
            )


def beside_the_weights(weights: list[Weight], hyperparameters: list[Learned], learns: Callable) -> list[Learned]:
    """What ``learns(weights)`` puts beside the weights that are no hyperparameters themselves."""
    known = {id(entry.value) for entry in hyperparameters}
    found = learns([weight for weight in weights if id(weight.parameter) not in known])
    if not isinstance(found, (list, tuple)) or not all(isinstance(entry, Learned) for entry in found):
        raise TypeError(f"learns: expected a list of Learned(kind, value, of=parameter), got {found!r}")
    _require_parameters(found)
    names = [entry.name for entry in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"learns: {twice[0]!r} is there twice; give each another kind, parameter (of=) or place=")
    for entry in found:
        entry.value.need_clip = getattr(entry.of, "need_clip", True)
    return found


def require_same(saved: list, learned: list[Learned]) -> None:
    """Raise a ValueError if a state has other things learned, as pairs of kind and tensor, than there are.

    They are compared by position: the names are made from those of the parameters, which differ in a second copy of the
    model.
    """
    found = [(kind, list(value.shape)) for kind, value in saved]
    expected = [(entry.kind, list(entry.value.shape)) for entry in learned]
    if found != expected:
        raise ValueError(
            f"the state has {_summary(found)} learned besides the weights, this optimizer has "
            f"{_summary(expected)}: it is of another algorithm or model, or of other choices, such as adapt_steps"
        )


def _summary(learned: list) -> str:
    return ", ".join(sorted({f"{kind} {shape}" for kind, shape in learned})) or "nothing"
