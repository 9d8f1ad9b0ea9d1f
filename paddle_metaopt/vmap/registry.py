"""Which op has which batching rule."""

from __future__ import annotations

from typing import Callable

from ..double_grad import kernels

#: Op name, as in ``paddle._C_ops``, to the rule.
RULES: dict[str, Callable] = {}


def batches(*ops: str) -> Callable:
    """Decorator: register a function as what the ops of these names do for all tasks at once.

    It gets the op's arguments as Paddle's layers pass them, of which at least one is `Batched` or a list with one, and
    returns what the op returns, with `Batched` in the place of Tensors. It calls ops on stacked tensors by `below`, so
    that what stands there, a rule for second derivatives, is called. For what it does not know, it returns
    ``NotImplemented``: then the op runs task by task.
    """
    for op in ops:
        if not hasattr(kernels.TABLE, op):
            raise ValueError(f"paddle has no op named {op!r}")

    def register(function: Callable) -> Callable:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return register


#: By name, what stood in the table when batching began: ``below["matmul"](x, y, False, False)``.
below: dict[str, Callable] = {}
