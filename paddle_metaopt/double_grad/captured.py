"""The tensors that a function was made with: what a derivative written as a closure will look at."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import Callable

import paddle

Tensor = paddle.Tensor

#: How far to look: from a function to those in its closure, to an object of a rule there, to its functions, and so on.
_DEPTH = 4

_SHAPE = type(paddle.zeros([0]).shape)  # a list up to Paddle 3.2
_WITHOUT_TENSORS = frozenset(
    {bool, complex, float, int, str, slice, type(None), type(Ellipsis), type(paddle.float32), BuiltinFunctionType}
) | ({_SHAPE} - {list})
_OURS = __package__


def captured_tensors(function: Callable) -> tuple[list, bool]:
    """The tensors that `function` was made with, by themselves or in a list, and those of the functions and of the
    rules' objects in its closure; and whether these are all that it can get at."""
    found: list = []
    if type(function) is not FunctionType:
        return found, False
    return found, _look_into(function, found, _DEPTH)


def _look_into(function, found, depth):
    all_seen = True
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:  # of a name that was not given a value yet
            continue
        all_seen &= _look_at(value, found, depth)
    return all_seen


def _look_at(value, found, depth):
    kind = type(value)
    if kind is Tensor:
        found.append(value)
    elif kind in _WITHOUT_TENSORS:
        return True
    elif kind is FunctionType:
        return not value.__closure__ or (depth > 0 and _look_into(value, found, depth - 1))
    elif kind is list or kind is tuple:
        return _look_at_each(value, found, depth)
    elif isinstance(value, Tensor):
        found.append(value)
    elif depth and kind.__module__.startswith(_OURS) and hasattr(value, "__dict__"):
        return _look_at_each(vars(value).values(), found, depth - 1)
    else:
        return False
    return True


def _look_at_each(values, found, depth):
    all_seen = True
    for value in values:
        all_seen &= _look_at(value, found, depth)
    return all_seen
