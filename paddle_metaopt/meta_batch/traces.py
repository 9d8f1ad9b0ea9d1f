"""What user code leaves behind that makes tasks depend on their order: attributes written, objects changed in place,
and random numbers drawn from what the tasks share."""

from __future__ import annotations

import copy
import random
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np
import paddle

from ..random_states import RandomStates
from ..vmap import CannotBatch


class Traces:
    """The attributes of a net's layers and of a loss function, the objects in them that can be changed in place, and
    the random states of Paddle, numpy and Python, as they are now.

    Large arrays and long containers count as data, which nobody changes in a forward pass.
    """

    def __init__(self, net, loss_fn):
        nets = [each for each in (net, loss_fn) if isinstance(each, paddle.nn.Layer)]
        layers = [layer for each in nets for layer in each.sublayers(include_self=True)]
        self._layers = [(layer, dict(vars(layer))) for layer in layers]
        self._random = RandomStates()
        self._copies = []
        seen: set = set()
        for layer, attributes in self._layers:
            for name, value in attributes.items():
                if type(value) not in _FIXED and name not in _OF_ANY_LAYER:
                    self._follow(f"{type(layer).__name__}.{name}", value, seen)
        written_in = loss_fn
        while isinstance(written_in, partial):
            self._follow("what the loss function refers to", [written_in.args, written_in.keywords], seen, depth=5)
            written_in = written_in.func
        self._cells = [(cell, _content(cell)) for cell in getattr(written_in, "__closure__", None) or ()]
        for _, content in self._cells:
            self._follow("what the loss function refers to", content, seen)
        self._follow("the loss function", getattr(written_in, "__self__", written_in), seen)

    def require_none_left(self) -> None:
        """Raise a CannotBatch if one changed: each task would have had another value."""
        if not RandomStates().has_same_shared(self._random):
            raise CannotBatch(
                "random numbers were drawn by numpy or Python, or by Paddle past its table of ops, of which each task "
                "has to have its own"
            )
        for layer, attributes in self._layers:
            for name, value in vars(layer).items():
                if attributes.get(name) is not value and name not in _WRITTEN_WITHOUT_A_CHANGE:
                    raise CannotBatch(f"{type(layer).__name__}.{name} was written in forward, by all tasks at once")
        if any(_content(cell) is not content for cell, content in self._cells):
            raise CannotBatch("a variable that the loss function refers to was written, by all tasks at once")
        for where, copied in self._copies:
            if not copied.is_same():
                raise CannotBatch(f"{where} was changed in place, by all tasks at once")

    def put_back(self) -> None:
        """Everything as it was."""
        for layer, attributes in self._layers:
            present = vars(layer)
            for name in present.keys() - attributes.keys():
                del present[name]
            present.update(attributes)
        for cell, content in self._cells:
            if content is not _content(cell):
                cell.cell_contents = content
        for _, copied in self._copies:
            copied.put_back()
        self._random.restore()

    def _follow(self, where: str, value, seen: set, depth: int = 3) -> None:
        """Copy what can be changed in place of a value, and of what it holds."""
        if type(value) in _FIXED or isinstance(value, _NOT_FOLLOWED) or id(value) in seen or not depth:
            return
        seen.add(id(value))
        copied = _copy_of(value)
        if copied is not None:
            self._copies.append((where, copied))
        for entry in _entries_of(value):
            self._follow(where, entry, seen, depth - 1)


def _copy_of(value):
    if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
        return _Generator(value)
    if isinstance(value, np.ndarray):
        return _Array(value) if value.nbytes <= _LARGE else None
    held = value if isinstance(value, (list, dict, set)) else getattr(value, "__dict__", None)
    return _Container(held) if isinstance(held, (list, dict, set)) and len(held) <= _LONG else None


def _entries_of(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        return value if len(value) <= _LONG else ()
    held = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return held.values() if isinstance(held, dict) and len(held) <= _LONG else ()


#: Bytes of an array, and entries of a container.
_LARGE, _LONG = 2**16, 1000


class _Container:
    """A list, dict or set, and its entries."""

    def __init__(self, value):
        self._value, self._entries = value, copy.copy(value)

    def is_same(self) -> bool:
        now, before = self._value, self._entries
        if isinstance(now, dict):
            return now.keys() == before.keys() and all(now[key] is before[key] for key in now)
        return len(now) == len(before) and all(a is b for a, b in zip(now, before))

    def put_back(self) -> None:
        if isinstance(self._value, list):
            self._value[:] = self._entries
        else:
            self._value.clear()
            self._value.update(self._entries)


class _Array:
    """A numpy array, and its numbers."""

    def __init__(self, value):
        self._value, self._numbers = value, value.copy()

    def is_same(self) -> bool:
        return self._value.tobytes() == self._numbers.tobytes()

    def put_back(self) -> None:
        if not self.is_same():
            self._value[...] = self._numbers


class _Generator:
    """A generator of random numbers, and where it stands."""

    def __init__(self, value):
        if isinstance(value, np.random.Generator):
            bits = value.bit_generator
            self._get, self._set = (lambda: bits.state), partial(setattr, bits, "state")
        elif isinstance(value, np.random.RandomState):
            self._get, self._set = partial(value.get_state, legacy=False), value.set_state
        else:
            self._get, self._set = value.getstate, value.setstate
        self._state = copy.deepcopy(self._get())

    def is_same(self) -> bool:
        return repr(self._get()) == repr(self._state)

    def put_back(self) -> None:
        self._set(self._state)


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # of a name that has no value yet
        return None


#: Types whose values never change.
_FIXED = {type(None), bool, int, float, complex, str, bytes, type(paddle.float32)}

#: What is looked after elsewhere, or is beyond us.
_NOT_FOLLOWED = (
    paddle.Tensor, paddle.nn.Layer, paddle.optimizer.Optimizer, paddle.optimizer.lr.LRScheduler, type, FunctionType,
    BuiltinFunctionType, MethodType, ModuleType,
)  # fmt: skip

#: What Paddle keeps in any layer.
_OF_ANY_LAYER = frozenset(vars(paddle.nn.Layer()))

#: How BatchNorm1D spells its layout after its first call; and that a layer with a hook was called.
_WRITTEN_WITHOUT_A_CHANGE = frozenset({"_data_format", "_built"})
