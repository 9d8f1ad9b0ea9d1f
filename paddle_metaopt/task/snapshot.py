"""What a forward pass of a net reads, to tell later whether it would read the same again."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from itertools import chain
from types import FunctionType, MethodType, ModuleType

import paddle
from paddle.base import core  # its autocast state is not public


class Snapshot:
    """All that a layer and some values are made of: the objects themselves, and what of them can be written in place.

    What can't be followed is never the same as anything, nor is a hook on another layer.

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

    def __init__(self, layer, values, moving: set, statistics: bool):
        self.batch_norms = []
        self._layer = layer
        self._moving = moving
        self._statistics = statistics
        self._met = set()
        self._objects = [paddle.is_grad_enabled(), paddle.get_default_dtype(), *_autocast()]
        self._tensors = []
        for value in (layer, *values):
            self._add(value)

    def kept(self) -> Snapshot:
        """Itself, with copies of the tensors as they are now; on a GPU nothing waits for them."""
        with paddle.no_grad():
            self._tensors = [tensor.clone() for tensor in self._tensors]
        return self

    def is_same(self, other: Snapshot) -> bool:
        """Whether the other is made of the same objects, and tensors have the same values, by the byte."""
        if len(self._objects) != len(other._objects) or not all(map(_is_same, self._objects, other._objects)):
            return False
        return all(map(_has_same_bytes, self._tensors, other._tensors))

    def _add(self, value):
        if id(value) in self._moving:
            value = None
        self._objects.append(value)
        if type(value) in _FIXED or id(value) in self._met:
            return
        self._met.add(id(value))
        if isinstance(value, paddle.Tensor):
            self._add_tensor(value)
        elif isinstance(value, paddle.nn.Layer):
            self._add_layer(value)
        elif type(value) is MethodType:
            self._add(value.__self__)
        elif type(value) in (dict, OrderedDict):
            self._add_all(chain.from_iterable(value.items()))
        elif type(value) in (list, tuple, set):
            self._add_all(value)
        else:
            self._objects.append(_fingerprint(value))

    def _add_all(self, values):
        for value in values:
            self._add(value)
        self._objects.append("end")

    def _add_tensor(self, tensor):
        if not tensor._is_initialized():  # an RNN has such a one
            self._objects.append("empty")
        elif tensor.is_dense():
            self._objects += [tensor.stop_gradient, tensor.inplace_version]
            self._tensors.append(tensor)
        else:
            self._objects.append(object())

    def _add_layer(self, layer):
        passed_over = _BOOKKEEPING
        if layer is self._layer:
            passed_over = passed_over | {"forward", "_forward_pre_hooks", "_forward_post_hooks"}
        elif layer._forward_pre_hooks or layer._forward_post_hooks:
            self._objects.append(object())
        if isinstance(layer, paddle.nn.layer.norm._BatchNormBase):
            # It spells its layout otherwise after its first call: that call would not be known again, and a resumed run
            # would sum its first gradients in another order.
            passed_over = passed_over | {"_data_format"}
            pair = layer._mean, layer._variance
            read = layer._use_global_stats or not layer.training or not all(t.stop_gradient for t in pair)
            if not (read or self._statistics):
                self.batch_norms.append(layer)
                self._met.update(map(id, pair))
        for key, value in vars(layer).items():
            if key not in passed_over:
                self._objects.append(key)
                self._add(value)


#: Types whose values never change. What a function or a module reads is beyond us.
_FIXED = {
    type(None), bool, int, float, complex, str, bytes, type, FunctionType, ModuleType, type(paddle.float32)
}  # fmt: skip

#: Attributes of any Layer that no forward pass reads.
_BOOKKEEPING = {key for key, value in vars(paddle.nn.Layer()).items() if not isinstance(value, (bool, str))} - {
    "_parameters", "_buffers", "_sub_layers", "_forward_pre_hooks", "_forward_post_hooks"
}  # fmt: skip


def _autocast() -> list:
    attributes = core._get_amp_attrs()
    return [attributes._amp_level, attributes._amp_dtype, str(core._get_amp_op_list())]


def _fingerprint(value):
    """Equal as long as the value is not changed in place."""
    try:
        return pickle.dumps(value)
    except Exception:  # no two of these are the same
        return object()


def _is_same(first, second) -> bool:
    return first is second or (type(first) is type(second) and type(first) in _BY_VALUE and first == second)


_BY_VALUE = {int, str, bytes, core.AmpLevel}


def _has_same_bytes(first, second) -> bool:
    form = first.dtype == second.dtype and first.shape == second.shape
    return form and first.numpy().tobytes() == second.numpy().tobytes()  # -0.0 is not 0.0, nan is nan
