"""Picking out and putting in by slice, index and mask: linear, with a fixed index.

What picks is right natively, apart from stepped slices. What puts in is not: where an index repeats, only the last of
the values written to a place is in the result, but Paddle's first derivative gives the others a gradient too.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import paddle

from ..in_place import before_change, changed, may_change
from ..kernels import in_one_piece, native
from ..kinds import linear_map
from ..primitive import requires_grad, with_pullback
from ..registry import natively_exact, replaces, rule
from .shape import sum_to

natively_exact(
    "Gather", "GatherNd", "IndexAdd", "IndexElementwiseGet", "IndexSelect", "MaskedSelect", "Slice",
    "TakeAlongAxis", "Where",
)  # fmt: skip

_native_getitem = paddle.Tensor.__getitem__


@replaces(paddle.Tensor, "__getitem__", always=True)
def getitem(x, item):
    """``x[item]``, whose stepped slices have no second derivative in Paddle; where an index stands behind a slice, it
    picks others from a tensor that is not contiguous."""
    if _has_step(item) and requires_grad(x):
        x, item = _stepped(x, item)
    if type(item) is tuple and any(map(_is_advanced, item)):
        x = in_one_piece(x)
    return _native_getitem(x, item)


def _is_advanced(part) -> bool:
    return isinstance(part, (paddle.Tensor, list, tuple, np.ndarray))


_native_setitem = paddle.Tensor.__setitem__


@replaces(paddle.Tensor, "__setitem__", always=True)
def setitem(x, item, value):
    """``x[item] = value``; of Paddle's own first derivatives, too, those with an index tensor are wrong."""
    if not may_change(x, value):
        if isinstance(value, paddle.Tensor) and not paddle.is_grad_enabled():
            value = value.detach()  # else Paddle says of x that it needs a gradient
        _native_setitem(x, item, value)
        return
    before, item = before_change(x, "x[...] = value"), _as_it_is_now(item)
    values = value.astype(x.dtype).clone() if isinstance(value, paddle.Tensor) else None

    def written(t, values):
        t = t.clone()
        _native_setitem(t, item, values)
        return t

    places = Places(x.shape, written, lambda t: getitem(t, item))

    def pullback(g):
        return [places.clear(g), None if values is None else _summed_to(places.pick_staying(g), values.shape)]

    given = value if values is None else values.detach()
    changed(x, lambda: _native_setitem(x, item, given), [before, values], pullback)


def _as_it_is_now(item):
    """An index that stays when its tensors, arrays and lists are changed."""
    if isinstance(item, paddle.Tensor):
        return item.clone()
    if isinstance(item, np.ndarray):
        return item.copy()
    if isinstance(item, (list, tuple)):
        return type(item)(map(_as_it_is_now, item))
    if isinstance(item, slice):
        numbers = (item.start, item.stop, item.step)
        return slice(*(int(number) if isinstance(number, paddle.Tensor) else number for number in numbers))
    return item


def _summed_to(g, shape):
    """Undo a broadcast, of values that may have more axes than the places, of size 1."""
    return paddle.reshape(sum_to(g, shape[max(0, len(shape) - g.ndim) :]), shape)


def _has_step(item) -> bool:
    if type(item) is tuple:
        return any(type(part) is slice and part.step is not None for part in item)
    return type(item) is slice and item.step is not None


def _stepped(x, item):
    """x after the stepped slices of `item`, and what is left of `item`."""
    parts = list(item) if isinstance(item, tuple) else [item]
    axes, starts, ends, steps = [], [], [], []
    axis = 0
    for position, part in enumerate(parts):
        if part is Ellipsis:
            axis += x.ndim - sum(map(_axes_of, parts))
        if isinstance(part, slice) and part.step not in (None, 1):
            start, end, step = part.indices(x.shape[axis])
            parts[position] = slice(None)
            if not range(start, end, step):
                parts[position] = slice(0, 0)
            else:
                axes.append(axis)
                starts.append(start)
                # For Paddle, -1 is the last place and not the one before the first.
                ends.append(end if end >= 0 else -x.shape[axis] - 1)
                steps.append(step)
        axis += _axes_of(part)
    return paddle.strided_slice(x, axes, starts, ends, steps) if axes else x, tuple(parts)


def _axes_of(part) -> int:
    """How many axes a part of an index is about."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    if isinstance(part, paddle.Tensor):
        return part.ndim if part.dtype == paddle.bool else 1
    if isinstance(part, (list, tuple, np.ndarray)):
        array = np.asarray(part)
        return array.ndim if array.dtype == bool else 1
    return 1


@rule("strided_slice")
def strided_slice(x, axes, starts, ends, strides):
    values, where = x.detach(), (axes, starts, ends, strides)
    return linear_map(
        x,
        lambda t: native.assign(native.strided_slice(t, *where)),
        lambda g: native.strided_slice_grad(values, g, *where),
    )


@rule("gather")
def gather(x, index, axis=0):
    if index.ndim or x.ndim == 1:
        return native.gather(x, index, axis)
    # Paddle's derivative by a single number puts what is behind a middle axis elsewhere.
    axis = int(axis)
    return paddle.squeeze(native.gather(x, paddle.reshape(index, [1]), axis), axis)


@rule("index_select")
def index_select(x, index, axis=0):
    # Paddle's derivative puts what was counted from the end elsewhere.
    return native.index_select(x, paddle.where(index < 0, index + x.shape[axis], index), axis)


@rule("index_sample")
def index_sample(x, index):
    values = x.detach()
    return linear_map(x, lambda t: native.index_sample(t, index), lambda g: native.index_sample_grad(values, index, g))


@rule("multiplex")
def multiplex(inputs, index):
    choice = paddle.reshape(index, [-1] + [1] * (inputs[0].ndim - 1))

    def pullback(g):
        return [paddle.where(choice == k, g, paddle.zeros_like(g)) for k in range(len(inputs))]

    # Rows beyond the index are not in the result.
    tops = [tensor[: choice.shape[0]] for tensor in inputs]
    return with_pullback(lambda: native.multiplex(tops, index), tops, pullback)


@rule("masked_fill")
def masked_fill(x, mask, value):
    def pullback(g):
        none = paddle.zeros_like(g)
        return [
            sum_to(paddle.where(mask, none, g), x.shape),
            sum_to(paddle.where(mask, g, none), value.shape) if requires_grad(value) else None,
        ]

    return with_pullback(lambda: native.masked_fill(x, mask, value), [x, value], pullback)


class Places:
    """Where an op writes into a tensor.

    Parameters
    ----------
    shape : list of int
        Of the tensor that is written into.
    assign : callable
        ``assign(x, values)``, x with the values in these places, by a kernel.
    pick : callable
        ``pick(x)``, what stands there, made of differentiable ops.
    """

    def __init__(self, shape, assign, pick):
        self._shape = shape
        self._assign = assign
        self.pick = pick

    @functools.cached_property
    def _writers(self):
        """For each element the number of the value written there last, or -1; and the numbers of all values."""
        with paddle.no_grad():
            nobody = paddle.full(self._shape, -1, "int64")
            shape = self.pick(nobody).shape
            numbers = paddle.reshape(paddle.arange(math.prod(shape)), shape)
            return self._assign(nobody, numbers), numbers

    @functools.cached_property
    def written(self):
        return self._writers[0] >= 0

    def clear(self, x):
        return paddle.where(self.written, paddle.zeros_like(x), x)

    def pick_staying(self, x):
        """Zero for a value that another one was written over."""
        last, numbers = self._writers
        picked = self.pick(x)
        return paddle.where(self.pick(last) == numbers, picked, paddle.zeros_like(picked))


def assigned(x, values, places, compute):
    """The value of `compute`: x with the values, perhaps broadcast, written over what stands in the places."""
    return with_pullback(
        compute, [x, values], lambda g: [places.clear(g), sum_to(places.pick_staying(g), values.shape)]
    )


def added(x, values, places, compute, over_x=True):
    """The value of `compute`: x with the values added in the places, to what stands there or to zero."""
    return with_pullback(
        compute,
        [x, values],
        lambda g: [g if over_x else places.clear(g), sum_to(places.pick(g), values.shape)],
    )


@rule("scatter")
def scatter(x, index, updates, overwrite=True):
    index = paddle.reshape(index, [-1])
    places = Places(
        x.shape,
        lambda t, values: native.scatter(t, index, values, True),
        lambda t: paddle.reshape(paddle.gather(t, index), updates.shape),
    )

    def compute():
        return native.scatter(x, index, updates, overwrite)

    # Without `overwrite`, Paddle first clears the rows and then adds.
    return assigned(x, updates, places, compute) if overwrite else added(x, updates, places, compute, over_x=False)


@rule("scatter_nd_add")
def scatter_nd_add(x, index, updates):
    return with_pullback(
        lambda: native.scatter_nd_add(x, index, updates),
        [x, updates],
        lambda g: [g, paddle.reshape(paddle.gather_nd(g, index), updates.shape)],
    )


@rule("index_put")
def index_put(x, indices, value, accumulate=False):
    indices = tuple(indices)
    places = Places(
        x.shape,
        lambda t, values: native.index_put(t, indices, values, False),
        lambda t: t[indices],
    )

    def compute():
        return native.index_put(x, indices, value, accumulate)

    return (added if accumulate else assigned)(x, value, places, compute)


@rule("set_value_with_tensor")
def set_value_with_tensor(x, values, starts, ends, steps, axes, decrease_axes, none_axes):
    where = (starts, ends, steps, axes, decrease_axes, none_axes)

    def pick(t):
        t = paddle.strided_slice(t, axes, starts, ends, steps)
        t = paddle.squeeze(t, decrease_axes) if decrease_axes else t
        return paddle.unsqueeze(t, none_axes) if none_axes else t

    places = Places(x.shape, lambda t, v: native.set_value_with_tensor(t, v, *where), pick)
    return assigned(x, values, places, lambda: native.set_value_with_tensor(x, values, *where))


@rule("fill_diagonal_tensor")
def fill_diagonal_tensor(x, y, offset=0, dim1=0, dim2=1):
    # y is a row where Paddle's function was given a vector.
    def pick(t):
        return paddle.reshape(paddle.diagonal(t, offset, dim1, dim2), y.shape)

    where = (offset, dim1, dim2)
    places = Places(x.shape, lambda t, values: native.fill_diagonal_tensor(t, values, *where), pick)
    return assigned(x, y, places, lambda: native.fill_diagonal_tensor(x, y, *where))
