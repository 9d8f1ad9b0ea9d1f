"""Ops that only rearrange, join or take apart: linear, mostly by others that Paddle differentiates twice."""

from __future__ import annotations

import functools
import math

import paddle

from ...errors import NotTwiceDifferentiableError
from .. import kernels
from ..kernels import native
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import natively_exact, rule

natively_exact(
    "Expand", "Flip", "RepeatInterleave", "RepeatInterleaveWithTensorIndex", "Reshape", "Split", "SplitWithNum",
    "Squeeze", "Tile", "Transpose", "Unbind", "Unsqueeze", "ViewShape",
)  # fmt: skip


def axes_in(axis) -> list[int]:
    """The axes that an op was given, as a number, numbers, or an array or a tensor of them; none for None."""
    if isinstance(axis, int):
        return [axis]
    if hasattr(axis, "tolist"):
        return axes_in(axis.tolist())
    return [int(a) for a in axis or ()]


def sum_to(tensor, shape):
    """Undo a broadcast."""
    if tensor.shape == shape:
        return tensor
    extra = tensor.ndim - len(shape)
    axes = list(range(extra)) + [
        extra + axis for axis, size in enumerate(shape) if size == 1 and tensor.shape[extra + axis] != 1
    ]
    return paddle.reshape(paddle.sum(tensor, axes) if axes else tensor, shape)


@rule("flatten")
def flatten(x, start_axis=0, stop_axis=-1):
    if x.ndim == 0:
        return paddle.reshape(x, [1])
    start, stop = start_axis % x.ndim, stop_axis % x.ndim
    merged = math.prod(x.shape[start : stop + 1])
    return paddle.reshape(x, [*x.shape[:start], merged, *x.shape[stop + 1 :]])


@rule("view_dtype")
def view_dtype(input, dtype):
    return paddle.assign(input) if input.dtype == dtype else native.view_dtype(input, dtype)


@rule("as_strided")
def as_strided(input, dims, stride, offset=0):
    """`offset` counts bytes, and as the strides it is about the memory under `input`, not about its elements."""
    size = input.element_size()
    if offset % size:
        raise NotTwiceDifferentiableError(
            f"as_strided: expected an offset of whole elements of {size} bytes, got {offset}"
        )
    places = _places(dims, stride, offset // size)
    own = _places(input.shape, input.strides, input.offset // size)
    element = paddle.full([int(paddle.maximum(places.max(), own.max())) + 1], -1, "int64")
    element = paddle.scatter(element, own, paddle.arange(own.shape[0]))
    index = paddle.gather(element, places)
    if bool((index < 0).any()):
        raise NotTwiceDifferentiableError("as_strided reaches beyond its tensor, which is a part of another one")
    return paddle.reshape(paddle.gather(paddle.reshape(input, [-1]), index), dims)


def _places(shape, strides, offset):
    """Where the elements of a tensor stand in memory, in their order."""
    places = paddle.full([1] * len(shape), offset, "int64")
    for axis, (size, stride) in enumerate(zip(shape, strides)):
        along = [1] * len(shape)
        along[axis] = size
        places = places + paddle.reshape(paddle.arange(size) * stride, along)
    return paddle.reshape(places, [-1])


@rule("tensor_unfold")
def tensor_unfold(input, axis, size, step):
    axis %= input.ndim
    starts = paddle.arange(0, input.shape[axis] - size + 1, step)
    index = paddle.reshape(starts, [-1, 1]) + paddle.arange(size)
    windows = paddle.gather(input, paddle.reshape(index, [-1]), axis)
    windows = paddle.reshape(windows, [*input.shape[:axis], *index.shape, *input.shape[axis + 1 :]])
    return paddle.moveaxis(windows, axis + 1, -1)


@rule("stack")
def stack(x, axis=0):
    # Paddle's own cannot be differentiated twice if one of the tensors is constant.
    ndim = x[0].ndim + 1
    return with_pullback(
        lambda: kernels.native.stack(list(x), axis),
        x,
        lambda g: [paddle.squeeze(part, axis) for part in _parts(g, [1] * len(x), axis % ndim)],
    )


@rule("concat")
def concat(x, axis=0):
    axis = int(axis) % x[0].ndim
    sizes = [tensor.shape[axis] for tensor in x]
    return with_pullback(lambda: kernels.native.concat(list(x), axis), x, lambda g: _parts(g, sizes, axis))


def _parts(tensor, sizes, axis):
    """The inverse of concat."""
    if tensor.ndim > _SLICED_AXES:
        before, behind = tensor.shape[:axis], tensor.shape[axis + 1 :]
        rows = paddle.reshape(tensor, [math.prod(before), tensor.shape[axis], math.prod(behind)])
        return [paddle.reshape(part, [*before, n, *behind]) for part, n in zip(_parts(rows, sizes, 1), sizes)]
    ends = [sum(sizes[: position + 1]) for position in range(len(sizes))]
    return [paddle.slice(tensor, [axis], [end - size], [end]) for size, end in zip(sizes, ends)]


#: More the kernel does not take.
_SLICED_AXES = 6


@rule("unstack")
def unstack(x, axis=0, num=0):
    return paddle.unbind(x, axis)


@rule("expand_as")
def expand_as(x, y=None, target_shape=None):
    return paddle.expand(x, y.shape if y is not None else target_shape)


@rule("broadcast_tensors")
def broadcast_tensors(input):
    shape = functools.reduce(paddle.broadcast_shape, [tensor.shape for tensor in input])
    return [paddle.expand(tensor, shape) for tensor in input]


@rule("meshgrid")
def meshgrid(inputs):
    sizes = [tensor.size for tensor in inputs]
    grids = []
    for axis, tensor in enumerate(inputs):
        along = [1] * len(sizes)
        along[axis] = sizes[axis]
        grids.append(paddle.expand(paddle.reshape(tensor, along), sizes))
    return grids


@rule("roll")
def roll(x, shifts, axis=None):
    values = x.detach()
    where = (shifts, [] if axis is None else [axis] if isinstance(axis, int) else axis)
    return linear_map(x, lambda t: native.roll(t, *where), lambda g: native.roll_grad(values, g, *where))


@rule("tril")
def tril(x, diagonal=0):
    return _self_adjoint(x, lambda t: native.tril(t, diagonal))


@rule("triu")
def triu(x, diagonal=0):
    return _self_adjoint(x, lambda t: native.triu(t, diagonal))


def _self_adjoint(x, map_):
    return linear_map(x, map_, map_)


@rule("diag")
def diag(x, offset=0, padding_value=0.0):
    values = x.detach()
    with paddle.no_grad():
        value = native.diag(values, offset, padding_value)
    return linear_map(
        x, lambda t: native.diag(t, offset, 0.0), lambda g: native.diag_grad(values, g, offset), value=value
    )


@rule("diag_embed")
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    # Paddle's own has no derivative at all.
    values = paddle.zeros(native.diag_embed(input.detach(), offset, dim1, dim2).shape, input.dtype)
    where = (offset, dim1 % values.ndim, dim2 % values.ndim)
    return linear_map(
        input,
        lambda t: native.diag_embed(t, *where),
        lambda g: native.assign(native.diagonal(g, *where)),
    )


@rule("diagonal")
def diagonal(x, offset=0, axis1=0, axis2=1):
    values, where = x.detach(), (offset, axis1, axis2)
    return linear_map(
        x, lambda t: native.assign(native.diagonal(t, *where)), lambda g: native.diagonal_grad(values, g, *where)
    )


@rule("trace")
def trace(x, offset=0, axis1=0, axis2=1):
    return paddle.sum(paddle.diagonal(x, offset, axis1, axis2), -1)
