"""Convolutions: bilinear in data and kernel, so closed under differentiation.

Paddle's own double gradient drops a term wherever the gradient for the data is not computed, as in the first layer
of every network, and depthwise convolution has none on the CPU.
"""

from __future__ import annotations

import paddle

from .. import kernels
from ..kinds import BilinearMap
from ..registry import rule


@rule("depthwise_conv2d")
def depthwise_conv2d(x, w, stride, padding, padding_algorithm, groups, dilation, data_format):
    return conv2d(x, w, stride, padding, padding_algorithm, dilation, groups, data_format)


@rule("conv2d")
def conv2d(x, w, stride, padding, padding_algorithm, dilation, groups, data_format):
    if data_format == "NHWC":
        x = paddle.transpose(x, [0, 3, 1, 2])
        y = conv2d(x, w, stride, padding, padding_algorithm, dilation, groups, "NCHW")
        return paddle.transpose(y, [0, 2, 3, 1])
    geometry = (stride, padding, padding_algorithm, dilation, groups, data_format)
    return _convolution(geometry, x.shape, w.shape)(x, w)


def _convolution(geometry, x_shape, w_shape) -> BilinearMap:
    def wrt_both(x, w, g):
        return list(kernels.conv2d_grad(x, w, g, *geometry))

    # The kernel takes data and weight for their shapes too, also where it needs only the other one's values.
    return BilinearMap(
        out=lambda x, w: kernels.conv2d(x, w, *geometry),
        wrt_x=lambda g, w: wrt_both(paddle.zeros(x_shape, g.dtype), w, g)[0],
        wrt_w=lambda x, g: wrt_both(x, paddle.zeros(w_shape, g.dtype), g)[1],
        wrt_both=wrt_both,
    )
