"""Which op has which rule."""

from __future__ import annotations

from typing import Callable

from . import kernels

#: Op name, as in ``paddle._C_ops``, to the rule that replaces it; the same arguments, the same results.
RULES: dict[str, Callable] = {}

#: (module or class, attribute, function, whether also without a gradient) for what does not go through
#: ``paddle._C_ops``, such as operators.
REPLACEMENTS: list[tuple] = []

#: Names of Paddle's own nodes whose second derivative was found right for every choice of what needs a gradient.
NATIVELY_EXACT: set[str] = set()


def rule(*ops: str) -> Callable:
    """Decorator: register a function as the twice differentiable form of Paddle's ops of these names.

    The function gets the op's arguments as Paddle's own layers pass them, and returns what the op returns, made
    of ops that can be differentiated twice, or of `with_pullback`. It is called in place of the op inside
    ``twice_differentiable()``, where one of the arguments needs a gradient.

    Raises
    ------
    ValueError
        If this Paddle has no op of that name.
    """

    for op in ops:
        if not hasattr(kernels.TABLE, op):
            raise ValueError(f"paddle has no op named {op!r}; see dir(paddle._C_ops) for the names")

    def register(function: Callable) -> Callable:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return register


def replaces(owner, *names: str, always: bool = False) -> Callable:
    """Decorator: register a function in place of attributes of a module or class that no op of the table stands for.

    It is called as a rule is: inside ``twice_differentiable()``, where one of the arguments needs a gradient; or,
    with `always`, whatever needs one.
    """

    def register(function: Callable) -> Callable:
        REPLACEMENTS.extend((owner, name, function, always) for name in names)
        return function

    return register


def natively_exact(*ops: str) -> None:
    """Let the audit pass Paddle's own nodes of these ops, named as in ``ReluGradNode`` without the suffix.

    Only for ops whose second derivative was compared with finite differences for every choice of what needs a
    gradient; the sweep's table must have a case in which the node occurs.
    """
    NATIVELY_EXACT.update(op + "GradNode" for op in ops)


def supported() -> list[str]:
    """The names of the ops that have a rule, sorted."""
    return sorted(RULES)
