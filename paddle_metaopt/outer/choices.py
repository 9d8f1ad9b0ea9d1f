"""The choices that every algorithm has, as its optimizer's users give them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, fields
from typing import Any, Callable, Sequence, Union

import paddle

from ..arguments import flag, one_of, whole_number
from ..inner_rules import InnerRule, inner_rule, settings_beside_the_rule
from ..inner_rules.rates import Rate, lasting
from ..meta_gradients import FirstOrder, WayBack
from ..task.buffers import POLICIES, Policy

#: What users name parameters by: a Layer has all of its own.
Members = Union[paddle.nn.Layer, paddle.Tensor, Sequence[Union[paddle.nn.Layer, paddle.Tensor]]]
Which = Union[Members, Callable[[str, paddle.Tensor], bool]]

InnerClip = Union[paddle.nn.ClipGradByValue, paddle.nn.ClipGradByNorm, paddle.nn.ClipGradByGlobalNorm]


def itself(value: Any) -> Any:
    """A field for a choice that an algorithm makes itself, and does not leave to its users."""
    return field(init=False, default=value)


def required(expected: str) -> Any:
    """A field for a choice without a default; a TypeError says what is `expected` of who left it out."""
    return field(default=None, metadata={"required": expected})


@dataclass(frozen=True, eq=False)
class Choices:
    """The fields of an algorithm, which are the keywords of its optimizer; `MAMLOptimizer` says what they mean."""

    inner_lr: Rate = 0.01
    adapt_steps: int = 1
    first_order: bool = False
    inner_rule: str | InnerRule | paddle.optimizer.Optimizer = "sgd"
    inner_grad_clip: InnerClip | None = None
    meta_gradient: str | WayBack = "unrolled"
    adapt: Which | None = None
    buffers: Policy = "restore"
    learned_group: dict[str, Any] | None = None

    def __post_init__(self):
        whole_number(None, "adapt_steps", self.adapt_steps)
        one_of(None, "buffers", self.buffers, POLICIES)
        _require_clip(self.inner_grad_clip)

    def require_all(self) -> None:
        """Raise a TypeError for one without a default that was left out."""
        for choice in fields(self):
            if "required" in choice.metadata and getattr(self, choice.name) is None:
                raise TypeError(f"{choice.name}: expected {choice.metadata['required']}")

    @classmethod
    def choices(cls) -> dict[str, Any]:
        """The choices that are the user's, with their defaults."""
        return {choice.name: choice.default for choice in fields(cls) if choice.init}

    @classmethod
    def keywords(cls) -> list[inspect.Parameter]:
        """The same as the keywords of a signature."""
        return [
            inspect.Parameter(
                choice.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if "required" in choice.metadata else choice.default,
                annotation=choice.type,
            )
            for choice in fields(cls)
            if choice.init
        ]

    @classmethod
    def taken_from(cls, arguments: dict, optimizer: str) -> Choices:
        """An algorithm with the choices among an optimizer's keyword `arguments`, which are removed from these."""
        ours = cls.choices()
        for choice in fields(Choices):
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


def refuse_choice(optimizer, name: str) -> None:
    """Raise an AttributeError if that is the name of a choice, which an optimizer keeps from its construction on."""
    if name in Choices.__dataclass_fields__ or name in type(optimizer).combination.algorithm.choices():
        raise AttributeError(
            f"{type(optimizer).__name__}: {name} is chosen when the optimizer is made; make another one, which takes "
            "over the state by set_state_dict(opt.state_dict())"
        )


#: What says which parameters adapt, or stay.
_SOME = "a Layer, parameters or a function of (name, parameter)"


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
    chosen = {id(parameter) for parameter in parameters_in(which, argument, _SOME)}
    return lambda name, parameter: id(parameter) in chosen


def all_but(which, argument: str) -> Callable:
    """The predicate for all the other parameters; `which` is as for `adapts_only`."""
    within = adapts_only(which, argument)
    return lambda name, parameter: not within(name, parameter)


def require_some_of(which, argument: str, parameters: list) -> None:
    """Raise a ValueError if none of the trainable parameters of what a user gave, if it has any, is in `parameters`."""
    if callable(which) and not isinstance(which, (paddle.nn.Layer, paddle.Tensor)):
        return
    known = {id(parameter) for parameter in parameters}
    found = [id(p) in known for p in parameters_in(which, argument, _SOME) if not p.stop_gradient]
    if found and not any(found):
        raise ValueError(
            f"{argument}: none of its parameters is in the optimizer; is it the {argument} of another net?"
        )


def parameters_in(which, argument: str, expected: str = "a Layer or parameters") -> list:
    """The parameters in what a user gives: a Layer, a parameter, or a list of both; `expected` is for the error.

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
        raise TypeError(f"{argument}: expected {expected}, got {which!r}")
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
