"""Operators and Tensor methods that go to C++ past interception, and their functions."""

from __future__ import annotations

import paddle

from .case import op, positive, spread

CASES = {
    "paddle.abs": op(paddle.abs, (3, 4)),
    "Tensor.__add__": op(lambda x, y: x + y, (3, 4), (3, 4)),
    "Tensor.__add__ broadcast": op(lambda x, y: x[0] + y, (3, 4), (3, 4)),
    "Tensor.__add__ column": op(lambda x, y: x + y.sum(1, keepdim=True), (3, 4), (3, 4)),
    "Tensor.__sub__": op(lambda x, y: x - y, (3, 4), (3, 4)),
    "Tensor.__sub__ broadcast": op(lambda x, y: x - y[0], (3, 4), (3, 4)),
    "Tensor.__rsub__": op(lambda x: 3 - 2 * x, (3, 4)),
    "Tensor.__neg__": op(lambda x: -x * x, (3, 4)),
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
    "paddle.clip": op(lambda x: paddle.clip(x, -0.4, 0.6), spread(3, 4)),
    "paddle.exp": op(paddle.exp, (3, 4)),
    "paddle.log": op(paddle.log, positive(3, 4)),
    "paddle.rsqrt": op(paddle.rsqrt, positive(3, 4)),
    "paddle.sqrt": op(paddle.sqrt, positive(3, 4)),
    "paddle.square": op(paddle.square, (3, 4)),
    "paddle.scale": op(lambda x: paddle.scale(x, 2.0, 3.0), (3, 4)),
    "paddle.assign": op(paddle.assign, (3, 4)),
    "paddle.cast": op(lambda x: x.astype("float32").astype("float64") * 0 + x.astype("float64"), (3, 4)),
    "paddle.clone": op(lambda x: x.clone(), (3, 4)),
}
