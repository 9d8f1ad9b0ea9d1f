"""An algorithm's optimizer class with another outer optimizer: one class for each pair."""

from __future__ import annotations

import inspect
import types
from functools import lru_cache
from typing import NamedTuple

import paddle

from .groups import signature_of


class Combination(NamedTuple):
    """What a meta-optimizer's class is made of.

    Attributes
    ----------
    declared : type
        The class that ``over`` made it from, or itself.
    algorithm : type
        An `Algorithm`.
    outer : type
        A ``paddle.optimizer`` class.
    """

    declared: type
    algorithm: type
    outer: type

    def signature(self) -> inspect.Signature:
        """The outer optimizer's arguments, and the algorithm's choices as keywords."""
        theirs = [
            p.replace(annotation="Parameters | None") if p.name == "parameters" else p
            for p in signature_of(self.outer).parameters.values()
        ]
        keywords = [p for p in theirs if p.kind is p.KEYWORD_ONLY]
        rest = [p for p in theirs if p.kind is p.VAR_KEYWORD]
        first = [p for p in theirs if p not in keywords and p not in rest]
        return inspect.Signature([*first, *keywords, *self.algorithm.keywords(), *rest])


def combination_of(cls: type, algorithm: type) -> Combination:
    """Of a class that is just being made."""
    if not (isinstance(algorithm, type) and hasattr(algorithm, "choices")):
        raise TypeError(f"algorithm=: expected a class derived from Algorithm, got {algorithm!r}")
    lost = vars(algorithm).get("__annotations__", {}).keys() - algorithm.__dataclass_fields__.keys()
    if lost:
        raise TypeError(
            f"algorithm=: {', '.join(sorted(lost))} of {algorithm.__name__} would be no keyword; put "
            "@dataclass(frozen=True, eq=False) above the class"
        )
    outer = next(base for base in cls.__bases__ if is_optimizer(base))
    return Combination(vars(cls).get("declared_as", cls), algorithm, outer)


def is_optimizer(cls: type) -> bool:
    return issubclass(cls, paddle.optimizer.Optimizer)


def require_outer(outer, mixin: type) -> None:
    """Raise a TypeError for anything but an optimizer class whose step can be taken with a meta-gradient."""
    if not (isinstance(outer, type) and is_optimizer(outer)):
        raise TypeError(f"over: expected a paddle.optimizer class, got {outer!r}")
    if issubclass(outer, paddle.optimizer.LBFGS):
        raise TypeError("over: LBFGS computes the loss anew within its step, which a meta-gradient does not allow")
    if issubclass(outer, mixin):
        raise TypeError(f"over: {outer.__name__} is a meta-optimizer already")


@lru_cache(maxsize=None)
def combined(declared: type, outer: type) -> type:
    """The class of `declared`'s algorithm over `outer`; itself, where that is what it was declared over."""
    _, algorithm, own = declared.combination
    if outer is own:
        return declared
    bases = tuple(outer if base is own else base for base in declared.__bases__)
    content = {"__module__": declared.__module__, "__doc__": declared.__doc__, "declared_as": declared}
    name = f"{declared.__name__}.over({outer.__name__})"
    return types.new_class(name, bases, {"algorithm": algorithm}, lambda body: body.update(content))


def blank(declared: type, outer: type):
    """An optimizer without content, to be filled by ``__setstate__``."""
    made = combined(declared, outer)
    return made.__new__(made)
