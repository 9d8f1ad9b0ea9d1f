"""What a net is called with, where the net itself differentiates by it."""

from __future__ import annotations

from contextlib import contextmanager

import paddle


class Inputs:
    """The inputs of a learner's calls.

    A net that takes gradients by its input, as a force field does, makes it a leaf that has one, and nobody asked for
    that. Each further call gets a leaf of its own: the fast weights depend on the one of the calls before, and the net
    wants its gradient at fixed weights.

    Parameters
    ----------
    leaves : Leaves
        Is told of the leaves that the net made.
    """

    def __init__(self, leaves):
        self._leaves = leaves
        self._made_live = {}  # by id
        self.last = None

    @contextmanager
    def of_a_call(self, inputs, kwargs):
        """A context for a call; gives the inputs and keywords to call the net with."""
        self.last = inputs, kwargs  # to find the layer that an error speaks of
        if self._made_live:
            inputs, kwargs = paddle.utils.map_structure(self._afresh, [inputs, kwargs])
        given = paddle.utils.flatten([inputs, kwargs])
        constants = [t for t in given if isinstance(t, paddle.Tensor) and t.stop_gradient]
        yield inputs, kwargs
        for tensor in constants:
            if not tensor.stop_gradient:
                self._leaves.nobody_asked_for(tensor)
                tensor.stop_gradient = True
                self._made_live[id(tensor)] = tensor

    def _afresh(self, value):
        return value.detach() if id(value) in self._made_live else value
