"""ANIL's body, computed once per task where that is provably the same.

Where all that adapts is in a head, the body's output cannot change during a task, so its graph can be used again.
"""

from __future__ import annotations

import hashlib
import pickle
import random
from collections import OrderedDict
from contextlib import contextmanager, nullcontext
from functools import partial

import numpy as np
import paddle

from ..double_grad import requires_grad, with_pullback
from ..double_grad.audit import depends
from ..double_grad.undo import Undo


class NoReuse:
    """Every call of the net runs it in full."""

    installed = nullcontext

    def boundaries(self) -> None:
        return None


class BodyReuse:
    """Runs a net by its head alone if the same input objects come again.

    The head's input is reused only if nothing in the layers outside the head changed since, no random number was drawn
    and no weight of the head read in computing it, the head has positional arguments alone, no hook stands in the body
    or before the head, and the net's output is the head's output. In full otherwise. What a layer reads beyond its own
    attributes, such as a global variable, can't be seen.

    Parameters
    ----------
    net, head : Layer
    slots : Slots
        Of the net.
    fast : dict of str to Tensor
        The present fast weights, as the task moves them.
    adapted : list of str
        The names of those that move; all are in the head.
    keeps_buffers : bool
        Whether what a forward pass does to buffers remains after the task.
    """

    def __init__(self, net, head, slots, fast: dict, adapted: list, keeps_buffers: bool, note_anchor):
        self.net, self.head = net, head
        self._fast, self._adapted = fast, adapted
        self._restores = not keeps_buffers
        containers = {
            id(container)
            for layer in head.sublayers(include_self=True)
            for container in (layer._parameters, vars(layer).get("_all_weights"))
        }
        places = [place for name in adapted for place in slots.places(name)]
        self._head_stands_elsewhere = any(id(container) not in containers for container, _ in places)
        inside = {id(layer) for layer in self.head.sublayers(include_self=True)}
        self._body = [layer for layer in self.net.sublayers(include_self=True) if id(layer) not in inside]
        self._known = []
        self._boundaries = []
        self._anchors = []
        self._note_anchor = note_anchor

    def _head_weights(self):
        return [self._fast[name] for name in self._adapted]

    def _head_ids(self):
        return {id(self._fast[name]) for name in self._adapted}

    def _only_written(self, layer, tensor):
        """Statistics that a BatchNorm in batch mode moves but does not read, and that nobody keeps."""
        statistics = isinstance(layer, paddle.nn.layer.norm._BatchNormBase) and layer.training
        return self._restores and statistics and not layer._use_global_stats and tensor.stop_gradient

    def boundaries(self) -> list:
        """The body's outputs, where an inner gradient for the head's weights may stop."""
        return list(self._boundaries) or None

    @contextmanager
    def installed(self):
        """A context in which calls of the net may be answered by its head alone."""
        original = self.net.forward

        def forward(*inputs, **kwargs):
            known = self._find(inputs, kwargs)
            if known is not None:
                return self.head(*known.head_inputs)
            return self._in_full(original, inputs, kwargs)

        with _forward_of(self.net, forward):
            yield

    def _in_full(self, original, inputs, kwargs):
        calls, keywords, outputs = [], {}, []
        of_head = self.head.forward

        def head_forward(*head_inputs, **head_keywords):
            watch.pause()
            try:
                if not calls:  # a later call may depend on the head's weights through the first
                    head_inputs = [self._fenced(t) if isinstance(t, paddle.Tensor) else t for t in head_inputs]
                calls.append(head_inputs)
                keywords.update(head_keywords)
                outputs.append(of_head(*head_inputs, **head_keywords))
                return outputs[-1]
            finally:
                watch.resume()

        before = self._surroundings()
        chance = _random_state()
        watch = _Reads(self.head)
        with watch.watching(), _forward_of(self.head, head_forward):
            result = original(*inputs, **kwargs)
        by_the_head = len(calls) == 1 and outputs and outputs[0] is result and not kwargs and not keywords
        apart = not watch.reads and not self._head_stands_elsewhere
        if by_the_head and apart and chance == _random_state() and not self._hooked():
            after = self._surroundings()
            if self._is_same(before, after):
                self._known.append(_Known(inputs, calls[0], after))
        return result

    def _fenced(self, tensor):
        """The head's input, through a node where an inner gradient can be stopped."""
        if not requires_grad(tensor) or not paddle.is_grad_enabled():
            return tensor
        if depends([tensor], self._head_weights()):
            return tensor
        anchor = paddle.zeros([1], tensor.dtype)
        anchor.stop_gradient = False
        # Paddle looks at the first operand to see whether a node wants gradients: so that one is never cut off.
        fenced = with_pullback(tensor.clone, [anchor, tensor], lambda g: [None, g])
        self._boundaries.append(tensor)
        self._anchors.append(anchor)
        self._note_anchor(anchor)
        return fenced

    def _find(self, inputs, kwargs):
        if kwargs:
            return None
        for known in self._known:
            if known.has(inputs) and self._is_same(known.surroundings, self._surroundings()):
                return known
        return None

    def _surroundings(self):
        """Everything outside the head that a forward pass can read: attributes, tensors and their contents' age."""
        seen = [paddle.is_grad_enabled()]
        for layer in self._body:
            for key, value in vars(layer).items():
                if key not in _WRITTEN_WITHOUT_A_CHANGE:
                    seen += [value] if key in _LAYERS_OWN else [value, _state_of(value)]
            seen.extend(layer._sub_layers.values())
            for container in (layer._parameters, layer._buffers):
                for tensor in container.values():
                    if tensor is None or id(tensor) in self._head_ids():
                        continue
                    seen.append(tensor)
                    if not self._only_written(layer, tensor):
                        seen.append(_content(tensor))
        return seen

    @staticmethod
    def _is_same(first, second):
        return len(first) == len(second) and all(a is b or (type(a) is bytes and a == b) for a, b in zip(first, second))

    def _hooked(self):
        around_body = (layer for layer in self._body if layer is not self.net)
        return bool(self.head._forward_pre_hooks or self.head._forward_post_hooks) or any(
            layer._forward_pre_hooks or layer._forward_post_hooks for layer in around_body
        )


#: Our own, and how BatchNorm1D spells its layout after its first call: else that call would not be known again, and a
#: resumed run would sum its first gradients in another order.
_WRITTEN_WITHOUT_A_CHANGE = ("forward", "_data_format")

#: Attributes of any Layer, which are compared one by one or are Paddle's own.
_LAYERS_OWN = frozenset(vars(paddle.nn.Layer()))


def _forward_of(layer, forward) -> Undo:
    """From now on a layer has another forward; what is returned is a context to be left for its own."""
    attributes = vars(layer)
    if "forward" in attributes:
        before = Undo(partial(attributes.__setitem__, "forward", attributes["forward"]))
    else:
        before = Undo(partial(attributes.pop, "forward", None))
    attributes["forward"] = forward
    return before


def _state_of(value):
    """Something equal as long as an attribute's value is not changed in place."""
    if isinstance(value, paddle.Tensor):
        return _content(value)
    if value is None or isinstance(value, (paddle.nn.Layer, type)) or callable(value):
        return None
    try:
        return pickle.dumps(value)
    except Exception:  # no two of these are the same
        return object()


class _Reads:
    """Counts how often the parameters of a layer are read, while not paused."""

    def __init__(self, layer):
        self.reads = 0
        self._paused = False
        self._replaced = [(part, part._parameters) for part in layer.sublayers(include_self=True)]

    def watching(self) -> Undo:
        """From now on it counts; what is returned is a context to be left for its end."""
        ended = Undo(self._remove)
        for part, own in self._replaced:
            vars(part)["_parameters"] = _WatchedDict(own, self)
        return ended

    def pause(self):
        self._paused = True

    def resume(self):
        self._paused = False

    def note(self):
        self.reads += not self._paused

    def _remove(self):
        self.pause()
        for part, own in self._replaced:
            watched = vars(part)["_parameters"]
            if watched is not own:
                own.update(watched)
                for gone in own.keys() - watched.keys():
                    del own[gone]
                vars(part)["_parameters"] = own


class _WatchedDict(OrderedDict):
    def __init__(self, content, watch):
        self._watch = None
        super().__init__(content)
        self._watch = watch

    def _noted(self):
        if self._watch is not None:
            self._watch.note()

    def __getitem__(self, key):
        self._noted()
        return super().__getitem__(key)

    def values(self):
        self._noted()
        return super().values()

    def items(self):
        self._noted()
        return super().items()


class _Known:
    def __init__(self, inputs, head_inputs, surroundings):
        self.inputs, self.head_inputs, self.surroundings = inputs, head_inputs, surroundings
        self._contents = [_content(t) for t in inputs if isinstance(t, paddle.Tensor)]

    def has(self, inputs):
        return (
            len(inputs) == len(self.inputs)
            and all(a is b for a, b in zip(inputs, self.inputs))
            and self._contents == [_content(t) for t in inputs if isinstance(t, paddle.Tensor)]
        )


def _content(tensor) -> bytes:
    """A fingerprint of the values: assignment in place leaves no other trace in Paddle."""
    return hashlib.blake2b(tensor.detach().numpy().tobytes(), digest_size=16).digest()


def _random_state():
    return (
        pickle.dumps(paddle.get_rng_state()),
        random.getstate(),
        [part.tobytes() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],
    )
