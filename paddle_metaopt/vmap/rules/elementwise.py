"""Ops that work element by element, in whatever form the tasks are held."""

from __future__ import annotations

from functools import partial

import paddle

from ...double_grad import kernels, requires_grad, with_pullback
from ..batched import Batched
from ..entrances import has_batched
from ..forms import PLANES, TASKS
from ..planes import plus_per_plane
from ..registry import batches, below
from .aligned import aligned, is_promoted_otherwise

_OF_ONE = (
    "abs acos acosh asin asinh assign atan atanh bitwise_not cast ceil celu clip conj cos cosh digamma elu erf erfinv "
    "exp expm1 floor full_like gelu hardshrink hardsigmoid hardswish hardtanh imag isfinite isinf isnan leaky_relu "
    "lgamma log log10 log1p log2 logical_not logit logsigmoid mish ones_like pow real reciprocal relu6 round rsqrt "
    "scale selu sigmoid sign silu sin sinh softplus softshrink softsign sqrt square stanh swish tan tanh tanh_shrink "
    "thresholded_relu trunc zeros_like"
)

_OF_SEVERAL = (
    "atan2 copysign bitwise_and bitwise_or bitwise_xor complex divide elementwise_pow equal floor_divide fmax fmin "
    "greater_equal greater_than heaviside less_equal less_than logical_and logical_or logical_xor maximum "
    "minimum multiply nextafter not_equal remainder subtract"
)


def _of_one(name, x, *args, **kwargs):
    if type(x) is not Batched or has_batched(args, kwargs):
        return NotImplemented
    return Batched(below[name](x.stacked, *args, **kwargs), x.form)


def _of_several(name, x, y, *args, **kwargs):
    if has_batched(args, kwargs) or is_promoted_otherwise(x, y):
        return NotImplemented
    (x, y), form = aligned(x, y)
    return Batched(below[name](x, y, *args, **kwargs), form)


def _of_equal_shapes(name, x, y, *args):
    """For an op that refuses operands of two shapes."""
    return _in_equal_shapes(2, name, x, y, *args) if list(x.shape) == list(y.shape) else NotImplemented


def _in_equal_shapes(count, name, *args):
    """For an op of which the first `count` operands broadcast, which its kernel does not do for some."""
    if has_batched(args[count:]):
        return NotImplemented
    operands, form = aligned(*args[:count])
    return Batched(below[name](*_in_one_shape(operands), *args[count:]), form)


def _in_one_shape(tensors) -> list:
    shape = list(tensors[0].shape)
    for tensor in tensors[1:]:
        shape = paddle.broadcast_shape(shape, tensor.shape)
    return [t if list(t.shape) == list(shape) else below["expand"](t, shape) for t in tensors]


for _name in _OF_ONE.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_of_one, _name))
for _name in _OF_SEVERAL.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_of_several, _name))


@batches("add")
def add(x, y):
    if type(x) is Batched and x.form == PLANES and _is_per_channel(y, x):
        return Batched(plus_per_plane(x.stacked, y.stacked.reshape([y.stacked.shape[0], -1])), PLANES)
    return _of_several("add", x, y)


def _is_per_channel(y, x) -> bool:
    if type(y) is not Batched or y.form != TASKS or y.ndim != x.ndim or y.dtype != x.dtype:
        return False
    return 1 < y.size == y.shape[1] == x.shape[1]


@batches("where")
def where(condition, x, y):
    return _in_equal_shapes(3, "where", condition, x, y)


batches("lerp")(partial(_in_equal_shapes, 3, "lerp"))
for _name in ("bce_loss", "huber_loss", "isclose"):
    batches(_name)(partial(_of_equal_shapes, _name))


@batches("kldiv_loss")
def kldiv_loss(x, label, reduction="mean", log_target=False):
    if reduction != "none":
        return NotImplemented
    return _of_equal_shapes("kldiv_loss", x, label, reduction, log_target)


@batches("sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(x, label, positive_weight=None, normalize=False, ignore_index=-100):
    if normalize or list(x.shape) != list(label.shape):
        return NotImplemented
    operands, form = aligned(*(t for t in (x, label, positive_weight) if t is not None))
    operands = [*_in_one_shape(operands), None][:3]
    return Batched(below["sigmoid_cross_entropy_with_logits"](*operands, normalize, ignore_index), form)


@batches("masked_fill")
def masked_fill(x, mask, value):
    value = value.astype(x.dtype) if isinstance(value, paddle.Tensor) else paddle.full([], value, x.dtype)
    return where(mask, value, x)


@batches("prelu")
def prelu(x, weight, layout, mode):
    if mode != "element":
        channel = 1 if layout == "NCHW" else x.ndim - 1
        shape = [-1 if axis == channel and mode == "channel" else 1 for axis in range(x.ndim)]
        weight = paddle.reshape(weight, shape)
    return paddle.where(x > 0, x, x * weight)


@batches("swiglu")
def swiglu(x, y=None):
    x, y = paddle.split(x, 2, -1) if y is None else (x, y)
    return paddle.nn.functional.silu(x) * y

#: From so many elements on, a clip is the faster way through a mask.
_MANY = 20000


@batches("relu")
def relu(x):
    stacked = x.stacked
    if stacked.size < _MANY or stacked.dtype != paddle.float32 or not requires_grad(stacked):
        return Batched(below["relu"](stacked), x.form)
    value = kernels.native.relu(stacked.detach())
    return Batched(with_pullback(value.detach, [stacked], lambda g: [_where_positive(value, g)]), x.form)


def _where_positive(x, g):
    # The kernel lets g through where x lies within the bounds, both included.
    return with_pullback(
        lambda: kernels.native.clip_grad(x, g, _SMALLEST, _LARGEST), [g], lambda u: [_where_positive(x, u)]
    )


#: In float32; of other types the smaller ones round it to zero, which would be let through.
_SMALLEST, _LARGEST = 1.1754944e-38, float("inf")
