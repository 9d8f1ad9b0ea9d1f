"""The op table: which rule is called in place of which of Paddle's ops.

Every layer and function of Paddle looks its op up as an attribute of ``paddle._C_ops`` when it is called, so
replacing the attribute catches it; only operators and ``Tensor`` methods in C++ pass by. What passes by and has no
verified second derivative is refused by the audit.
"""

from __future__ import annotations

import functools
import inspect

import numpy as np
import paddle

from ..errors import NotTwiceDifferentiableError
from ..tensors import is_complex_tensor
from . import kernels
from .activity import here, is_active, order_wanted
from .in_place import before_change, may_change, replaced_by
from .patches import Patch
from .precision import autocast_is_on, cast_operands, without_autocast
from .primitive import requires_grad
from .registry import NATIVE_TO, REPLACEMENTS, RULES


def _op_replacements():
    dispatchers = {
        op: _dispatcher(getattr(kernels.TABLE, op), function, NATIVE_TO[op], op) for op, function in RULES.items()
    }
    replacements = [(kernels.TABLE, op, dispatcher) for op, dispatcher in dispatchers.items()]
    for op in dir(kernels.TABLE):
        if op.endswith("_") and not op.endswith("__") and op not in RULES:
            replacements.append((kernels.TABLE, op, _in_place(getattr(kernels.TABLE, op), op)))
    replacements += [(module, name, dispatchers[op]) for module, name, _, op in kernels.held_by_name(RULES)]
    for owner, name, function, always, native_to in REPLACEMENTS:
        native = getattr(owner, name)
        stand_in = _switch(native, function) if always else _dispatcher(native, function, native_to)
        replacements.append((owner, name, stand_in))
    return replacements


#: What stands in for the ops that have a rule, for the in-place ones, and for what is replaced by name.
op_table = Patch(_op_replacements, version=lambda: (dict(RULES), dict(NATIVE_TO), list(REPLACEMENTS)))


def _dispatcher(native, function, native_to, op=None):
    """What stands in for `native`: `function` where rules are on, a gradient is needed, and `native` does not reach as
    far as is wanted; `op` names a table's op."""
    positions = _positions_of(function)
    native_order, native_complex = native_to

    @functools.wraps(native)
    def dispatch(*args, **kwargs):
        order = here.activations.highest
        if not order or (order <= native_order and (native_complex or not _any_complex(args, kwargs))):
            return native(*args, **kwargs)
        if not (paddle.is_grad_enabled() and _any_requires_grad(args, kwargs) and paddle.in_dynamic_mode()):
            return native(*args, **kwargs)
        if kwargs:
            kwargs = _own_keywords(kwargs, positions, op)
        try:
            if op is not None and autocast_is_on():
                args, kwargs = cast_operands(op, args, kwargs)
                with without_autocast():
                    return function(*args, **kwargs)
            return function(*args, **kwargs)
        except AttributeError as error:
            _refuse_arrays(op or native.__name__, (*args, *kwargs.values()), error)
            raise

    return dispatch


def _refuse_arrays(op, operands, error):
    """A rule that came to grief on a numpy array says so: Paddle's ops take none either."""
    if any(isinstance(operand, np.ndarray) for operand in operands):
        raise TypeError(f"{op}: expected Tensors, got a numpy array; use paddle.to_tensor(array)") from error


def _switch(native, function):
    """What stands in for `native`: `function` where rules are on."""

    @functools.wraps(native)
    def switched(*args, **kwargs):
        return (function if is_active() and paddle.in_dynamic_mode() else native)(*args, **kwargs)

    return switched


#: Other names that Paddle's generated functions take for an argument.
_ALIASES = {
    "input": "x", "other": "y", "dim": "axis", "dims": "axis", "dim1": "axis1", "dim2": "axis2", "values": "value",
}  # fmt: skip


def _positions_of(function):
    try:
        return frozenset(inspect.signature(function).parameters)
    except ValueError:  # a builtin
        return frozenset()


def _own_keywords(kwargs, accepted, op):
    """The keywords that the rule knows, from those that Paddle's function lets through."""
    if kwargs.pop("out", None) is not None:
        raise NotTwiceDifferentiableError(f"{op}(out=...) has no derivative; use its result")
    if "name" not in accepted:
        kwargs.pop("name", None)
    return {key if key in accepted else _ALIASES.get(key, key): value for key, value in kwargs.items()}


def _in_place(native, op):
    """What stands in for the in-place op: the out-of-place one, and then its values and derivative for the tensor."""
    out_of_place = _OUT_OF_PLACE.get(op, op[:-1])
    can_be_made = out_of_place in RULES or out_of_place in _EXACT_OUT_OF_PLACE
    place = _CHANGED.get(op, 0)

    def change(*args, **kwargs):
        x, others = (args[place], [*args[:place], *args[place + 1 :]]) if len(args) > place else (None, args)
        # Filling a leaf, as an initializer does, is no part of a derivative.
        flowing = others if isinstance(x, paddle.Tensor) and x.is_leaf else args
        if not (is_active() and paddle.is_grad_enabled() and _any_requires_grad(flowing, kwargs)):
            return native(*args, **kwargs)
        if can_be_made and x is not None and may_change(x, *others, *kwargs.values()):
            before = before_change(x, op)
            given = others if op in _OUT_OF_PLACE else [*args[:place], before, *args[place + 1 :]]
            y = getattr(kernels.TABLE, out_of_place)(*given, **kwargs)
            if isinstance(y, paddle.Tensor) and (y.shape, y.dtype) == (x.shape, x.dtype):
                return replaced_by(x, y)
        if order_wanted() <= 1:
            return native(*args, **kwargs)
        raise NotTwiceDifferentiableError(
            f"the in-place op {op!r} changes a tensor that a derivative may need, and has no rule; use the "
            f"out-of-place form, {out_of_place!r}, or put the call under paddle.no_grad() if no gradient has to flow "
            "through it"
        )

    return change


#: Ops of which Paddle's own derivatives are exact, and which need no rule for that.
_EXACT_OUT_OF_PLACE = frozenset({"assign", "index_add", "subtract", "where"})

#: Which argument the op changes, if not the first.
_CHANGED = {"where_": 1, "assign_out_": 1}

#: Another op than that of the same name, which does not take the tensor that is changed.
_OUT_OF_PLACE = {"assign_out_": "assign"}


def _any_requires_grad(args, kwargs) -> bool:
    for arg in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(arg, paddle.Tensor):
            if requires_grad(arg):
                return True
        elif isinstance(arg, (list, tuple)) and any(isinstance(t, paddle.Tensor) and requires_grad(t) for t in arg):
            return True
    return False


def _any_complex(args, kwargs) -> bool:
    return any(map(is_complex_tensor, (*args, *kwargs.values()) if kwargs else args))
