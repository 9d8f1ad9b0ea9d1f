"""Things that user code can change, as they were: each says whether it is another one now, and becomes that again."""

from __future__ import annotations

import copy
import random
from functools import partial
from types import BuiltinFunctionType

import numpy as np
import paddle

from ..vmap import is_unmoved


class Attributes:
    """Those of a Layer."""

    def __init__(self, layer):
        self._layer, self.values = layer, dict(vars(layer))

    def change(self) -> str | None:
        """What was done to it, if anything was."""
        before = self.values
        for name, value in vars(self._layer).items():
            if before.get(name) is not value and name not in _WRITTEN_WITHOUT_A_CHANGE:
                return f"{type(self._layer).__name__}.{name} was written in forward"
        return None

    def put_back(self):
        present = vars(self._layer)
        for name in present.keys() - self.values.keys():
            del present[name]
        present.update(self.values)


class Variables:
    """Those of these names in a namespace: a module's globals, or the attributes of a class."""

    def __init__(self, owner, names):
        self._owner = owner
        present = self._present()
        self.values = {name: present.get(name, _MISSING) for name in names}

    def _present(self):
        return self._owner if isinstance(self._owner, dict) else vars(self._owner)

    def change(self):
        present = self._present()
        for name, value in self.values.items():
            # An op that a module holds under a name of its own has a stand-in while tasks are batched.
            if present.get(name, _MISSING) is not value and type(value) is not BuiltinFunctionType:
                return f"the variable {self._shown(name)} was written"
        return None

    def _shown(self, name: str) -> str:
        owner = self._owner.get("__name__") if isinstance(self._owner, dict) else self._owner.__name__
        return f"{owner}.{name}"

    def put_back(self):
        present = self._present()
        for name, value in self.values.items():
            if present.get(name, _MISSING) is not value:
                self._write(name, value)

    def _write(self, name: str, value):
        if isinstance(self._owner, dict):
            self._owner.pop(name) if value is _MISSING else self._owner.update({name: value})
        else:
            delattr(self._owner, name) if value is _MISSING else setattr(self._owner, name, value)


class Cells:
    """The variables of outer functions that a function refers to."""

    def __init__(self, function):
        self._function, self._cells = function, function.__closure__
        self.values = list(map(_content, self._cells))

    def change(self):
        for name, cell, value in zip(self._function.__code__.co_freevars, self._cells, self.values):
            if _content(cell) is not value:
                return f"the variable {name!r} that {self._function.__qualname__} refers to was written"
        return None

    def put_back(self):
        for cell, value in zip(self._cells, self.values):
            if _content(cell) is not value:
                cell.cell_contents = value


class _Content:
    """An object that can be changed in place."""

    def __init__(self, where: str, value):
        self._where, self._value = where, value

    def change(self):
        return None if self._is_same() else f"{self._where} was changed in place"


class Container(_Content):
    """A list, dict or set, and its entries."""

    def __init__(self, where, value):
        super().__init__(where, value)
        self._entries = copy.copy(value)

    def _is_same(self):
        now, before = self._value, self._entries
        if isinstance(now, dict):
            return now.keys() == before.keys() and all(now[key] is before[key] for key in now)
        return len(now) == len(before) and all(a is b for a, b in zip(now, before))

    def put_back(self):
        if isinstance(self._value, list):
            self._value[:] = self._entries
        else:
            self._value.clear()
            self._value.update(self._entries)


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
    held = value if isinstance(value, (list, dict, set)) else getattr(value, "__dict__", None)
    return Container(where, held) if isinstance(held, (list, dict, set)) and len(held) <= _LONG else None


def entries_of(value):
    """What an object holds."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return value if len(value) <= _LONG else ()
    held = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return held.values() if isinstance(held, dict) and len(held) <= _LONG else ()


#: Bytes of an array, and entries of a container.
_LARGE, _LONG = 2**16, 1000


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # of a name that has no value yet
        return _MISSING


_MISSING = object()

#: How BatchNorm1D spells its layout after its first call; and that a layer with a hook was called.
_WRITTEN_WITHOUT_A_CHANGE = frozenset({"_data_format", "_built"})
