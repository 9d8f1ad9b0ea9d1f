"""Other tensors in place of a Layer's parameters and buffers, and the Layer's own back again whatever happens."""

from __future__ import annotations

from functools import partial

import paddle
from paddle.jit.pir_translated_layer import PirTranslatedLayer  # what paddle.jit.load gives; not public

from ..double_grad.undo import Undo

#: Parameters by form, but a forward pass moves them: BatchNorm's statistics, spectral norm's vectors.
_STATISTICS = frozenset({"_mean", "_variance", "weight_u", "weight_v"})


class Slots:
    """Every place in a Layer, its sublayers included, where a parameter or a buffer stands.

    A tensor that stands in several places (tied weights, an RNN's second list of its weights) is listed once, and
    is replaced in all of them.

    Attributes
    ----------
    parameters : dict of str to Tensor
        The trainable parameters, by their first name.
    buffers : dict of str to Tensor or None
        What a forward pass may change: buffers, those that are empty too, and statistics that Paddle keeps as
        parameters.
    containers : frozenset of int
        The ids of what they stand in.

    Raises
    ------
    TypeError
        If the Layer, or one in it, is a program that ``paddle.jit.load`` gave.
    """

    def __init__(self, net: paddle.nn.Layer):
        self.parameters, self.buffers = {}, {}
        self._places: dict[str, list] = {}
        self._name_of: dict[int, str] = {}
        layers = [("", net), *net.named_sublayers()]
        if any(isinstance(layer, (PirTranslatedLayer, paddle.jit.TranslatedLayer)) for _, layer in layers):
            raise TypeError(
                "net: a program loaded by paddle.jit.load runs on the weights stored in it, so it can't be adapted; "
                "build the net from its class and give it the weights by set_state_dict"
            )
        for prefix, layer in layers:
            for key, parameter in layer._parameters.items():
                if parameter is None:
                    continue
                if not parameter.stop_gradient:
                    self._add(self.parameters, prefix, layer._parameters, key)
                elif key in _STATISTICS:
                    self._add(self.buffers, prefix, layer._parameters, key)
            for key, buffer in layer._buffers.items():
                if buffer is None or buffer._is_initialized():
                    self._add(self.buffers, prefix, layer._buffers, key)
        for _, layer in layers:
            second_list = vars(layer).get("_all_weights")
            if isinstance(second_list, list):  # RNN layers run on this one
                for position, weight in enumerate(second_list):
                    if id(weight) in self._name_of:
                        self._places[self._name_of[id(weight)]].append((second_list, position))
        self.containers = frozenset(id(container) for places in self._places.values() for container, _ in places)

    def _add(self, found, prefix, container, key):
        tensor = container[key]
        name = None if tensor is None else self._name_of.get(id(tensor))
        if name is None:
            name = f"{prefix}.{key}" if prefix else key
            if tensor is not None:  # empty buffers are not tied to each other
                self._name_of[id(tensor)] = name
            self._places[name] = []
            found[name] = tensor
        self._places[name].append((container, key))

    def value(self, name: str):
        """The tensor that stands there now."""
        container, key = self._places[name][0]
        return container[key]

    def places(self, name: str) -> list:
        """The (container, key) pairs where the tensor of this name stands."""
        return self._places[name]

    def holding(self, tensors: dict) -> Undo:
        """From now on the Layer runs on `tensors` (by name); what is returned is a context to be left for its own."""
        displaced = []
        stay = Undo(partial(_put_back, displaced), self.containers)
        for name, tensor in tensors.items():
            for container, key in self._places[name]:
                displaced.append((container, key, container[key]))
                container[key] = tensor
        return stay


def _put_back(displaced: list):
    while displaced:
        container, key, tensor = displaced[-1]
        container[key] = tensor
        displaced.pop()
