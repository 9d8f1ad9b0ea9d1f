"""Transcendental functions of each element."""

from __future__ import annotations

import paddle

from paddle_metaopt.double_grad.kernels import native

from .case import op, positive, spread, uniform


def everywhere(function, low=-2.0, high=2.0):
    return op(function, uniform(3, 4, low=low, high=high))


def zeros(*shape):
    return lambda: paddle.zeros(shape, "float64")


def constant():
    return paddle.linspace(0.4, 2.6, 12, "float64").reshape([3, 4])


CASES = {
    "paddle.exp": op(paddle.exp, (3, 4)),
    "paddle.expm1": op(paddle.expm1, (3, 4)),
    "paddle.log": op(paddle.log, positive(3, 4)),
    "paddle.log2": op(paddle.log2, positive(3, 4)),
    "paddle.log10": op(paddle.log10, positive(3, 4)),
    "paddle.log1p": everywhere(paddle.log1p, -0.7),
    "paddle.logit": everywhere(paddle.logit, 0.1, 0.9),
    "paddle.logit eps": op(lambda x: paddle.logit(x, 0.2), spread(3, 4, low=0.01, high=0.98)),
    "paddle.logaddexp": op(lambda x, y: paddle.logaddexp(x, y), (3, 4), (3, 4)),
    "paddle.logaddexp broadcast": op(lambda x, y: paddle.logaddexp(x, y[0]), (3, 4), (3, 4)),
    "paddle.logaddexp at a tie": op(lambda x, y: paddle.logaddexp(x, y), zeros(3, 4), zeros(3, 4)),
    "paddle.sqrt": op(paddle.sqrt, positive(3, 4)),
    "paddle.rsqrt": op(paddle.rsqrt, positive(3, 4)),
    "paddle.square": op(paddle.square, (3, 4)),
    "paddle.square plain kernel": op(native.square, (3, 4)),
    "paddle.reciprocal": op(paddle.reciprocal, positive(3, 4)),
    "paddle.sin": op(paddle.sin, (3, 4)),
    "paddle.cos": op(paddle.cos, (3, 4)),
    "paddle.tan": everywhere(paddle.tan, -1.2, 1.2),
    "paddle.asin": everywhere(paddle.asin, -0.8, 0.8),
    "paddle.acos": everywhere(paddle.acos, -0.8, 0.8),
    "paddle.atan": op(paddle.atan, (3, 4)),
    "paddle.sinh": op(paddle.sinh, (3, 4)),
    "paddle.cosh": op(paddle.cosh, (3, 4)),
    "paddle.tanh": op(paddle.tanh, (3, 4)),
    "paddle.asinh": op(paddle.asinh, (3, 4)),
    "paddle.acosh": everywhere(paddle.acosh, 1.3, 3.0),
    "paddle.atanh": everywhere(paddle.atanh, -0.8, 0.8),
    "paddle.stanh": op(paddle.stanh, (3, 4)),
    "paddle.stanh options": op(lambda x: paddle.stanh(x, 0.4, 2.1), (3, 4)),
    "paddle.sinc": op(lambda x: paddle.sinc(x), (3, 4)),
    "paddle.sinc at zero": op(lambda x: paddle.sinc(x), zeros(3, 4)),
    "paddle.sinc near zero": everywhere(lambda x: paddle.sinc(x), -1e-3, 1e-3),
    "paddle.erf": op(paddle.erf, (3, 4)),
    "paddle.erfinv": everywhere(paddle.erfinv, -0.8, 0.8),
    "paddle.lgamma": op(paddle.lgamma, positive(3, 4)),
    "paddle.lgamma negative": everywhere(paddle.lgamma, -1.8, -1.2),
    "paddle.gammaln": op(paddle.gammaln, positive(3, 4)),
    "paddle.digamma": op(paddle.digamma, positive(3, 4)),
    "paddle.digamma negative": everywhere(paddle.digamma, -1.8, -1.2),
    "paddle.polygamma": op(lambda x: paddle.polygamma(x, 2), positive(3, 4)),
    "paddle.polygamma order 0": op(lambda x: paddle.polygamma(x, 0), positive(3, 4)),
    "paddle.polygamma order 1": op(lambda x: paddle.polygamma(x, 1), positive(3, 4)),
    "paddle.multigammaln": everywhere(lambda x: paddle.multigammaln(x, 3), 1.5, 3.0),
    "paddle.gammainc": op(lambda x: paddle.gammainc(constant(), x), positive(3, 4)),
    "paddle.gammaincc": op(lambda x: paddle.gammaincc(constant(), x), positive(3, 4)),
    "paddle.gammaincc equal to one": op(lambda x: paddle.gammaincc(paddle.ones_like(x), x), positive(3, 4)),
    "paddle.i0": op(paddle.i0, (3, 4)),
    "paddle.i0e": op(paddle.i0e, (3, 4)),
    "paddle.i1": op(paddle.i1, (3, 4)),
    "paddle.i1e": op(paddle.i1e, (3, 4)),
    "paddle.i0 at zero": op(paddle.i0, zeros(3, 4)),
    "paddle.i1 at zero": op(paddle.i1, zeros(3, 4)),
    "paddle.i1 near zero": everywhere(paddle.i1, -1e-3, 1e-3),
    "paddle.i0 far out": everywhere(paddle.i0, 9.0, 10.0),
    "paddle.i1e far out": everywhere(paddle.i1e, 9.0, 10.0),
}
