"""The tensors that a function was made with: what a derivative written as a closure will look at."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import Callable

import paddle

Tensor = paddle.Tensor

#: How far to look: from a function to those in its closure, to an object of a rule there, to its functions, and so on.
_DEPTH = 4

_WITHOUT_TENSORS = frozenset({bool, float, int, str, type(None), BuiltinFunctionType})
_OURS = __package__


def captured_tensors(function: Callable) -> list:
    """The tensors that `function` was made with, by themselves or in a list, and those of the functions and of the
    rules' objects in its closure."""
    found: list = []
    _look_into(function, found, _DEPTH)
    return found


def _look_into(function, found, depth):
    for cell in function.__closure__ or ():
        try:
            _look_at(cell.cell_contents, found, depth)
        except ValueError:  # of a name that was not given a value yet
            continue


def _look_at(value, found, depth):
    kind = type(value)
    if kind is Tensor:
        found.append(value)
    elif kind in _WITHOUT_TENSORS:
        return
    elif kind is FunctionType:
        if depth:
            _look_into(value, found, depth - 1)
    elif kind is list or kind is tuple:
        found += [part for part in value if isinstance(part, Tensor)]
    elif isinstance(value, Tensor):
        found.append(value)
    elif depth and kind.__module__.startswith(_OURS):
        for part in getattr(value, "__dict__", {}).values():
            _look_at(part, found, depth - 1)
