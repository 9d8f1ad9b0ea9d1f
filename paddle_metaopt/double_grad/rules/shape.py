"""Ops that only rearrange or average, by others that Paddle differentiates twice."""

from __future__ import annotations

import math

import paddle

from .. import kernels
from ..primitive import with_pullback
from ..registry import natively_exact, rule

natively_exact("Expand", "Reshape", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze")


@rule("flatten")
def flatten(x, start_axis=0, stop_axis=-1):
    if x.ndim == 0:
        return paddle.reshape(x, [1])
    start, stop = start_axis % x.ndim, stop_axis % x.ndim
    merged = math.prod(x.shape[start : stop + 1])
    return paddle.reshape(x, [*x.shape[:start], merged, *x.shape[stop + 1 :]])


@rule("mean_all")
def mean_all(x):
    return paddle.mean(x)


@rule("stack")
def stack(x, axis=0):
    # Paddle's own cannot be differentiated twice if one of the tensors is constant.
    ndim = x[0].ndim + 1
    return with_pullback(
        lambda: kernels.stack(x, axis),
        x,
        lambda g: [paddle.squeeze(part, axis) for part in _parts(g, [1] * len(x), axis % ndim)],
    )


@rule("concat")
def concat(x, axis=0):
    axis = int(axis) % x[0].ndim
    sizes = [tensor.shape[axis] for tensor in x]
    return with_pullback(lambda: kernels.concat(x, axis), x, lambda g: _parts(g, sizes, axis))


def _parts(tensor, sizes, axis):
    """The inverse of concat."""
    ends = [sum(sizes[: position + 1]) for position in range(len(sizes))]
    return [paddle.slice(tensor, [axis], [end - size], [end]) for size, end in zip(sizes, ends)]
