"""Operators, Tensor methods and functions of one or two numbers, with their ties, bounds and broadcasting."""

from __future__ import annotations

import math

import paddle

from .case import op, positive, spread, uniform

PAIR = spread(3, 4), (3, 4)


def sparse(x):
    """Ones and zeros in the shape of x."""
    return paddle.arange(x.size).reshape(x.shape).astype(x.dtype) % 2


CASES = {
    "Tensor.__add__": op(lambda x, y: x + y, (3, 4), (3, 4)),
    "Tensor.__add__ broadcast": op(lambda x, y: x[0] + y, (3, 4), (3, 4)),
    "Tensor.__add__ column": op(lambda x, y: x + y.sum(1, keepdim=True), (3, 4), (3, 4)),
    "Tensor.__sub__": op(lambda x, y: x - y, (3, 4), (3, 4)),
    "Tensor.__sub__ broadcast": op(lambda x, y: x - y[0], (3, 4), (3, 4)),
    "Tensor.__rsub__": op(lambda x: 3 - 2 * x, (3, 4)),
    "Tensor.__neg__": op(lambda x: -x * x, (3, 4)),
    "Tensor.__abs__": op(abs, spread(3, 4)),
    "Tensor.__mul__": op(lambda x, y: x * y, (3, 4), (3, 4)),
    "Tensor.__mul__ scalar": op(lambda x, y: x * y.sum(), (3, 4), (3, 4)),
    "Tensor.__mul__ broadcast": op(lambda x, y: x[0] * y, (3, 4), (3, 4)),
    "Tensor.__truediv__": op(lambda x, y: x / y, (3, 4), positive(3, 4)),
    "Tensor.__truediv__ broadcast": op(lambda x, y: x[0] / y, (3, 4), positive(3, 4)),
    "Tensor.__truediv__ number": op(lambda x: x / 3, (3, 4)),
    "Tensor.__rtruediv__": op(lambda x: 1 / x, positive(3, 4)),
    "Tensor.__matmul__": op(lambda x, y: x @ y.t(), (3, 4), (3, 4)),
    "Tensor.__pow__ cube": op(lambda x: x**3, (3, 4)),
    "Tensor.__pow__ negative": op(lambda x: x**-0.5, positive(3, 4)),
    "Tensor.__pow__ tensor": op(lambda x, y: x**y, positive(3, 4), (3, 4)),
    "Tensor.__pow__ broadcast": op(lambda x, y: x[0] ** y, positive(3, 4), (3, 4)),
    "Tensor.__rpow__": op(lambda x: 2.5**x, (3, 4)),
    "Tensor.__rpow__ integer": op(lambda x: 2**x, (3, 4)),
    "Tensor.__mod__": op(lambda x, y: x % y, spread(3, 4), positive(3, 4)),
    "Tensor.__mod__ number": op(lambda x: x % 0.7, spread(3, 4)),
    "Tensor.__rmod__": op(lambda x: 5.3 % x, positive(3, 4)),
    "Tensor.__floordiv__": op(lambda x, y: x // y + x * y, spread(3, 4), positive(3, 4)),
    "paddle.abs": op(paddle.abs, spread(3, 4)),
    "paddle.neg": op(lambda x: paddle.neg(x) * x, (3, 4)),
    "paddle.negative": op(lambda x: paddle.negative(x) * x, (3, 4)),
    "paddle.positive": op(lambda x: paddle.positive(x) * x, (3, 4)),
    "paddle.scale": op(lambda x: paddle.scale(x, 2.0, 3.0), (3, 4)),
    "paddle.scale by a tensor": op(lambda x: paddle.scale(x, paddle.to_tensor(2.0), 3.0), (3, 4)),
    "paddle.scale by a tensor that needs a gradient": op(lambda x, y: paddle.scale(x, y, 3.0), (3, 4), (1,)),
    "paddle.scale by a tensor that needs a gradient, bias first": op(
        lambda x, y: paddle.scale(x, y, 3.0, bias_after_scale=False), (3, 4), (1,)
    ),
    "paddle.scale bias first": op(lambda x: paddle.scale(x, 2.0, 3.0, bias_after_scale=False), (3, 4)),
    "paddle.assign": op(paddle.assign, (3, 4)),
    "paddle.cast": op(lambda x: x.astype("float32").astype("float64") * 0 + x.astype("float64"), (3, 4)),
    "paddle.cast by way of integers": op(lambda x: x * (4 * x).astype("int64").astype("float64"), spread(3, 4)),
    "paddle.clone": op(lambda x: x.clone(), (3, 4)),
    "paddle.add": op(paddle.add, (3, 4), (3, 4)),
    "paddle.add broadcast both ways": op(lambda x, y: paddle.add(x[:, :1], y[:1]), (3, 4), (3, 4)),
    "paddle.subtract": op(paddle.subtract, (3, 4), (3, 4)),
    "paddle.multiply": op(paddle.multiply, (3, 4), (3, 4)),
    "paddle.multiply broadcast both ways": op(lambda x, y: paddle.multiply(x[:, :1], y[:1]), (3, 4), (3, 4)),
    "paddle.divide": op(paddle.divide, (3, 4), positive(3, 4)),
    "paddle.divide broadcast both ways": op(lambda x, y: paddle.divide(x[:, :1], y[:1]), (3, 4), positive(3, 4)),
    "paddle.floor_divide": op(lambda x, y: paddle.floor_divide(x, y) + x * y, spread(3, 4), positive(3, 4)),
    "paddle.remainder": op(paddle.remainder, spread(3, 4), positive(3, 4)),
    "paddle.remainder broadcast": op(lambda x, y: paddle.remainder(x, y[0]), spread(3, 4), positive(3, 4)),
    "paddle.remainder of a negative divisor": op(lambda x, y: paddle.remainder(x, -y), spread(3, 4), positive(3, 4)),
    "paddle.mod": op(paddle.mod, spread(3, 4), positive(3, 4)),
    "paddle.floor_mod": op(paddle.floor_mod, spread(3, 4), positive(3, 4)),
    "paddle.add_n": op(lambda x, y: paddle.add_n([x, y, x]), (3, 4), (3, 4)),
    "paddle.add_n of one": op(paddle.add_n, (3, 4)),
    "paddle.pow": op(paddle.pow, positive(3, 4), (3, 4)),
    "paddle.pow broadcast": op(lambda x, y: paddle.pow(x[0], y), positive(3, 4), (3, 4)),
    "paddle.pow number": op(lambda x: paddle.pow(x, 2.5), positive(3, 4)),
    "paddle.pow integer": op(lambda x: paddle.pow(x, 3), (3, 4)),
    "paddle.pow zero": op(lambda x, y: paddle.pow(x, 0) * y, (3, 4), (3, 4)),
    "paddle.pow one": op(lambda x: paddle.pow(x, 1), (3, 4)),
    "paddle.pow negative base": op(lambda x: paddle.pow(x, paddle.full_like(x, 3)), (3, 4)),
    "paddle.pow of zero": op(lambda x: paddle.pow(x * sparse(x), paddle.full_like(x, 2)), (3, 4)),
    "paddle.pow of zero to a live exponent": op(
        lambda x, y: paddle.pow(x * sparse(x), y), positive(3, 4), uniform(3, 4, low=2.3, high=4.0)
    ),
    "paddle.maximum": op(paddle.maximum, *PAIR),
    "paddle.maximum broadcast": op(lambda x, y: paddle.maximum(x, y[0]), *PAIR),
    "paddle.maximum number": op(lambda x: paddle.maximum(x, paddle.to_tensor(0.1, x.dtype)), spread(3, 4)),
    "paddle.minimum": op(paddle.minimum, *PAIR),
    "paddle.minimum broadcast": op(lambda x, y: paddle.minimum(x[:, :1], y[:1]), *PAIR),
    "paddle.fmax": op(paddle.fmax, *PAIR),
    "paddle.fmax broadcast": op(lambda x, y: paddle.fmax(x, y[0]), *PAIR),
    "paddle.fmin": op(paddle.fmin, *PAIR),
    "paddle.fmin broadcast": op(lambda x, y: paddle.fmin(x, y[0]), *PAIR),
    "paddle.clip": op(lambda x: paddle.clip(x, -0.4, 0.6), spread(3, 4)),
    "paddle.clip one-sided": op(lambda x: paddle.clip(x, min=-0.4), spread(3, 4)),
    "paddle.clip by tensors": op(
        lambda x: paddle.clip(x, paddle.to_tensor([-0.4], x.dtype), paddle.to_tensor([0.6], x.dtype)), spread(3, 4)
    ),
    "paddle.lerp": op(paddle.lerp, (3, 4), (3, 4), (3, 4)),
    "paddle.lerp number": op(lambda x, y: paddle.lerp(x, y, 0.3), (3, 4), (3, 4)),
    "paddle.lerp broadcast": op(lambda x, y, w: paddle.lerp(x, y[0], w[:, :1]), (3, 4), (3, 4), (3, 4)),
    "paddle.atan2": op(paddle.atan2, (3, 4), (3, 4)),
    "paddle.atan2 broadcast": op(lambda x, y: paddle.atan2(x, y[0]), (3, 4), (3, 4)),
    "paddle.hypot": op(paddle.hypot, (3, 4), (3, 4)),
    "paddle.hypot broadcast": op(lambda x, y: paddle.hypot(x, y[0]), (3, 4), (3, 4)),
    "paddle.copysign": op(paddle.copysign, *PAIR),
    "paddle.copysign broadcast": op(lambda x, y: paddle.copysign(x, y[0]), *PAIR),
    "paddle.copysign number": op(lambda x: paddle.copysign(x, -1.0), spread(3, 4)),
    "paddle.ldexp": op(lambda x: paddle.ldexp(x, paddle.to_tensor([1, -2, 0, 3])), (3, 4)),
    "paddle.ldexp of an exponent": op(paddle.ldexp, (3, 4), (3, 4)),
    "paddle.heaviside": op(lambda x, y: paddle.heaviside(x, y) + x * y, *PAIR),
    "paddle.heaviside at zero": op(lambda x, y: paddle.heaviside(paddle.zeros_like(x), y) + x * y, *PAIR),
    "paddle.floor": op(lambda x: paddle.floor(x) * x, spread(3, 4)),
    "paddle.ceil": op(lambda x: paddle.ceil(x) * x, spread(3, 4)),
    "paddle.round": op(lambda x: paddle.round(x) * x, spread(3, 4)),
    "paddle.round decimals": op(lambda x: paddle.round(x, 1) * x, spread(3, 4)),
    "paddle.trunc": op(lambda x: paddle.trunc(x) * x, spread(3, 4)),
    "paddle.frac": op(paddle.frac, spread(3, 4)),
    "paddle.sign": op(lambda x: paddle.sign(x) * x, spread(3, 4)),
    "paddle.sgn": op(lambda x: paddle.sgn(x) * x, spread(3, 4)),
    "paddle.frexp": op(lambda x: paddle.frexp(x), spread(3, 4)),
    "paddle.nan_to_num": op(
        lambda x: paddle.nan_to_num(paddle.where(x > 1, paddle.full_like(x, math.inf), x), posinf=2.0), spread(3, 4)
    ),
    "paddle.deg2rad": op(paddle.deg2rad, (3, 4)),
    "paddle.rad2deg": op(paddle.rad2deg, (3, 4)),
}

if hasattr(paddle, "sub"):  # Paddle 3.3
    CASES |= {
        "paddle.add alpha": op(lambda x, y: paddle.add(x, y, alpha=2), (3, 4), (3, 4)),
        "paddle.subtract alpha": op(lambda x, y: paddle.subtract(x, y, alpha=2), (3, 4), (3, 4)),
        "paddle.sub": op(paddle.sub, (3, 4), (3, 4)),
        "paddle.mul": op(paddle.mul, (3, 4), (3, 4)),
        "paddle.divide rounding_mode trunc": op(
            lambda x, y: paddle.divide(x, y, rounding_mode="trunc") + x * y, spread(3, 4), positive(3, 4)
        ),
        "paddle.divide rounding_mode floor": op(
            lambda x, y: paddle.divide(x, y, rounding_mode="floor") + x * y, spread(3, 4), positive(3, 4)
        ),
        "paddle.div": op(paddle.div, (3, 4), positive(3, 4)),
        "paddle.true_divide": op(paddle.true_divide, (3, 4), positive(3, 4)),
        "paddle.clamp": op(lambda x: paddle.clamp(x, -0.4, 0.6), spread(3, 4)),
        "paddle.remainder number": op(lambda x: paddle.remainder(x, 0.7), spread(3, 4)),
        "paddle.clip by tensors that need a gradient": op(
            paddle.clip, spread(3, 4), uniform(1, low=-0.5, high=-0.4), positive(1)
        ),
        "paddle.clip one-sided by a tensor that needs a gradient": op(paddle.clip, spread(3, 4), (1,)),
    }
