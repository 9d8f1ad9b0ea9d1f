"""What stands in for Paddle's ops while tasks are batched: each sends a `Batched` to its batching rule."""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager

import paddle
from paddle.base.framework import EagerParamBase  # a Parameter's type; not public

from ..double_grad import kernels
from ..double_grad.dispatch import op_table
from ..double_grad.guards import gradients, guard_engine
from ..double_grad.patches import Patch
from .batched import Batched, CannotBatch
from .registry import RULES, below
from .task_by_task import task_by_task


def _replacements():
    table = vars(kernels.TABLE)
    names = [name for name, op in table.items() if callable(op) and not name.startswith("_")]
    below.update({name: table[name] for name in names})
    found = [(kernels.TABLE, name, _sending(name)) for name in names]
    by_name = {name: stand_in for _, name, stand_in in found}
    held = kernels.held_by_name([name for name in names if hasattr(kernels.native, name)])
    found += [(module, name, by_name[op]) for module, name, _, op in held]
    found += [(paddle, "grad", _sending_gradients(paddle.grad))]
    found += [(paddle.autograd.PyLayer, "apply", classmethod(_apply))]
    found += [(EagerParamBase, name, _giving_way(name)) for name in _OPERATORS]
    return found


_table = Patch(_replacements, version=lambda: (dict(RULES), id(kernels.TABLE.matmul)))


@contextmanager
def batching():
    """A context in which ops take `Batched`; inside of one in which the rules for second derivatives are on, if
    derivatives are wanted."""
    holds = [guard_engine(), op_table.acquire(), _table.acquire()]  # in this order, one upon the other
    try:
        yield
    finally:
        while holds:
            holds.pop()()


def _has_batched(args, kwargs) -> bool:
    for arg in args:
        kind = type(arg)
        if kind is Batched or ((kind is list or kind is tuple) and any(type(entry) is Batched for entry in arg)):
            return True
    return bool(kwargs) and _has_batched(kwargs.values(), None)


def _sending(name):
    """What stands in for an op: its batching rule, or the op for each task, where a `Batched` is given."""
    op, rule = below[name], RULES.get(name)
    in_place = name.endswith("_")

    @functools.wraps(op)
    def send(*args, **kwargs):
        if not _has_batched(args, kwargs):
            return op(*args, **kwargs)
        if in_place:
            raise CannotBatch(f"the in-place op {name!r}")
        if rule is not None:
            kwargs.pop("name", None)
            kwargs.pop("out", None)
            result = rule(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return task_by_task(op, args, kwargs)

    return send


def _sending_gradients(grad):
    """What stands in for ``paddle.grad``."""

    signature = inspect.signature(grad)

    @functools.wraps(grad)
    def send(*args, **kwargs):
        return _unwrapped(grad, **signature.bind(*args, **kwargs).arguments)

    return send


def batched_gradients(outputs, inputs, **options) -> list:
    """`double_grad.guards.gradients` of each task's outputs: those for a `Batched` are each task's, those for a Tensor
    that all tasks share the sum."""
    return _unwrapped(gradients, outputs, inputs, **options)


def _unwrapped(grad, outputs, inputs, grad_outputs=None, **options):
    outputs, inputs = ([t] if isinstance(t, paddle.Tensor) else list(t) for t in (outputs, inputs))
    if not _has_batched((outputs, inputs), None):
        return grad(outputs, inputs, grad_outputs=grad_outputs, **options)
    given = [None] * len(outputs) if grad_outputs is None else grad_outputs
    given = [given] if isinstance(given, paddle.Tensor) else given
    cotangents = [_cotangent(output, cotangent) for output, cotangent in zip(outputs, given)]
    plain = [t.stacked if type(t) is Batched else t for t in inputs]
    found = grad([t.stacked if type(t) is Batched else t for t in outputs], plain, grad_outputs=cotangents, **options)
    return [
        Batched(g, t.form) if type(t) is Batched and g is not None else g for g, t in zip(found, inputs)
    ]


def _cotangent(output, given):
    if type(output) is not Batched:
        return given
    if given is None:
        return paddle.ones_like(output.stacked)
    if type(given) is Batched and given.form == output.form:
        return given.stacked
    raise CannotBatch("a gradient of an output that is not each task's own")


#: Python asks the right operand first only where its type derives from the left one's, and `Batched` is no Parameter.
_OPERATORS = [
    f"__{name}__"
    for name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "matmul", "eq", "ne", "lt", "le", "gt", "ge")
]


def _giving_way(name):
    """What stands in for a Parameter's operator, so that a `Batched` on the right is asked."""
    own = getattr(paddle.Tensor, name)

    def operate(self, other):
        return NotImplemented if type(other) is Batched else own(self, other)

    return operate


def _apply(cls, *args, **kwargs):
    """What stands in for ``PyLayer.apply``, which stands in C++ itself."""
    if _has_batched(args, kwargs):
        raise CannotBatch(f"the PyLayer {cls.__name__}")
    return super(paddle.autograd.PyLayer, cls).apply(*args, **kwargs)
