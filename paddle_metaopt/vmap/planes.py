"""Kernels on tensors in the form ``PLANES``, ``[T, C, B, *S]``, with a number for each task and channel, ``[T, C]``.

Sums and broadcasts go through products with ones, and what is affine in a plane through batch norm's inference kernel:
each several times as fast on a CPU as the general one.
"""

from __future__ import annotations

from functools import lru_cache

import paddle

from ..double_grad import requires_grad, with_pullback
from ..double_grad.kernels import native


@lru_cache(maxsize=256)
def ones(shape: tuple, dtype):
    return paddle.ones(list(shape), dtype)


@lru_cache(maxsize=64)
def zeros(shape: tuple, dtype):
    return paddle.zeros(list(shape), dtype)


def product(x, y, transpose_x=False, transpose_y=False):
    return native.matmul(x, y, transpose_x, transpose_y)


def per_plane(x, factor, offset):
    """factor · x + offset, with one of each for a plane: x ``[T, C, ...]``, the others of T · C elements."""
    planes = x.shape[0] * x.shape[1]
    zero, one = zeros((planes,), x.dtype), ones((planes,), x.dtype)
    rows = native.reshape(x, [1, planes, -1, 1])
    y = native.batch_norm(rows, zero, one, factor, offset, True, 0.9, 0.0, "NCHW", True, False)[0]
    return native.reshape(y, x.shape)


def plane_sums(x):
    """The sum of each plane, ``[T, C]``."""
    planes = x.shape[0] * x.shape[1]
    rows = native.reshape(x, [planes, -1])
    return native.reshape(product(rows, ones((rows.shape[1], 1), x.dtype)), x.shape[:2])


def plus_per_plane(x, offset):
    """x ``[T, C, ...]`` plus offset ``[T, C]``."""

    def value():
        one = ones((x.shape[0] * x.shape[1],), x.dtype)
        return per_plane(x, one, native.reshape(offset, [-1]))

    def pullback(g):
        return [g if requires_grad(x) else None, summed_by_plane(g) if requires_grad(offset) else None]

    return with_pullback(value, [x, offset], pullback)


def summed_by_plane(x):
    """`plane_sums`, with its derivative."""
    shape = x.shape
    return with_pullback(lambda: plane_sums(x), [x], lambda g: [spread_over_planes(g, shape)])


def spread_over_planes(x, shape):
    """x ``[T, C]`` at each element of its plane."""

    def value():
        size = 1
        for axis in shape[2:]:
            size *= axis
        rows = product(native.reshape(x, [-1, 1]), ones((1, size), x.dtype))
        return native.reshape(rows, shape)

    return with_pullback(value, [x], lambda g: [summed_by_plane(g)])
