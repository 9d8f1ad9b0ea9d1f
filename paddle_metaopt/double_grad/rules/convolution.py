"""Convolutions: bilinear in data and kernel, so closed under differentiation.

A transposed convolution is the gradient of a convolution for its data: the same trilinear form seen from another
side, and so bilinear too.

Paddle's own double gradient drops a term wherever the gradient for the data is not computed, as in the first layer
of every network; depthwise, transposed and deformable convolutions have none on the CPU.
"""

from __future__ import annotations

from typing import Callable

import paddle

from .. import kernels
from ..kinds import BilinearMap
from ..registry import rule


@rule("conv2d")
def conv2d(x, w, stride, padding, padding_algorithm, dilation, groups, data_format):
    geometry = (stride, padding, padding_algorithm, dilation, groups, "NCHW")
    return _convolution(kernels.native.conv2d, kernels.native.conv2d_grad, x, w, geometry, data_format)


@rule("depthwise_conv2d")
def depthwise_conv2d(x, w, stride, padding, padding_algorithm, groups, dilation, data_format, *_):
    return conv2d(x, w, stride, padding, padding_algorithm, dilation, groups, data_format)


@rule("conv3d")
def conv3d(x, w, stride, padding, padding_algorithm, groups, dilation, data_format):
    geometry = (stride, padding, padding_algorithm, groups, dilation, "NCDHW")
    return _convolution(kernels.native.conv3d, kernels.native.conv3d_grad, x, w, geometry, data_format)


@rule("conv2d_transpose", "depthwise_conv2d_transpose")
def conv2d_transpose(x, w, *geometry):
    forward, gradient = kernels.native.conv2d_transpose, kernels.native.conv2d_transpose_grad
    return _convolution(forward, gradient, x, w, (*geometry[:-1], "NCHW"), geometry[-1])


@rule("conv3d_transpose")
def conv3d_transpose(x, w, *geometry):
    forward, gradient = kernels.native.conv3d_transpose, kernels.native.conv3d_transpose_grad
    return _convolution(forward, gradient, x, w, (*geometry[:-1], "NCHW"), geometry[-1])


def _convolution(forward: Callable, gradient: Callable, x, w, geometry: tuple, data_format: str):
    """``forward(x, w, *geometry)``, whose gradients for x and w `gradient` computes, both always."""
    if data_format[-1] == "C":
        spatial = range(2, x.ndim)
        x = paddle.transpose(x, [0, x.ndim - 1, *range(1, x.ndim - 1)])
        return paddle.transpose(_convolution(forward, gradient, x, w, geometry, "NCHW"), [0, *spatial, 1])
    x_shape, w_shape = x.shape, w.shape

    def wrt_both(x, w, g):
        return list(gradient(x, w, g, *geometry))

    # The kernel takes data and weight for their shapes too, also where it needs only the other one's values.
    return BilinearMap(
        out=lambda x, w: forward(x, w, *geometry),
        wrt_x=lambda g, w: wrt_both(paddle.zeros(x_shape, g.dtype), w, g)[0],
        wrt_w=lambda x, g: wrt_both(x, paddle.zeros(w_shape, g.dtype), g)[1],
        wrt_both=wrt_both,
    )(x, w)
