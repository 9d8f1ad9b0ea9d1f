"""Ops with a random draw: it is made once, as Paddle makes it, and every derivative sees the same."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

from .. import kernels
from ..kinds import linear_map
from ..registry import rule
from .pointwise import constant_between_jumps, in_float32

constant_between_jumps("poisson")


@rule("dropout")
def dropout(x, *options):
    with paddle.no_grad():
        mask = kernels.native.dropout(paddle.ones_like(x), *options)
    return paddle.multiply(x, mask)


@rule("rrelu")
def rrelu(x, *options):
    with paddle.no_grad():
        sign = paddle.where(x < 0, paddle.full_like(x, -1), paddle.ones_like(x))
        slope = kernels.native.rrelu(sign, *options) * sign
    return paddle.multiply(x, slope)


@rule("gumbel_softmax")
def gumbel_softmax(x, temperature, hard, axis):
    scaled = x / in_float32(temperature)
    with paddle.no_grad():
        noise = paddle.log(kernels.native.gumbel_softmax(x.detach(), temperature, False, axis)) - scaled.detach()
    soft = F.softmax(scaled + noise, axis)
    if not hard:
        return soft
    # The derivative is the soft one's, as Paddle documents it; its own is zero.
    with paddle.no_grad():
        corner = F.one_hot(paddle.argmax(soft.detach(), axis), x.shape[axis]).astype(x.dtype)
        corner = paddle.moveaxis(corner, -1, axis)
    return linear_map(soft, paddle.assign, paddle.assign, value=corner)
