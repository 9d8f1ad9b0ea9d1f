"""Activations: the smooth ones by their slope, those with kinks by Paddle's own first-gradient kernel."""

from __future__ import annotations

import math

import paddle
import paddle.nn.functional as F

from .. import kernels
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import natively_exact, rule
from .pointwise import in_float32_before_3_3, piecewise_linear, smooth, smooth_by_output

natively_exact("LeakyRelu", "Relu", "Sigmoid", "Softplus", "Tanh")

piecewise_linear("hardshrink", "hardtanh", "softshrink", "thresholded_relu")
piecewise_linear("leaky_relu", "relu", native_to=2)
piecewise_linear("hardsigmoid", "relu6", by_output=True)


def _is_approximate(option):
    return option in (True, "tanh")  # from Paddle 3.3 on it may also be "none"


def _gelu_grad(x, g, approximate):
    return kernels.native.gelu_grad(x, g, _is_approximate(approximate))


@smooth("gelu", fused=_gelu_grad)
def gelu_slope(x, approximate=False):
    if _is_approximate(approximate):
        scale, cubic = math.sqrt(2 / math.pi), 0.044715
        t = paddle.tanh((x + x * x * x * cubic) * scale)
        return (t + 1) * 0.5 + x * (1 - t * t) * (x * x * (3 * cubic) + 1) * (0.5 * scale)
    density = paddle.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return (paddle.erf(x * math.sqrt(0.5)) + 1) * 0.5 + x * density


# Paddle's silu_grad is NaN where exp(-x) overflows.
@smooth("silu", fused="swish_grad")
@smooth("swish")
def silu_slope(x):
    s = F.sigmoid(x)
    return s + x * s * (1 - s)


@smooth("softplus", native_to=2, kept=in_float32_before_3_3)
def softplus_slope(x, beta=1.0, threshold=20.0):
    return paddle.where(x * beta > threshold, paddle.ones_like(x), F.sigmoid(x * beta))


@smooth_by_output("sigmoid", native_to=3)
def sigmoid_slope(y):
    return y * (1 - y)


@smooth("mish")
def mish_slope(x, threshold):
    t = paddle.tanh(F.softplus(x, 1.0, threshold))
    return t + x * (1 - t * t) * F.sigmoid(x)


@smooth("logsigmoid")
def log_sigmoid_slope(x):
    return F.sigmoid(-x)


@smooth("tanh_shrink")
def tanh_shrink_slope(x):
    return paddle.square(paddle.tanh(x))


@smooth("stanh")
def stanh_slope(x, scale_a, scale_b):
    return (1 - paddle.square(paddle.tanh(x * scale_a))) * (scale_a * scale_b)


@smooth("softsign")
def softsign_slope(x):
    return paddle.square(1 / (paddle.abs(x) + 1))


@smooth("hardswish")
def hardswish_slope(x):
    return paddle.where(paddle.abs(x) < 3, (x * 2 + 3) / 6, (x > 0).astype(x.dtype))


@smooth("selu", fused=None)
def selu_slope(x, scale, alpha):
    return _exponential_below(x, scale, x, scale * alpha)


def _elu_grad(x, g, alpha):
    return kernels.native.elu_grad(x, kernels.native.elu(x, alpha), g, alpha)


# Paddle's own derivatives of elu (the second) and celu (the first) are NaN where exp(x) overflows.
@smooth("elu", fused=_elu_grad)
def elu_slope(x, alpha):
    return _exponential_below(x, 1.0, x, alpha)


@smooth("celu", fused=None)
def celu_slope(x, alpha):
    return _exponential_below(x, 1.0, x / alpha, 1.0)


def _exponential_below(x, above, exponent, factor):
    """`above` where x is positive, elsewhere factor exp(exponent)."""
    positive = x > 0
    curve = paddle.exp(paddle.where(positive, paddle.zeros_like(x), exponent)) * factor
    return paddle.where(positive, paddle.full_like(x, above), curve)


@rule("prelu")
def prelu(x, weight, data_format, mode):
    def pullback(g):
        if not paddle.is_grad_enabled():
            return list(kernels.native.prelu_grad(x, weight, g, data_format, mode))
        w, positive, zero = _slope_of_each(x, weight, data_format, mode), x > 0, paddle.zeros_like(x)
        to_weight = paddle.where(positive, zero, x * g)
        axes = [axis for axis, size in enumerate(w.shape) if size == 1]
        return [paddle.where(positive, g, w * g), paddle.sum(to_weight, axes, keepdim=True).reshape(weight.shape)]

    return with_pullback(lambda: kernels.native.prelu(x, weight, data_format, mode), [x, weight], pullback)


def _slope_of_each(x, weight, data_format, mode):
    """The weight in a shape that broadcasts against x."""
    shape = [1] * x.ndim
    if mode == "channel":
        shape[1 if data_format.startswith("NC") else -1] = weight.shape[0]
    elif mode == "element":
        shape[1:] = x.shape[1:]
    return weight.reshape(shape)


@rule("maxout")
def maxout(x, groups, axis):
    axis %= x.ndim
    with paddle.no_grad():
        values = x.detach()
        y = kernels.native.maxout(values, groups, axis)

    def scatter(g):
        return kernels.native.maxout_grad(values, y, g, groups, axis)

    def pick(t):
        chosen = scatter(paddle.ones_like(y)) * t
        return chosen.reshape([*x.shape[:axis], -1, groups, *x.shape[axis + 1 :]]).sum(axis + 1)

    return linear_map(x, pick, scatter, value=y)


@rule("swiglu")
def swiglu(x, y=None):
    if y is None:
        x, y = paddle.chunk(x, 2, -1)

    def pullback(g):
        if not paddle.is_grad_enabled():
            return list(kernels.native.swiglu_grad(x, y, g))
        return [g * y * silu_slope(x), g * F.silu(x)]

    return with_pullback(lambda: kernels.native.swiglu(x, y), [x, y], pullback)


@rule("log_softmax")
def log_softmax(x, axis=-1):
    with paddle.no_grad():
        value = kernels.native.log_softmax(x.detach(), axis)
    return _log_softmax_known(x, axis, value)


def _log_softmax_known(x, axis, value):
    def pullback(g):
        if not paddle.is_grad_enabled():
            return [kernels.native.log_softmax_grad(value, g, axis)]
        y = _log_softmax_known(x, axis, value)
        return [g - paddle.exp(y) * paddle.sum(g, axis, keepdim=True)]

    # A new tensor each time: the node must not hold the one that it returned.
    return with_pullback(value.detach, [x], pullback)
