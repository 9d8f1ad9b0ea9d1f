"""Softmax and cross entropy, each by its output."""

from __future__ import annotations

import paddle

from .. import kernels
from ..primitive import requires_grad, with_pullback
from ..registry import rule


@rule("softmax")
def softmax(x, axis=-1, **options):
    with paddle.no_grad():
        value = kernels.softmax(x.detach(), axis)
    return _softmax_known(x, axis, value)


def _softmax_known(x, axis, value):
    def pullback(g):
        p = _softmax_known(x, axis, value)
        return [p * (g - paddle.sum(g * p, axis, keepdim=True))]

    # A new tensor each time: the node must not hold the one that it returned.
    return with_pullback(value.detach, [x], pullback)


@rule("cross_entropy_with_softmax")
def cross_entropy_with_softmax(x, label, soft_label, use_softmax, numeric_stable_mode, ignore_index, axis):
    """Returns the softmax and the loss, which keeps `axis` with length 1."""
    options = (soft_label, use_softmax, numeric_stable_mode, ignore_index, axis)
    with paddle.no_grad():
        probabilities, loss = kernels.cross_entropy_with_softmax(x.detach(), label.detach(), *options)
    if not use_softmax:
        return x, _negative_log_likelihood(x, label, soft_label, ignore_index, axis)
    target, target_mass = _target(label, soft_label, ignore_index, axis, x)

    def pullback(g):
        p = _softmax_known(x, axis, probabilities)
        to_label = -_log_softmax(x, axis) * g if requires_grad(label) else None
        return [(p * target_mass - target) * g, to_label]

    return _softmax_known(x, axis, probabilities), with_pullback(loss.detach, [x, label], pullback)


def _target(label, soft_label, ignore_index, axis, x):
    """The target distribution over `axis`, and its sum there."""
    if soft_label:
        return label, paddle.sum(label, axis, keepdim=True)
    axis = axis % x.ndim
    index = paddle.squeeze(label, axis) if label.ndim == x.ndim else label
    kept = (index != ignore_index).astype(x.dtype).unsqueeze(axis)
    index = paddle.where(index == ignore_index, paddle.zeros_like(index), index)
    one_hot = paddle.nn.functional.one_hot(index, x.shape[axis]).astype(x.dtype)
    if axis != x.ndim - 1:
        one_hot = paddle.moveaxis(one_hot, -1, axis)
    return one_hot * kept, kept


def _log_softmax(x, axis):
    shifted = x - paddle.max(x.detach(), axis, keepdim=True)
    return shifted - paddle.log(paddle.sum(paddle.exp(shifted), axis, keepdim=True))


def _negative_log_likelihood(probabilities, label, soft_label, ignore_index, axis):
    target, _ = _target(label, soft_label, ignore_index, axis, probabilities)
    return -paddle.sum(target * paddle.log(probabilities), axis, keepdim=True)
