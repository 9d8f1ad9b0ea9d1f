"""What user code leaves behind that makes tasks depend on their order: variables and attributes written, objects
changed in place, and random numbers drawn from what the tasks share."""

from __future__ import annotations

from functools import lru_cache, partial
from logging import Logger
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

import paddle

from ..random_states import RandomStates
from ..vmap import CannotBatch
from .contents import can_be_put_back, content_of, entries_of, is_in_a_library
from .kept import Attributes, Cells, Variables


class Traces:
    """What the layers of a net and a loss function can write and change in place, and the random states of Paddle,
    numpy and Python, as they are now.

    Followed are the attributes of objects, the variables that functions name, and the functions among these in turn;
    not what is in Paddle, numpy or Python itself. A net's own parameters and buffers are each task's.
    """

    def __init__(self, net, loss_fn):
        self._random = RandomStates()
        self._kept: list = []
        self._goes_on: str | None = None
        self._seen: set = set()
        layers = net.sublayers(include_self=True)
        self._seen.update(map(id, layers))
        for layer in layers:
            self._add_layer(layer)
        self._follow("what the loss function refers to", loss_fn)

    def require_all_kept(self) -> None:
        """Raise a CannotBatch if one can't be put back: the tasks may have to run again."""
        if self._goes_on is not None:
            raise CannotBatch(f"{self._goes_on}, which can't be put back where it was")

    def require_none_left(self) -> None:
        """Raise a CannotBatch if one changed: each task would have had another value."""
        if not RandomStates().has_same_shared(self._random):
            raise CannotBatch(
                "random numbers were drawn by numpy or Python, or by Paddle past its table of ops, of which each task "
                "has to have its own. If it was the data set of a loader, which reads ahead in a thread, give the "
                "loader num_workers=1"
            )
        for kept in self._kept:
            change = kept.change()
            if change is not None:
                raise CannotBatch(f"{change}, by all tasks at once")

    def put_back(self) -> None:
        """Everything as it was."""
        for kept in self._kept:
            kept.put_back()
        self._random.restore()

    def _add_layer(self, layer):
        attributes = Attributes(layer)
        self._kept.append(attributes)
        kind = type(layer)
        for name, value in attributes.values.items():
            if type(value) not in _FIXED and name not in _OF_ANY_LAYER:
                self._follow(f"{kind.__name__}.{name}", value)
        where = f"what {kind.__name__} refers to"
        self._follow_callable(where, kind.forward, kind)
        for hook in (*layer._forward_pre_hooks.values(), *layer._forward_post_hooks.values()):
            self._follow(where, hook)

    def _add_layers_outside(self, where: str, top):
        """Those that are not the net's, whose parameters and buffers all tasks share."""
        for layer in top.sublayers(include_self=True):
            self._seen.add(id(layer))
            self._add_layer(layer)
            for held in (layer._parameters, layer._buffers):
                self._follow(where, held)

    def _follow(self, where: str, value, depth: int = 3):
        """Keep what can be changed in place of a value, and of what it holds."""
        kind = type(value)
        if kind in _FIXED or not depth or id(value) in self._seen:
            return
        if kind is FunctionType:
            self._follow_function(where, value, None, depth)
            return
        if kind is MethodType:
            self._follow_callable(where, value.__func__, type(value.__self__), depth)
            self._follow(where, value.__self__, depth)
            return
        self._seen.add(id(value))
        if kind is partial:
            for entry in (value.func, *value.args, *value.keywords.values()):
                self._follow(where, entry, depth)
        elif isinstance(value, paddle.nn.Layer):
            self._add_layers_outside(where, value)
        elif not isinstance(value, _NOT_FOLLOWED):
            self._follow_object(where, value, depth)

    def _follow_object(self, where: str, value, depth: int):
        if not can_be_put_back(value):
            self._goes_on = f"{where} is of {type(value).__name__}"
        content = content_of(where, value)
        if content is not None:
            self._kept.append(content)
        if isinstance(value, paddle.Tensor):
            return
        for entry in entries_of(value):
            self._follow(where, entry, depth - 1)
        if callable(value) and type(type(value).__call__) is FunctionType:
            self._follow_function(where, type(value).__call__, type(value), depth)

    def _follow_callable(self, where: str, value, owner: type | None, depth: int = 3):
        """What a class has under a name: a method, most often."""
        value = value.fget if isinstance(value, property) else value
        value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
        if type(value) is FunctionType:
            self._follow_function(where, value, owner, depth)
        else:
            self._follow(where, value, depth)

    def _follow_function(self, where: str, function, owner: type | None, depth: int):
        """Keep the variables that a function names; of a method, also the members of its class."""
        known = id(function), owner
        if known in self._seen or is_in_a_library(function.__globals__.get("__name__")):
            return
        self._seen.add(known)
        names = _names_in(function.__code__)
        found = self._variables(function.__globals__, names)
        if function.__closure__:
            cells = Cells(function)
            self._kept.append(cells)
            found += cells.values
        found += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        for value in found:
            if isinstance(value, (ModuleType, type)):
                self._follow_members(where, value, names, depth)
            else:
                self._follow(where, value, depth)
        if vars(function):
            self._follow(where, vars(function), depth)
        if owner is not None:
            self._follow_members(where, owner, names, depth)

    def _follow_members(self, where: str, owner, names, depth: int):
        """Keep the members of these names of a class or a module."""
        for part in owner.__mro__ if isinstance(owner, type) else (owner,):
            module = getattr(part, "__module__", "builtins") if isinstance(part, type) else part.__name__
            if is_in_a_library(module):  # a class in C, such as the base of PyLayer, may say none
                continue
            for value in self._variables(part, names):
                self._follow_callable(where, value, owner if isinstance(owner, type) else None, depth)

    def _variables(self, namespace, names) -> list:
        variables = Variables(namespace, names)
        self._kept.append(variables)
        return list(variables.values.values())


@lru_cache(maxsize=4096)
def _names_in(code: CodeType) -> tuple:
    """The names of variables and attributes in a function, and in those that it defines."""
    inner = [_names_in(part) for part in code.co_consts if isinstance(part, CodeType)]
    return tuple(dict.fromkeys([*code.co_names, *(name for names in inner for name in names)]))


#: Types whose values never change.
_FIXED = {type(None), bool, int, float, complex, str, bytes, type(paddle.float32), object}

#: What is looked after elsewhere, or is beyond us.
_NOT_FOLLOWED = (
    paddle.optimizer.Optimizer, paddle.optimizer.lr.LRScheduler, type, BuiltinFunctionType, ModuleType, Logger
)  # fmt: skip

#: What Paddle keeps in any layer.
_OF_ANY_LAYER = frozenset(vars(paddle.nn.Layer()))
