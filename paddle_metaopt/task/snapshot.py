"""What a forward pass reads, to tell whether another one would read the same."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from operator import is_
from types import FunctionType, MethodType, ModuleType

import paddle
from paddle.base import core  # its autocast state is not public


class Snapshot:
    """All that a layer and some values are made of: the objects themselves, and what of them can be written in place.

    What can't be followed is never the same as anything, nor is another layer with a hook.

    Parameters
    ----------
    layer : Layer or None
        Its own ``forward`` and hooks may be others.
    values : tuple
    moving : set of int
        The ids of tensors that do not matter, nor which of them stands in a place.
    statistics : bool
        Whether the values matter of statistics that a BatchNorm only moves, as it does in training.

    Attributes
    ----------
    batch_norms : list of Layer
        Those whose statistics do not matter.
    """

    def __init__(self, layer, values: tuple, moving: set, statistics: bool):
        self.batch_norms = []
        self._layer = layer
        self._statistics = statistics
        autocast = core._get_amp_attrs()
        self._equal = [autocast._amp_level, autocast._amp_dtype, core._get_amp_op_list(), paddle.get_default_dtype()]
        self._identical = [paddle.is_grad_enabled()]
        self._tensors = []
        self._passed = set()
        self._to_do = [layer, *values]
        while self._to_do:
            value = self._to_do.pop()
            if id(value) in moving:
                value = None
            self._identical.append(value)
            if type(value) not in _FIXED and id(value) not in self._passed:
                self._passed.add(id(value))
                self._add_parts(value)

    def kept(self) -> Snapshot:
        """Itself, with copies of the tensors as they are now; on a GPU nothing waits for them."""
        with paddle.no_grad():
            self._tensors = [tensor.clone() for tensor in self._tensors]
        return self

    def is_same(self, other: Snapshot) -> bool:
        """Whether the other is made of the same objects, and tensors have the same values, by the byte."""
        return (
            self._equal == other._equal
            and len(self._identical) == len(other._identical)
            and all(map(is_, self._identical, other._identical))
            and all(map(_has_same_bytes, self._tensors, other._tensors))
        )

    def _add_parts(self, value):
        kind = type(value)
        if kind in (list, tuple, set):
            self._equal.append(len(value))
            self._to_do += value
        elif kind in (dict, OrderedDict):
            self._equal.append(len(value))
            self._to_do += [*value, *value.values()]
        elif kind is MethodType:
            self._to_do.append(value.__self__)
        elif isinstance(value, paddle.Tensor):
            self._add_tensor(value)
        elif isinstance(value, paddle.nn.Layer):
            self._add_layer(value)
        else:
            self._equal.append(_fingerprint(value))

    def _add_tensor(self, tensor):
        if not tensor._is_initialized():  # an RNN has such a one
            self._equal.append("empty")
        elif tensor.is_dense():
            self._equal += [tensor.stop_gradient, tensor.inplace_version]
            self._tensors.append(tensor)
        else:
            self._equal.append(object())

    def _add_layer(self, layer):
        read = {key: value for key, value in vars(layer).items() if key not in _BOOKKEEPING}
        if layer is self._layer:
            read.pop("forward", None)
        elif layer._forward_pre_hooks or layer._forward_post_hooks:
            self._equal.append(object())
        if isinstance(layer, paddle.nn.layer.norm._BatchNormBase):
            # It spells its layout otherwise after its first call: that call would not be known again, and a resumed run
            # would sum its first gradients in another order.
            del read["_data_format"]
            self._pass_over_statistics(layer)
        self._equal += read
        self._identical += read.values()
        self._to_do += [value for value in read.values() if type(value) not in _FIXED]

    def _pass_over_statistics(self, layer):
        pair = layer._mean, layer._variance
        moved_only = layer.training and not layer._use_global_stats and all(t.stop_gradient for t in pair)
        if moved_only and not self._statistics:
            self.batch_norms.append(layer)
            self._passed.update(map(id, pair))


#: Types whose values never change. What a function or a module reads is beyond us.
_FIXED = {
    type(None), bool, int, float, complex, str, bytes, type, FunctionType, ModuleType, type(paddle.float32)
}  # fmt: skip

#: Attributes of any Layer that its forward does not read.
_BOOKKEEPING = {key for key, value in vars(paddle.nn.Layer()).items() if not isinstance(value, (bool, str))} - {
    "_parameters", "_buffers", "_sub_layers"
}  # fmt: skip


def _fingerprint(value):
    """Equal as long as the value is not changed in place."""
    try:
        return pickle.dumps(value)
    except Exception:  # no two of these are the same
        return object()


def _has_same_bytes(first, second) -> bool:
    form = first.dtype == second.dtype and first.shape == second.shape
    return form and _bytes_of(first) == _bytes_of(second)  # -0.0 is not 0.0, nan is nan


def _bytes_of(tensor) -> bytes:
    return getattr(tensor, "stacked", tensor).numpy().tobytes()  # of all tasks, where it stands for them
