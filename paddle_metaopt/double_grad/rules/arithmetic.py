"""Operators and functions of numbers; the operators go to C++ past interception, and most are right there."""

from __future__ import annotations

import paddle

from .. import kernels
from ..activity import here
from ..kinds import times_conjugate
from ..primitive import requires_grad, with_pullback
from ..registry import NATIVELY_EXACT, RULES, natively_exact, rule
from .pointwise import (
    aligned,
    constant_between_jumps,
    in_float32,
    in_one_type,
    piecewise_linear,
    piecewise_linear_in_both,
)
from .shape import sum_to

natively_exact(
    "Abs", "Add", "Assign", "Cast", "DivScale", "Divide", "Maximum", "Minimum", "Multiply", "Pow", "Scale",
    "Sign", "Square", "Subtract",
)  # fmt: skip
NATIVELY_EXACT.add("AddNGradNodeFinal")

piecewise_linear("clip")
constant_between_jumps("ceil", "floor", "round", "trunc")
piecewise_linear_in_both("copysign", "fmax", "fmin", "heaviside", "remainder")


@rule("cast")
def cast(x, dtype):
    # Whole numbers have no derivative; Paddle's first one goes through them as if they had.
    y = kernels.native.cast(x, dtype)
    return y if y.is_floating_point() or y.is_complex() else y.detach()


@rule("add", native_to=3)
def add(x, y):
    # Paddle's fourth derivatives of a sum are wrong: it changes a gradient in place that is used elsewhere.
    if not (y.is_floating_point() or y.is_complex()):  # a truth value has no negative
        x, y = y, x
    return kernels.native.subtract(x, kernels.native.scale(y, -1.0, 0.0, True))


@rule("divide", native_to=2)
def divide(x, y):
    x, y = in_one_type(x, y)

    def pullback(g):
        to_x = divide(g, y)
        to_y = sum_to(-to_x * divide(x, y), y.shape) if requires_grad(y) else None
        return [sum_to(to_x, x.shape), to_y]

    return with_pullback(lambda: kernels.native.divide(x, y), [x, y], pullback)


@rule("pow", native_to=1)
def power(x, exponent=1.0):
    """To the power of a number, which Paddle's kernels round to float32, and once more in each derivative.

    Paddle's own second derivative is NaN for the exponent zero where x is zero, and right otherwise.
    """
    if exponent != 0 and here.activations.highest <= 2:
        return kernels.native.pow(x, exponent)
    exponent = in_float32(exponent)
    lower = exponent - 1

    def pullback(g):
        if exponent == 0:
            return [paddle.zeros_like(g)]
        if not paddle.is_grad_enabled():
            return [kernels.native.pow_grad(x, g, exponent)]
        exact = in_float32(lower) == lower
        return [g * exponent * (power(x, lower) if exact else elementwise_pow(x, paddle.full([], lower, x.dtype)))]

    return with_pullback(lambda: kernels.native.pow(x, exponent), [x], pullback)


@rule("elementwise_pow")
def elementwise_pow(x, y):
    x, y = aligned(x, y)

    def pullback(g):
        # For complex numbers Paddle's kernel is wrong.
        if not paddle.is_grad_enabled() and not x.is_complex():
            return list(kernels.native.elementwise_pow_grad(x, y, g))
        to_x = to_y = None
        if requires_grad(x):
            # Where y is zero so is the derivative, at x = 0 too.
            exponent = paddle.where((x == 0) & (y == 0), paddle.ones_like(y), y - 1)
            base = x
            if x.is_complex():  # of which Paddle's 0 ** 0 is NaN, not one
                base = paddle.where((x == 0) & (exponent == 0), paddle.ones_like(x), x)
            to_x = times_conjugate(g, y * elementwise_pow(base, exponent))
        if requires_grad(y):
            # 0 ** y is constant for positive y, though log(0) is infinite.
            base = paddle.where(x == 0, paddle.ones_like(x), x)
            to_y = times_conjugate(g, elementwise_pow(x, y) * paddle.log(base))
        return [to_x, to_y]

    return with_pullback(lambda: kernels.native.elementwise_pow(x, y), [x, y], pullback)


@rule("atan2")
def atan2(x, y):
    x, y = aligned(x, y)

    def pullback(g):
        if not paddle.is_grad_enabled():
            return list(kernels.native.atan2_grad(x, y, g))
        g = g / (x * x + y * y)
        return [g * y, -g * x]

    return with_pullback(lambda: kernels.native.atan2(x, y), [x, y], pullback)


@rule("lerp")
def lerp(x, y, weight):
    x, y, weight = aligned(x, y, weight.astype(x.dtype))
    return with_pullback(
        lambda: kernels.native.lerp(x, y, weight),
        [x, y, weight],
        lambda g: [g * (1 - weight), g * weight, g * (y - x)],
    )


_clip_between_constants = RULES["clip"]


@rule("clip")
def clip(x, low, high):
    # Paddle takes bounds for constants.
    if not any(isinstance(bound, paddle.Tensor) and requires_grad(bound) for bound in (low, high)):
        return _clip_between_constants(x, low, high)
    for bound, outside in ((low, paddle.less_than), (high, paddle.greater_than)):
        x, bound = aligned(x, paddle.assign(bound).astype(x.dtype))
        x = paddle.where(outside(x, bound), bound, x)
    return x


@rule("scale")
def scale(x, factor, bias=0.0, bias_after_scale=True):
    # Paddle takes the factor for a constant.
    if not (isinstance(factor, paddle.Tensor) and requires_grad(factor)):
        return kernels.native.scale(x, factor, bias, bias_after_scale)
    factor = factor.astype(x.dtype)
    return x * factor + bias if bias_after_scale else (x + bias) * factor
