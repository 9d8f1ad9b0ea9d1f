"""Pooling is linear: average pooling always, max pooling once it is known where the maxima stand."""

from __future__ import annotations

import math

import paddle

from .. import kernels
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import rule


@rule("pool2d")
def pool2d(
    x, kernel_size, stride, padding, ceil_mode, exclusive, data_format, kind, over_all, adaptive, padding_algorithm,
    *rest,
):  # fmt: skip
    options = (
        kernel_size, stride, padding, ceil_mode, exclusive, data_format, kind, over_all, adaptive, padding_algorithm,
        *rest,
    )  # fmt: skip
    if kind == "avg":
        values = x.detach()  # for its shape, which the kernel wants

        def transpose(g):
            return kernels.pool2d_grad(values, g, g, *options)

        return linear_map(x, lambda t: kernels.pool2d(t, *options), transpose)
    if data_format == "NHWC":
        x = paddle.transpose(x, [0, 3, 1, 2])
        y = pool2d(x, *options[:5], "NCHW", *options[6:])
        return paddle.transpose(y, [0, 2, 3, 1])
    plane = x.shape[2:]
    if over_all:
        kernel_size, stride, padding, adaptive = [1, 1], [1, 1], [0, 0], True
    kernel_size, stride = _pair(kernel_size), _pair(stride)
    if not adaptive:
        edges = _explicit_padding(plane, kernel_size, stride, padding, padding_algorithm)
        if edges[0] != edges[1] or edges[2] != edges[3]:
            x, padding = _pad_with_lowest(x, edges), [0, 0]
        else:
            padding = [edges[0], edges[2]]
    return max_pool2d_with_index(x, kernel_size, stride, padding, False, adaptive, ceil_mode)[0]


@rule("max_pool2d_with_index")
def max_pool2d_with_index(x, kernel_size, stride, padding, over_all, adaptive, ceil_mode):
    if over_all:
        kernel_size, stride, padding, adaptive = [1, 1], [1, 1], [0, 0], True
    options = (kernel_size, stride, padding, adaptive, ceil_mode)
    values = x.detach()
    with paddle.no_grad():
        maxima, index = kernels.max_pool2d_with_index(values, *options)
    flat_index = paddle.flatten(index, 2).astype("int64")

    def pick(t):
        return paddle.take_along_axis(paddle.flatten(t, 2), flat_index, 2).reshape(index.shape)

    def put_back(g):
        return kernels.max_pool2d_with_index_grad(values, index, g, *options)

    return linear_map(x, pick, put_back, value=maxima), index


def _pair(size):
    size = [size, size] if isinstance(size, int) else [int(s) for s in size]
    return size * 2 if len(size) == 1 else size


def _explicit_padding(plane, kernel_size, stride, padding, algorithm):
    """[top, bottom, left, right]"""
    if algorithm == "VALID":
        return [0, 0, 0, 0]
    if algorithm == "SAME":
        edges = []
        for size, kernel, step in zip(plane, kernel_size, stride):
            missing = max((math.ceil(size / step) - 1) * step + kernel - size, 0)
            edges += [missing // 2, missing - missing // 2]
        return edges
    padding = _pair(padding)
    return padding if len(padding) == 4 else [padding[0], padding[0], padding[1], padding[1]]


def _pad_with_lowest(x, edges):
    top, _, left, _ = edges
    height, width = x.shape[2:]

    def pad(t, value):
        return paddle.nn.functional.pad(t, [edges[2], edges[3], edges[0], edges[1]], value=value)

    def crop(t):
        return t[:, :, top : top + height, left : left + width].clone()

    lowest = float(paddle.finfo(x.dtype).min)
    return with_pullback(lambda: pad(x, lowest), [x], lambda g: [linear_map(g, crop, lambda t: pad(t, 0.0))])
