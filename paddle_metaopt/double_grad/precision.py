"""The type that an op computes in under ``paddle.amp.auto_cast``.

Paddle casts the operands of an op in C++, below interception: the kernels would see other tensors than the rule's
derivative. So the dispatcher casts them first, by Paddle's own lists, and the rule runs with autocast off.
"""

from __future__ import annotations

from functools import lru_cache, partial

import paddle
from paddle.base import core
from paddle.base.framework import _dygraph_tracer

from .undo import Undo

_LOW = {"float16": paddle.float16, "bfloat16": paddle.bfloat16, "float32": paddle.float32}
_HIGH = paddle.float32
_CAST = [_HIGH, paddle.float16, paddle.bfloat16]  # float64 is left alone

#: Ops whose statistics and weights stay as they are; only the data is cast.
_ONLY_DATA = frozenset({"batch_norm", "layer_norm"})


def autocast_is_on() -> bool:
    return _dygraph_tracer()._amp_level != core.AmpLevel.O0


def without_autocast() -> Undo:
    """From now on autocast is off; what is returned is a context to be left for what it was before."""
    tracer = _dygraph_tracer()
    before = Undo(partial(setattr, tracer, "_amp_level", tracer._amp_level))
    tracer._amp_level = core.AmpLevel.O0
    return before


def cast_operands(op: str, args: tuple, kwargs: dict) -> tuple:
    """The arguments as Paddle's autocast would hand them to the kernel of `op`."""
    tensors = [t for t in _tensors(args) + _tensors(kwargs.values()) if t.dtype in _CAST]
    dtype = _compute_dtype(op, [t.dtype for t in tensors])

    cast = partial(_cast, dtype)
    with without_autocast():
        if op in _ONLY_DATA:
            return (cast(args[0]), *args[1:]), kwargs
        return tuple(map(cast, args)), {name: cast(value) for name, value in kwargs.items()}


def _cast(dtype, value):
    if isinstance(value, paddle.Tensor):
        return value.astype(dtype) if value.dtype in _CAST and value.dtype != dtype else value
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(dtype, element) for element in value)
    return value


def _compute_dtype(op, dtypes):
    tracer = _dygraph_tracer()
    allowed, blocked = (_op_names(frozenset(names)) for names in tracer._get_amp_op_list())
    low = _LOW[tracer._amp_dtype]
    if op in allowed:
        return low
    if op in blocked or tracer._amp_level == core.AmpLevel.OD:
        return _HIGH
    return _HIGH if _HIGH in dtypes else low


@lru_cache(maxsize=16)
def _op_names(listed):
    """The lists hold the static graph's names."""
    return frozenset(map(core._get_phi_kernel_name, listed)) | {"matmul"} & listed


def _tensors(values):
    found = []
    for value in values:
        if isinstance(value, paddle.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += [t for t in value if isinstance(t, paddle.Tensor)]
    return found
