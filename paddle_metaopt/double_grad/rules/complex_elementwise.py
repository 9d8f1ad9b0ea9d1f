"""Ops of each element whose rules for real numbers do not hold for complex ones: kinks, ``abs``, or kernels as accurate
as float32, as all of Paddle's that take a complex exponential are, for complex128 too."""

from __future__ import annotations

import math

import paddle

from ...errors import NotTwiceDifferentiableError
from ..kernels import native
from ..kinds import elementwise
from . import activation, arithmetic, special  # noqa: F401  what is amended here is registered there
from .complex import absolute, divide, exp, for_complex, from_parts, imag, multiply, quotient, real
from .pointwise import in_float32_before_3_3


@for_complex("expm1")
def expm1(x):
    return elementwise(x, native.expm1, exp)


@for_complex("sigmoid")
def sigmoid(x):
    def slope(x):
        s = sigmoid(x)
        return multiply(s, 1.0 - s)

    return elementwise(x, _sigmoid_value, slope)


def _sigmoid_value(x):
    """Without overflow."""
    right = native.real(x) >= 0
    small = exp(paddle.where(right, -x, x))
    return paddle.where(right, paddle.ones_like(small), small) / (1.0 + small)


@for_complex("logsigmoid")
def log_sigmoid(x):
    return elementwise(x, _log_sigmoid_value, lambda x: sigmoid(-x))


def _log_sigmoid_value(x):
    value = -native.log1p(exp(-x))
    # Which of the logarithm's values it is differs between versions of Paddle.
    turns = paddle.round((native.imag(native.logsigmoid(x)) - native.imag(value)) / (2 * math.pi))
    return value + native.complex(paddle.zeros_like(turns), turns * (2 * math.pi))


@for_complex("softplus")
def softplus(x, beta=1.0, threshold=20.0):
    beta, threshold = in_float32_before_3_3(beta), in_float32_before_3_3(threshold)

    def is_linear(x):
        return native.real(x.detach()) * beta > threshold

    def value(x):
        linear = is_linear(x)
        inside = paddle.where(linear, paddle.zeros_like(x), x)
        return paddle.where(linear, x, native.log1p(exp(inside * beta)) / beta)

    def slope(x):
        return paddle.where(is_linear(x), paddle.ones_like(x), sigmoid(x * beta))

    return elementwise(x, value, slope)


@for_complex("silu")
def silu(x):
    return multiply(x, sigmoid(x))


@for_complex("softsign")
def softsign(x):
    return divide(x, absolute(x) + 1.0)


@for_complex("sign")
def sign(x):
    size = absolute(x)
    return from_parts(quotient(real(x), size), quotient(imag(x), size))


@for_complex("scale")
def scale(x, factor, bias=0.0, bias_after_scale=True):
    # Paddle takes the factor for a real number in the gradient.
    if isinstance(factor, complex):
        factor = paddle.to_tensor(factor, x.dtype)
    if not isinstance(factor, paddle.Tensor) or not x.is_complex():
        return arithmetic.scale(x, factor, bias, bias_after_scale)
    return multiply(x, factor) + bias if bias_after_scale else multiply(x + bias, factor)


def _real_only(op):
    @for_complex(op)
    def refuse(*args, **kwargs):
        raise NotTwiceDifferentiableError(
            f"{op}: expected real tensors, got a complex one, for which its derivatives are not defined; apply it to "
            "paddle.real(x) and paddle.imag(x), or detach() the tensor"
        )


for _op in ("hardswish", "remainder"):
    _real_only(_op)
