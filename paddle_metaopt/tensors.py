"""Small things done to tensors in more than one place."""

from __future__ import annotations

import paddle


def leaf(tensor):
    """A new leaf of the same value, which needs a gradient."""
    made = tensor.detach()
    made.stop_gradient = False
    return made


def leaves_of(tensors: dict) -> dict:
    """New leaves of the same values, by the same names."""
    return {name: leaf(tensor) for name, tensor in tensors.items()}


def tensors_in(nested) -> list:
    """The tensors in nested lists and dicts."""
    return [x for x in paddle.utils.flatten(nested) if isinstance(x, paddle.Tensor)]


def added(first, second):
    """The sum, where None stands for zero."""
    if first is None or second is None:
        return second if first is None else first
    return first + second
