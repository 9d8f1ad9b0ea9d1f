"""Small things done to tensors in more than one place."""

from __future__ import annotations

import numpy as np
import paddle


def leaf(tensor):
    """A new leaf of the same value, which needs a gradient."""
    made = tensor.detach()
    made.stop_gradient = False
    return made


def leaves_of(tensors: dict) -> dict:
    """New leaves of the same values, by the same names."""
    return {name: leaf(tensor) for name, tensor in tensors.items()}


def detached(nested):
    """The same nest of lists and dicts with its tensors detached."""
    return paddle.utils.map_structure(lambda x: x.detach() if isinstance(x, paddle.Tensor) else x, nested)


def detached_copies(tensors: dict) -> dict:
    """Their values now, by the same names."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def tensors_in(nested) -> list:
    """The tensors in nested lists and dicts."""
    return [x for x in paddle.utils.flatten(nested) if isinstance(x, paddle.Tensor)]


def array_as_tensor(operand):
    """The tensor of a numpy array; what else there is, as it is."""
    return paddle.to_tensor(operand) if isinstance(operand, np.ndarray) else operand


def have_shapes_of(tensors: dict, others: dict) -> bool:
    """Whether there is another of the same name and shape for each."""
    return all(name in others and list(others[name].shape) == list(t.shape) for name, t in tensors.items())


def added(first, second):
    """The sum, where None stands for zero."""
    if first is None or second is None:
        return second if first is None else first
    return first + second


#: Paddle's own is_complex() takes several times as long as a look into this set, and it would be asked before every op.
_COMPLEX = frozenset({paddle.complex64, paddle.complex128})


def is_complex_tensor(operand) -> bool:
    return isinstance(operand, paddle.Tensor) and operand.dtype in _COMPLEX


def real_parts(tensor) -> list:
    """The real and the imaginary part of a complex tensor; a real one by itself."""
    return [tensor.real(), tensor.imag()] if tensor.is_complex() else [tensor]


def real_type(tensor):
    """The type of a tensor's parts."""
    return {paddle.complex64: paddle.float32, paddle.complex128: paddle.float64}.get(tensor.dtype, tensor.dtype)


def rebuilt(nest, entries: list):
    """A list, tuple or named tuple of the kind of `nest`, of other entries."""
    return type(nest)(*entries) if hasattr(nest, "_fields") else type(nest)(entries)


def scalar(value, what: str) -> paddle.Tensor:
    """A loss that a user's function gave, of shape [].

    Raises
    ------
    TypeError, ValueError
        If it is no Tensor, or no real scalar.
    """
    if not isinstance(value, paddle.Tensor):
        raise TypeError(f"the {what} function must return a Tensor, got {value!r}")
    if value.size != 1:
        raise ValueError(f"the {what} must be a scalar, got shape {list(value.shape)}; reduce it, e.g. by mean()")
    if value.is_complex():
        raise ValueError(f"the {what} must be real, got {value.dtype}; take its real() or abs()")
    return value if value.ndim == 0 else value.reshape([])
