"""What the inner rules have in common: one parameter at a time, and a root without an infinite slope."""

from __future__ import annotations

import paddle


class InnerRule:
    """A pure update rule that treats each parameter by itself.

    A subclass gives `slots`, what is remembered of a parameter, and `step`, how it moves. Hyperparameters may be
    numbers or Tensors; a Parameter among them gets a meta-gradient, and so do those of a Layer that `update` uses.

    Attributes
    ----------
    weight_decay : float or Tensor
        Factor of an L2 penalty, which `update` adds to the gradient.
    decay_is_decoupled : bool
        If so, `weight_decay` is the fraction of a weight, times the learning rate, that `update` takes away before the
        step.
    serves_complex : bool
        Whether `step` is right for complex parameters.
    """

    weight_decay = 0.0
    decay_is_decoupled = False
    serves_complex = True

    def init(self, params: dict) -> dict:
        """The state before the first step."""
        if not self.serves_complex and any(p.is_complex() for p in params.values()):
            raise TypeError(
                f"{type(self).__name__}: it steps by the size or sign of a real gradient, and there are complex "
                "parameters that adapt; use 'sgd' or 'momentum'"
            )
        state = {name: self.slots(p) for name, p in params.items()}
        for slots in state.values():
            if not isinstance(slots, tuple):
                raise TypeError(f"{type(self).__name__}.slots: expected a tuple of what is remembered, got {slots!r}")
        return state

    def update(self, params: dict, grads: dict, rates: dict, state: dict) -> tuple[dict, dict]:
        """One step; parameters without a gradient pass through unchanged.

        Parameters
        ----------
        params, grads : dict of str to Tensor
            Weights, and gradients for some of them.
        rates : dict of str to float or Tensor
            A learning rate for each weight; a Tensor broadcasts against it.
        state : dict
            What `init` or the last call returned.

        Returns
        -------
        params, state : dict
        """
        moved, remembered = dict(params), dict(state)
        for name, g in grads.items():
            p, rate = params[name], rates[name]
            if self.has_decay() and self.decay_is_decoupled:
                p = p * (1 - rate * self.weight_decay)
            elif self.has_decay():
                g = g + self.weight_decay * p
            moved[name], remembered[name] = _pair(self, self.step(p, g, rate, *state[name]))
        return moved, remembered

    def slots(self, p) -> tuple:
        """What is remembered of `p` before its first step."""
        return ()

    def step(self, p, g, rate, *slots) -> tuple:
        """The moved parameter, and what is remembered of it from now on."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method step(p, g, rate, *slots)")

    def has_decay(self) -> bool:
        """Whether weights are drawn towards zero."""
        return isinstance(self.weight_decay, paddle.Tensor) or bool(self.weight_decay)


def _pair(rule, result):
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], tuple)):
        kinds = f"a {type(result).__name__}"
        if isinstance(result, tuple):
            kinds = f"a tuple of {', '.join(type(part).__name__ for part in result)}"
        raise TypeError(
            f"{type(rule).__name__}.step: expected the moved parameter and a tuple of what is remembered, got {kinds}"
        )
    return result


def learned_in(rule) -> dict:
    """The trainable tensors among the attributes of a rule, ours or a user's, by name: in lists, tuples and Layers."""
    found = {}
    attributes = {"": rule} if isinstance(rule, paddle.nn.Layer) else getattr(rule, "__dict__", {})
    for attribute, value in attributes.items():
        for name, entry in _entries(attribute, value):
            if isinstance(entry, paddle.Tensor) and not entry.stop_gradient:
                found.setdefault(id(entry), (name, entry))
    return dict(found.values())


def _entries(attribute: str, value) -> list:
    if isinstance(value, paddle.nn.Layer):
        return [(f"{attribute}.{name}".lstrip("."), parameter) for name, parameter in value.named_parameters()]
    if isinstance(value, (list, tuple)):
        names = [f"{attribute}.{position}" if position else attribute for position in range(len(value))]
        return [found for name, entry in zip(names, value) for found in _entries(name, entry)]
    if isinstance(value, dict):
        return [found for key, entry in value.items() for found in _entries(f"{attribute}.{key}", entry)]
    return [(attribute, value)]


def sqrt(x):
    """The square root, with slope 0 where x is 0.

    A gradient of exactly zero gives a second moment of zero, where the root's slope is infinite; what it is
    multiplied by is zero there, and the limit of the product is zero.
    """
    positive = x > 0
    root = paddle.sqrt(paddle.where(positive, x, paddle.ones_like(x)))
    return paddle.where(positive, root, paddle.zeros_like(x))
