"""Transcendental functions, each with its derivative."""

from __future__ import annotations

import math

import paddle

from ...errors import NotTwiceDifferentiableError
from .. import kernels
from ..primitive import requires_grad, with_pullback
from ..registry import natively_exact, rule
from .pointwise import aligned, in_float32_before_3_3, smooth, smooth_by_output

natively_exact("Cos", "Exp", "Log", "Rsqrt", "Sin", "Sqrt")


@rule("square")
def square(x):
    return x * x  # Paddle's own has no third derivative


smooth("cos", native_to=3)(lambda x: -paddle.sin(x))
smooth("log", native_to=3)(lambda x: 1 / x)
smooth("sin", native_to=3)(lambda x: paddle.cos(x))

smooth_by_output("rsqrt", native_to=2)(lambda y: y * y * y * -0.5)
smooth_by_output("sqrt", native_to=2)(lambda y: 0.5 / y)


def _inverse_root(x):
    return 1 / paddle.sqrt(x) if x.is_complex() else paddle.rsqrt(x)  # Paddle has no rsqrt of complex numbers


def _smooth(**slopes):
    for op, slope in slopes.items():
        smooth(op)(slope)


_smooth(
    acos=lambda x: -_inverse_root(1 - x * x),
    acosh=lambda x: _inverse_root(x - 1) * _inverse_root(x + 1),
    asin=lambda x: _inverse_root(1 - x * x),
    asinh=lambda x: _inverse_root(x * x + 1),
    atan=lambda x: 1 / (x * x + 1),
    atanh=lambda x: 1 / (1 - x * x),
    cosh=lambda x: paddle.sinh(x),
    digamma=lambda x: paddle.polygamma(x, 1),
    erf=lambda x: paddle.exp(-x * x) * (2 / math.sqrt(math.pi)),
    gammaln=lambda x: paddle.digamma(x),
    i0=lambda x: paddle.i1(x),
    lgamma=lambda x: paddle.digamma(x),
    log10=lambda x: 1 / (x * math.log(10)),
    log1p=lambda x: 1 / (x + 1),
    log2=lambda x: 1 / (x * math.log(2)),
    polygamma=lambda x, n: paddle.polygamma(x, n + 1),
    sinh=lambda x: paddle.cosh(x),
    tan=lambda x: paddle.square(paddle.tan(x)) + 1,
)


@smooth("expm1", fused=None)
def expm1_slope(x):
    return paddle.exp(x)


@smooth("reciprocal", fused=None)
def reciprocal_slope(x):
    return -paddle.square(1 / x)


@smooth("erfinv", fused=None)
def erfinv_slope(x):
    return paddle.exp(paddle.square(paddle.erfinv(x))) * (math.sqrt(math.pi) / 2)


@smooth("logit", kept=in_float32_before_3_3)
def logit_slope(x, eps=0.0):
    inside = (x >= eps) & (x <= 1 - eps)
    p = paddle.where(inside, x, paddle.full_like(x, 0.5))
    return paddle.where(inside, 1 / (p * (1 - p)), paddle.zeros_like(x))


@smooth("i0e", fused=None)
def i0e_slope(x):
    return paddle.i1e(x) - _sign(x) * paddle.i0e(x)


@smooth("i1", fused=None)
def i1_slope(x):
    return paddle.i0(x) - _over_x(paddle.i1, x)


@smooth("i1e", fused=None)
def i1e_slope(x):
    return paddle.i0e(x) - _sign(x) * paddle.i1e(x) - _over_x(paddle.i1e, x)


def _sign(x):
    """As Paddle's kernels for i0e and i1e take it: one at zero."""
    return paddle.where(x < 0, paddle.full_like(x, -1), paddle.ones_like(x))


def _over_x(bessel, x):
    """``i1(x) / x`` or ``i1e(x) / x``; near zero, where the quotient's derivative would cancel, by i1's series."""
    near = paddle.abs(x) < 0.5
    quarter = paddle.square(paddle.where(near, x, paddle.zeros_like(x))) * 0.25
    series = paddle.ones_like(x)
    for k in range(7, 0, -1):
        series = series * quarter / (k * (k + 1)) + 1
    series = series * 0.5
    if bessel is paddle.i1e:
        series = series * paddle.exp(-paddle.abs(x))
    far = paddle.where(near, paddle.ones_like(x), x)
    return paddle.where(near, series, bessel(far) / far)


@rule("gammaincc")
def gammaincc(a, x):
    if requires_grad(a):
        raise NotTwiceDifferentiableError(
            "gammainc and gammaincc have no derivative with respect to their first argument; detach() it"
        )
    a, x = aligned(a, x)

    def pullback(g):
        size = paddle.where(x > 0, x.detach(), paddle.ones_like(x))  # the power of x, and Γ(a), may overflow
        exponent = (a - 1) * paddle.log(size) - paddle.lgamma(a) - x
        return [None, -g * paddle.exp(exponent) * paddle.pow(x / size, a - 1)]

    return with_pullback(lambda: kernels.native.gammaincc(a, x), [a, x], pullback)
