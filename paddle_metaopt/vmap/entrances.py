"""What goes past Paddle's table of ops: ways into its C++ that a `Batched` must not take, as it holds nothing there.

Each has a stand-in while tasks are batched, which runs it task by task or refuses. What no stand-in catches finds a
tensor that no kernel takes (`batched.NOTHING`), and raises.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, Callable

import paddle
from paddle.base import core
from paddle.base.framework import EagerParamBase  # a Parameter's type; not public

from ..double_grad import kernels
from ..double_grad.registry import REPLACEMENTS
from .batched import Batched, CannotBatch
from .indexing import picked
from .task_by_task import task_by_task

Tensor = core.eager.Tensor


def has_batched(args, kwargs=None) -> bool:
    """Whether one of the arguments is a `Batched`, or a list with one."""
    for arg in args:
        kind = type(arg)
        if kind is Batched or ((kind is list or kind is tuple) and any(type(entry) is Batched for entry in arg)):
            return True
    return bool(kwargs) and has_batched(kwargs.values())


def replacements(is_batching: Callable[[], bool]) -> list[tuple]:
    """(owner, name, stand-in) for all of them; they stand in every thread, and ``is_batching()`` says whether tasks are
    batched in the present one."""
    return [
        *_older_ops(), *_replaced_by_rules(), *_methods_in_cpp(), *_slots_in_cpp(), *_operators_of_parameters(),
        *_functions_of_the_engine(),
        (Tensor, "__init__", _refusing(Tensor.__init__, "paddle.Tensor(...)")),
        (Tensor, "set_value", _set_value(Tensor.set_value, is_batching)),
        (paddle.autograd.PyLayer, "apply", classmethod(_apply)),
        (_program.StaticFunction, "__call__", _as_written(_program.StaticFunction.__call__, is_batching)),
    ]  # fmt: skip


_program = sys.modules["paddle.jit.dy2static.program_translator"]


def held_by_name(stand_ins: dict[str, Any], originals: dict[str, tuple]) -> list[tuple]:
    """(module, name, stand-in) where any module, a user's too, holds one of the ops under a name of its own."""
    known = {id(original): op for op, found in originals.items() for original in found}
    modules = [module for name, module in list(sys.modules.items()) if module and not name.startswith(_NOT_EAGER)]
    return [
        (module, name, stand_ins[known[id(value)]])
        for module in modules
        for name, value in list(getattr(module, "__dict__", {}).items())
        if id(value) in known and module is not kernels.TABLE
    ]


#: What builds static programs, or is ours and calls the ops on purpose.
_NOT_EAGER = ("paddle.base.libpaddle", "paddle._pir_ops", "paddle._C_ops", "paddle.decomposition", "paddle_metaopt")


def _older_ops():
    table = kernels.LEGACY_TABLE
    for name, op in list(vars(table).items()):
        if callable(op) and not name.startswith("__"):
            refuse = name.endswith("_") or name in _CHANGING
            yield table, name, _refusing(op, name) if refuse else _looping(op)


def _replaced_by_rules():
    """Functions that a rule for second derivatives stands for as a whole: it is one on tensors as they are."""
    for owner, name, _, always, _ in REPLACEMENTS:
        if owner is not kernels.LEGACY_TABLE and not always and not name.startswith("__"):
            yield owner, name, _looping(getattr(owner, name))


_WRITING = (
    "adadelta adagrad adam adamax adamw dgc_momentum ftrl lamb lars_momentum momentum rmsprop sgd merged_adam "
    "merged_momentum distributed_fused_lamb run_program pir_run_program py_func assign_value fill_constant increment"
)

#: The older ops that write into what they are given, or run a program.
_CHANGING = frozenset(_WRITING.split())

_ALONE = (
    "_bump_inplace_version _clear _grad_ivar _inplace_version _is_initialized _local_value clear_gradient clone "
    "contiguous data_ptr detach detach_ element_size get_strides get_tensor is_contiguous is_dense is_dist "
    "is_selected_rows is_sparse is_sparse_coo is_sparse_csr numpy retain_grads stride"
)

#: Methods of a Tensor in C++ that take no other tensor; they stay as fast as they are.
_OF_ITSELF = frozenset(_ALONE.split())


def _methods_in_cpp():
    for name, method in list(vars(Tensor).items()):
        if not inspect.ismethoddescriptor(method) or name.startswith("__") or name in _OF_ITSELF:
            continue
        yield Tensor, name, _indexing(method) if name == "_getitem_dygraph" else _refusing(method, f"Tensor.{name}")


def _slots_in_cpp():
    """Attributes into which a tensor may be written."""
    for name in ("data", "grad", "grad_"):
        slot = vars(Tensor).get(name)
        if inspect.isgetsetdescriptor(slot):
            yield Tensor, name, property(slot.__get__, _refusing(slot.__set__, f"Tensor.{name}"))


def _operators_of_parameters():
    """Python asks a `Batched` on the right first if it is of a subclass; of a Parameter's class it is none."""
    for name in _BINARY.split():
        yield EagerParamBase, f"__{name}__", _yielding(f"__{name}__")


_BINARY = "add sub mul truediv pow mod floordiv matmul eq ne lt le gt ge and or xor"


def _functions_of_the_engine():
    for name, function in list(vars(core.eager).items()):
        if inspect.isbuiltin(inspect.unwrap(function)):  # the guards stand round some
            yield core.eager, name, _refusing(function, f"core.eager.{name}")


def _yielding(name):
    def operator(self, other):
        return NotImplemented if type(other) is Batched else getattr(Tensor, name)(self, other)

    return operator


def _refusing(function: Callable, what: str) -> Callable:
    @functools.wraps(function)
    def call(*args, **kwargs):
        if has_batched(args, kwargs):
            raise CannotBatch(what)
        return function(*args, **kwargs) if kwargs else function(*args)  # Tensor's __init__ minds an empty one on 3.1

    return call


def _set_value(function: Callable, is_batching: Callable) -> Callable:
    """It takes no note in the tensor's version, so a Parameter that each task writes into could not be seen."""
    refusing = _refusing(function, "Tensor.set_value")

    @functools.wraps(function)
    def call(self, value):
        if isinstance(self, EagerParamBase) and is_batching():
            raise CannotBatch("Tensor.set_value of a Parameter")
        return refusing(self, value)

    return call


def _looping(function: Callable) -> Callable:
    @functools.wraps(function)
    def call(*args, **kwargs):
        return task_by_task(function, args, kwargs) if has_batched(args, kwargs) else function(*args, **kwargs)

    return call


def _indexing(getitem):
    def get(self, key):
        if has_batched(key if isinstance(key, tuple) else (key,)):
            return picked(self, key)
        return getitem(self, key)

    return get


def _as_written(call, is_batching):
    """A compiled function runs on the weights that it was compiled with, and in C++."""

    @functools.wraps(call)
    def run(function, *args, **kwargs):
        if paddle.in_dynamic_mode() and is_batching():
            return function.dygraph_function(*args, **kwargs)
        return call(function, *args, **kwargs)

    return run


def _apply(cls, *args, **kwargs):
    """What stands in for ``PyLayer.apply``, which stands in C++ itself."""
    if has_batched(args, kwargs):
        raise CannotBatch(f"the PyLayer {cls.__name__}")
    return super(paddle.autograd.PyLayer, cls).apply(*args, **kwargs)
