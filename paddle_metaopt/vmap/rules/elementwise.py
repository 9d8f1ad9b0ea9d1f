"""Ops that work element by element, in whatever form the tasks are held."""

from __future__ import annotations

from functools import partial

import paddle

from ...double_grad import kernels, requires_grad, with_pullback
from ..batched import Batched
from ..forms import PLANES, TASKS
from ..planes import plus_per_plane
from ..registry import batches, below
from .aligned import aligned

_OF_ONE = (
    "abs acos acosh asin asinh assign atan atanh bitwise_not cast ceil celu clip conj cos cosh digamma elu erf erfinv "
    "exp expm1 floor full_like gelu hardshrink hardsigmoid hardswish hardtanh imag isfinite isinf isnan leaky_relu "
    "lgamma log log10 log1p log2 logical_not logit logsigmoid mish ones_like pow real reciprocal relu6 round rsqrt "
    "scale selu sigmoid sign silu sin sinh softplus softshrink softsign sqrt square stanh swish tan tanh tanh_shrink "
    "thresholded_relu trunc zeros_like"
)

_OF_SEVERAL = (
    "atan2 bitwise_and bitwise_or bitwise_xor copysign divide elementwise_pow equal floor_divide fmax fmin "
    "greater_equal greater_than heaviside isclose less_equal less_than logical_and logical_or logical_xor maximum "
    "minimum multiply nextafter not_equal remainder subtract"
)


def _of_one(name, x, *args, **kwargs):
    if type(x) is not Batched or any(isinstance(arg, Batched) for arg in args):
        return NotImplemented
    return Batched(below[name](x.stacked, *args, **kwargs), x.form)


def _of_several(name, x, y, *args, **kwargs):
    (x, y), form = aligned(x, y)
    return Batched(below[name](x, y, *args, **kwargs), form)


for _name in _OF_ONE.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_of_one, _name))
for _name in _OF_SEVERAL.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_of_several, _name))


@batches("add")
def add(x, y):
    if type(x) is Batched and x.form == PLANES and _is_per_channel(y, x.ndim):
        return Batched(plus_per_plane(x.stacked, y.stacked.reshape([y.stacked.shape[0], -1])), PLANES)
    return _of_several("add", x, y)


def _is_per_channel(y, ndim) -> bool:
    return type(y) is Batched and y.form == TASKS and y.ndim == ndim and 1 < y.size == y.shape[1]


@batches("where")
def where(condition, x, y):
    (condition, x, y), form = aligned(condition, x, y)
    shape = paddle.broadcast_shape(paddle.broadcast_shape(condition.shape, x.shape), y.shape)
    condition, x, y = (t if t.shape == shape else below["expand"](t, shape) for t in (condition, x, y))
    return Batched(below["where"](condition, x, y), form)


#: From so many elements on, a clip is the faster way through a mask.
_MANY = 20000


@batches("relu")
def relu(x):
    stacked = x.stacked
    if stacked.size < _MANY or not requires_grad(stacked):
        return Batched(below["relu"](stacked), x.form)
    value = kernels.native.relu(stacked.detach())
    return Batched(with_pullback(value.detach, [stacked], lambda g: [_where_positive(value, g)]), x.form)


def _where_positive(x, g):
    # The kernel lets g through where x lies within the bounds, both included.
    return with_pullback(
        lambda: kernels.native.clip_grad(x, g, _SMALLEST, _LARGEST), [g], lambda u: [_where_positive(x, u)]
    )


_SMALLEST, _LARGEST = 1.2e-38, 3e38
