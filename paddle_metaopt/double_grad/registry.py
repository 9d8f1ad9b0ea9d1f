"""Which op has which rule."""

from __future__ import annotations

from typing import Callable

from . import kernels

#: Op name, as in ``paddle._C_ops``, to the rule that replaces it; the same arguments, the same results.
RULES: dict[str, Callable] = {}

#: Op name to the order up to which Paddle's own node serves in place of the rule, and whether for complex numbers too.
NATIVE_TO: dict[str, tuple[float, bool]] = {}

#: (module or class, attribute, function, whether also without a gradient, as in NATIVE_TO) for what does not go through
#: ``paddle._C_ops``, such as operators.
REPLACEMENTS: list[tuple] = []

#: Names of Paddle's own nodes that may be differentiated: one order more than what made the node was found right, for
#: every choice of what needs a gradient.
NATIVELY_EXACT: set[str] = set()

#: Those that were found right where a rule stands for the op that they follow from, and wrong where Paddle's own does.
EXACT_BESIDE_RULES: set[str] = set()


def rule(*ops: str, native_to: float = 0, native_complex: bool = False) -> Callable:
    """Decorator: register a function as the differentiable form of Paddle's ops of these names.

    The function gets the op's arguments as Paddle's own layers pass them, and returns what the op returns, made
    of ops that can be differentiated again, or of `with_pullback`. It is called in place of the op inside
    ``twice_differentiable()``, where one of the arguments needs a gradient.

    Parameters
    ----------
    *ops : str
    native_to : int or ANY_ORDER
        Up to which order Paddle's own node has the right derivatives of real numbers. It is cheaper than a rule, and
        kept where no higher order is wanted: ``activate(order=...)``.
    native_complex : bool
        Whether it has those of complex numbers as well, or the op takes none.

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
        NATIVE_TO.update(dict.fromkeys(ops, (native_to, native_complex)))
        return function

    return register


def replaces(
    owner, *names: str, always: bool = False, native_to: float = 0, native_complex: bool = False
) -> Callable:
    """Decorator: register a function in place of attributes of a module or class that no op of the table stands for.

    It is called as a rule is: inside ``twice_differentiable()``, where one of the arguments needs a gradient; or,
    with `always`, whatever needs one. `native_to` and `native_complex` are as for `rule`.
    """

    def register(function: Callable) -> Callable:
        REPLACEMENTS.extend((owner, name, function, always, (native_to, native_complex)) for name in names)
        return function

    return register


def natively_exact(*ops: str, beside_rules: bool = False) -> None:
    """Let the audit pass Paddle's own nodes of these ops, named as in ``ReluGradNode`` without the suffix.

    Only for ops whose second derivative was compared with finite differences for every choice of what needs a
    gradient; the sweep's table must have a case in which the node occurs. The node of a second derivative, such as
    ``TanhDoubleGradNode``, is listed if the third one was compared, and so on. With `beside_rules`, they are passed
    only where derivatives of any order are wanted.
    """
    (EXACT_BESIDE_RULES if beside_rules else NATIVELY_EXACT).update(op + "GradNode" for op in ops)


def composition(op: str) -> Callable:
    """The rule of this op, for one that is made of public functions: it also takes what only stands for a Tensor."""
    return RULES[op]


def supported() -> list[str]:
    """The names of the ops that have a rule, sorted."""
    return sorted(RULES)
