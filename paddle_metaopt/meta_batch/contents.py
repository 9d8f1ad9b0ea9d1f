"""What user code can change in place, as it was: each says whether it is another one now, and becomes that again."""

from __future__ import annotations

import array
import copy
import ctypes
import io
import queue
import random
import sys
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from types import MemberDescriptorType

import numpy as np
import paddle

from ..vmap import is_unmoved


class _Content:
    """An object that can be changed in place."""

    def __init__(self, where: str, value):
        self._where, self._value = where, value

    def change(self):
        return None if self._is_same() else f"{self._where} was changed in place"


class Container(_Content):
    """A list, deque, dict or set, and its entries."""

    def __init__(self, where, value):
        super().__init__(where, value)
        self._entries = copy.copy(value)

    def _is_same(self):
        now, before = self._value, self._entries
        if isinstance(now, dict):
            return now.keys() == before.keys() and all(now[key] is before[key] for key in now)
        return len(now) == len(before) and all(a is b for a, b in zip(now, before))

    def put_back(self):
        self._value.clear()
        add = self._value.extend if isinstance(self._value, (list, deque)) else self._value.update
        add(self._entries)


class Slots(_Content):
    """An object whose class names its attributes in ``__slots__``."""

    def __init__(self, where, value):
        super().__init__(where, value)
        self._entries = _attributes_of(value)

    def _is_same(self):
        now, before = _attributes_of(self._value), self._entries
        return now.keys() == before.keys() and all(now[name] is before[name] for name in now)

    def put_back(self):
        for name in _attributes_of(self._value).keys() - self._entries.keys():
            object.__delattr__(self._value, name)
        for name, entry in self._entries.items():
            object.__setattr__(self._value, name, entry)  # of a frozen dataclass too


class Buffer(_Content):
    """A bytearray or an array of Python's, and what is in it."""

    def __init__(self, where, value):
        super().__init__(where, value)
        self._entries = value[:]

    def _is_same(self):
        return bytes(self._value) == bytes(self._entries)

    def put_back(self):
        self._value[:] = self._entries


class Array(_Content):
    """A numpy array, and its numbers."""

    def __init__(self, where, value):
        super().__init__(where, value)
        self._numbers = value.copy()

    def _is_same(self):
        return self._value.tobytes() == self._numbers.tobytes()

    def put_back(self):
        if not self._is_same():
            self._value[...] = self._numbers


class Constant(_Content):
    """A Tensor without a derivative, and its numbers."""

    def __init__(self, where, value):
        super().__init__(where, value)
        self._version, self._copy = value.inplace_version, value.clone()

    def _is_same(self):
        touched = self._value.inplace_version != self._version or is_unmoved(self._value)
        return not touched and self._has_its_numbers()

    def _has_its_numbers(self) -> bool:
        return self._value.numpy().tobytes() == self._copy.numpy().tobytes()

    def put_back(self):
        if not self._has_its_numbers():
            self._value.set_value(self._copy)


class Generator(_Content):
    """A generator of random numbers, and where it stands."""

    def __init__(self, where, value):
        super().__init__(where, value)
        if isinstance(value, np.random.Generator):
            bits = value.bit_generator
            self._get, self._set = (lambda: bits.state), partial(setattr, bits, "state")
        elif isinstance(value, np.random.RandomState):
            self._get, self._set = partial(value.get_state, legacy=False), value.set_state
        else:
            self._get, self._set = value.getstate, value.setstate
        self._state = copy.deepcopy(self._get())

    def _is_same(self):
        return repr(self._get()) == repr(self._state)

    def put_back(self):
        self._set(self._state)


def content_of(where: str, value):
    """What can be changed in place of an object, as it is now; None if nothing can. Large arrays and tensors and long
    containers count as data, which nobody changes in a forward pass."""
    if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
        return Generator(where, value)
    if isinstance(value, np.ndarray):
        return Array(where, value) if value.nbytes <= _LARGE else None
    if isinstance(value, paddle.Tensor):
        small = value.is_dense() and value.size * value.element_size() <= _LARGE
        return Constant(where, value) if small and value.stop_gradient else None
    if isinstance(value, (bytearray, array.array)):
        return Buffer(where, value) if len(bytes(value)) <= _LARGE else None
    if _slots_of(value):
        return Slots(where, value)
    held = value if isinstance(value, _CONTAINERS) else getattr(value, "__dict__", None)
    return Container(where, held) if isinstance(held, _CONTAINERS) and len(held) <= _LONG else None


def can_be_put_back(value) -> bool:
    """Whether it could, once it was used. Of files, what was written stays."""
    return not isinstance(value, _GOES_ON) or isinstance(value, io.IOBase)


def entries_of(value):
    """What an object holds."""
    if isinstance(value, (list, deque, tuple, set, frozenset)):
        return value if len(value) <= _LONG else ()
    held = value if isinstance(value, dict) else _attributes_of(value)
    return held.values() if isinstance(held, dict) and len(held) <= _LONG else ()


def _attributes_of(value) -> dict:
    return {**_slots_of(value), **getattr(value, "__dict__", {})}


def _slots_of(value) -> dict:
    """By name, the attributes for which a user's class names slots."""
    found = {}
    for kind in type(value).__mro__:
        if is_in_a_library(kind.__module__):
            continue
        names = vars(kind).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if isinstance(vars(kind).get(name), MemberDescriptorType) and hasattr(value, name):
                found[name] = getattr(value, name)
    return found


_CONTAINERS = (list, deque, dict, set)

#: What moves on when it is used, and shows nobody where it stood.
_GOES_ON = (Iterator, memoryview, queue.SimpleQueue, ContextVar, ctypes.Array)

#: Bytes of an array, and entries of a container.
_LARGE, _LONG = 2**16, 1000


def is_in_a_library(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] in _LIBRARIES


#: Whose variables are their own affair.
_LIBRARIES = {"paddle", "numpy", "paddle_metaopt", *getattr(sys, "stdlib_module_names", sys.builtin_module_names)}
