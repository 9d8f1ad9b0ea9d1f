"""Where a task begins: at the net's own weights, or for some of them elsewhere, as an algorithm says."""

from __future__ import annotations

from typing import Callable

import paddle

from ..tensors import added
from ..vmap import batched_gradients, summed


class Start:
    """The weights that a task began with, and the way from there back to the net's own.

    Attributes
    ----------
    weights : dict of str to Tensor
    """

    def __init__(self, own: dict):
        self.weights = own
        self._moved = {}

    def move(self, values: dict) -> None:
        """These weights begin elsewhere."""
        self._moved = dict(values)
        self.weights = {**self.weights, **values}

    def pulled_back(self, cotangents: dict, tensors: list) -> list:
        """The gradients for `tensors`, the net's own weights first, from those for the weights that the task began
        with; of several tasks at once, the sums."""
        stayed = [None if name in self._moved else summed(cotangents.get(name)) for name in self.weights]
        found = [*stayed, *[None] * (len(tensors) - len(stayed))]
        live = [(value, cotangents.get(name)) for name, value in self._moved.items() if not value.stop_gradient]
        live = [(value, cotangent) for value, cotangent in live if cotangent is not None]
        if live:
            values, gradients = zip(*live)
            pulled = batched_gradients(values, tensors, grad_outputs=gradients, retain_graph=True, allow_unused=True)
            found = [added(a, b) for a, b in zip(found, pulled)]
        return found


def begun_elsewhere(begin: Callable, net, residence, own: dict, support) -> dict:
    """What ``begin(start, net, support)`` gives, by the names of the weights; see `Algorithm.begin`.

    The net's buffers stay as they are: the inner steps, which see the same support set, move them.

    Raises
    ------
    TypeError, ValueError
        If that is not a dict of the net's weights to tensors of their shapes.
    """
    names = {id(tensor): name for weights in (own, residence.fast) for name, tensor in weights.items()}
    with residence.passing_look(), residence.entered(), paddle.enable_grad():
        given = begin({parameter: residence.fast[name] for name, parameter in own.items()}, net, support)
    if not isinstance(given, dict):
        raise TypeError(f"begin: expected a dict of the net's weights to their values, got {given!r}")
    values = {}
    for weight, value in given.items():
        name = names.get(id(weight))
        if name is None:
            shown = getattr(weight, "name", repr(weight))
            raise ValueError(
                f"begin: expected trainable parameters of the net as keys, such as those of start; got {shown}"
            )
        if not isinstance(value, paddle.Tensor):
            raise TypeError(f"begin: expected a Tensor for {name}, got {value!r}")
        if value.shape != own[name].shape:
            raise ValueError(f"begin: {name} has shape {own[name].shape}, and was to begin at one of {value.shape}")
        values[name] = value.astype(own[name].dtype)
    return values
