"""`vmap`: what a function does for one example, done for a stack of them at once."""

from __future__ import annotations

import functools
from typing import Any, Callable, TypeVar

import numpy as np
import paddle

from ..arguments import checked_function, require_dynamic_mode
from ..errors import VectorizeError
from ..tensors import array_as_tensor, rebuilt
from .batched import Batched, CannotBatch, tasks_of
from .dispatch import batching, is_batching
from .origin import origin_of

_Function = TypeVar("_Function", bound=Callable[..., Any])


def vmap(function: _Function, in_axes: Any = 0, out_axes: Any = 0) -> _Function:
    """`function` for each slice of its arguments at once, and the results stacked.

    Inside, a Tensor shows the shape of one slice and stands for all of them; an op that has no rule for all of them
    runs for one after the other. Gradients flow through, of second order inside ``twice_differentiable()``; a
    ``paddle.grad`` in the function gives each slice's own gradients. At random, each slice draws its own.

    Parameters
    ----------
    function : callable
        Takes nests (tuples, lists, dicts) of Tensors and anything else, and returns such a nest.
    in_axes : int, None, or nest
        Along which axis the Tensors (or arrays) of the arguments are sliced; None for those that all slices get
        whole. A tuple has an entry for each positional argument, each of which may be a nest like the argument. Keyword
        arguments are passed on whole.
    out_axes : int, None, or nest
        Along which axis the results are stacked; None for what is the same for all slices.

    Returns
    -------
    callable
        Takes and returns plain Tensors. What all slices share comes back repeated; what is no Tensor, as it is.

    Raises
    ------
    ValueError
        If an axis is none of its Tensor's, a Tensor to slice is sparse, sizes differ, or nothing is sliced.
    VectorizeError
        When the result is called, if the function does what cannot be done for all slices at once: it reads a value,
        changes a tensor in place, applies a PyLayer, uses another `vmap`. The message names the op, the layer and the
        line.

    Examples
    --------
    >>> import paddle, paddle_metaopt as metaopt
    >>> net = paddle.nn.Linear(3, 1)
    >>> def gradient(x, y):
    ...     return paddle.grad(((net(x) - y) ** 2).sum(), [net.weight])[0]
    >>> metaopt.vmap(gradient)(paddle.randn([8, 3]), paddle.randn([8, 1])).shape  # each example's
    paddle.Size([8, 3, 1])
    """
    checked_function("vmap", "function", function, "function(*args)")
    _checked_axes("in_axes", in_axes)
    _checked_axes("out_axes", out_axes)

    @functools.wraps(function)
    def batched(*args, **kwargs):
        require_dynamic_mode()
        if is_batching():
            raise CannotBatch("a vmap inside another one")
        axes = in_axes
        if isinstance(axes, (tuple, list)):
            if len(axes) != len(args):
                raise ValueError(f"vmap: in_axes has {len(axes)} entries for {len(args)} positional arguments")
            axes = tuple(axes)
        sizes: dict[int, str] = {}
        sliced = _mapped(axes, args, functools.partial(_slices, sizes), "in_axes")
        if len(sizes) != 1:
            found = ", ".join(f"{size} along {where}" for size, where in sizes.items())
            none = "none of the arguments is sliced; those by keyword are passed on whole"
            raise ValueError(f"vmap: sizes differ: {found}" if sizes else f"vmap: {none}")
        (size,) = sizes
        if not size:
            raise ValueError("vmap: there is no slice")
        try:
            with batching(size):
                results = function(*sliced, **kwargs)
        except CannotBatch as error:
            raise VectorizeError(f"vmap can't do this for all slices at once: {error}{origin_of(error)}") from error
        return _mapped(out_axes, results, functools.partial(_stacked, size), "out_axes")

    return batched


def _checked_axes(name, axes):
    if isinstance(axes, dict):
        axes = tuple(axes.values())
    if isinstance(axes, (tuple, list)):
        for each in axes:
            _checked_axes(name, each)
    elif axes is not None and (isinstance(axes, bool) or not isinstance(axes, int)):
        raise ValueError(f"vmap: {name}: expected integers and None, or a nest of them, got {axes!r}")


def _mapped(axes, value, function, name):
    """``function(axis, leaf)`` for each leaf of a nest, with the axis that stands at its place or above it."""
    is_nest = isinstance(axes, (tuple, list, dict))
    if isinstance(value, dict):
        if is_nest and (not isinstance(axes, dict) or axes.keys() != value.keys()):
            raise ValueError(f"vmap: {name} has {axes!r} where there is a dict with the keys {list(value)}")
        return {key: _mapped(axes[key] if is_nest else axes, part, function, name) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        if is_nest and (isinstance(axes, dict) or len(axes) != len(value)):
            raise ValueError(f"vmap: {name} has {axes!r} where there is a {type(value).__name__} of {len(value)}")
        parts = [_mapped(axes[at] if is_nest else axes, part, function, name) for at, part in enumerate(value)]
        return rebuilt(value, parts)
    if is_nest:
        raise ValueError(f"vmap: {name} has {axes!r} where there is a {type(value).__name__}")
    return function(axes, value)


def _slices(sizes, axis, value):
    if axis is None or not isinstance(value, (paddle.Tensor, np.ndarray)):
        return value
    value = array_as_tensor(value)
    if not value.is_dense():
        raise ValueError("vmap: a sparse tensor can't be sliced; use to_dense(), or None in in_axes for it as a whole")
    if not -value.ndim <= axis < value.ndim:
        raise ValueError(f"vmap: in_axes has the axis {axis} for a tensor of shape {list(value.shape)}")
    sizes.setdefault(value.shape[axis], f"axis {axis} of a tensor of shape {list(value.shape)}")
    if axis % value.ndim:
        return Batched(paddle.moveaxis(value, axis, 0))
    # Not the tensor itself: the function may set what it is given to need a gradient.
    return Batched(value.detach() if value.stop_gradient else paddle.reshape(value, value.shape))


def _stacked(size, axis, value):
    if not isinstance(value, paddle.Tensor):
        return value
    if type(value) is not Batched:
        if axis is None:
            return value
        stacked = paddle.expand(value.unsqueeze(0), [size, *value.shape])
    elif axis is None:
        raise ValueError(f"vmap: out_axes has None for a result of which each slice has its own: {value!r}")
    else:
        stacked = tasks_of(value)
    if not -stacked.ndim <= axis < stacked.ndim:
        raise ValueError(f"vmap: out_axes has the axis {axis} for results that have {stacked.ndim} axes when stacked")
    return paddle.moveaxis(stacked, 0, axis) if axis % stacked.ndim else stacked
