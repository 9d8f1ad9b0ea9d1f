"""Softmax, cross entropy and the losses that have ops of their own; the others are made of ordinary ops."""

from __future__ import annotations

import math

import numpy as np
import paddle
import paddle.nn.functional as F

from ...errors import NotTwiceDifferentiableError
from ..kernels import native
from ..kinds import elementwise
from ..primitive import requires_grad, with_pullback
from ..registry import replaces, rule


@rule("softmax")
def softmax(x, axis=-1, **options):
    with paddle.no_grad():
        p = native.softmax(x.detach(), axis)
    return _softmax_known(x, axis, p)


def _softmax_known(x, axis, p):
    """The softmax of x as a function of x, by its values p."""
    # A new tensor each time: the node must not hold the one that it returned.
    return with_pullback(p.detach, [x], lambda g: [_softmax_jacobian(x, axis, p, g)])


def _softmax_jacobian(x, axis, p, g):
    """p (g - <p, g>), the symmetric Jacobian of softmax applied to g."""

    def pullback(u):
        to_g = _softmax_jacobian(x, axis, p, u) if requires_grad(g) else None
        if not requires_grad(x):
            return [None, to_g]
        live = _softmax_known(x, axis, p)
        to_p = u * g - u * _dot(live, g, axis) - g * _dot(live, u, axis)
        return [_softmax_jacobian(x, axis, p, to_p), to_g]

    return with_pullback(lambda: native.softmax_grad(p, g, axis), [x, g], pullback)


def _dot(x, y, axis):
    return paddle.sum(x * y, axis, keepdim=True)


@rule("cross_entropy_with_softmax")
def cross_entropy_with_softmax(x, label, soft_label, use_softmax, numeric_stable_mode, ignore_index, axis):
    """Returns the softmax and the loss, which keeps `axis` with length 1."""
    options = (soft_label, use_softmax, numeric_stable_mode, ignore_index, axis)
    with paddle.no_grad():
        p, loss = native.cross_entropy_with_softmax(x.detach(), label.detach(), *options)
    if not soft_label:
        label = label.reshape(loss.shape)
    if not use_softmax:
        return x, _negative_log_likelihood(x, label, loss, soft_label, ignore_index, axis)
    if soft_label:

        def pullback(g):
            # Paddle's own gradient takes the label's sum for one, and has none for the label.
            mass = paddle.sum(label, axis, keepdim=True)
            to_x = (_softmax_known(x, axis, p) * mass - label) * g if requires_grad(x) else None
            to_label = -paddle.nn.functional.log_softmax(x, axis) * g if requires_grad(label) else None
            return [to_x, to_label]

        loss = with_pullback(loss.detach, [x, label], pullback)
    else:
        loss = with_pullback(loss.detach, [x], lambda g: [_hard_label_gradient(x, p, label, g, options)])
    return _softmax_known(x, axis, p), loss


def _hard_label_gradient(x, p, label, g, options):
    """(p - one-hot label) g, zero where the label is ignored."""
    *_, ignore_index, axis = options

    def pullback(u):
        to_x = to_g = None
        if requires_grad(x):
            kept = (label != ignore_index).astype(g.dtype)
            to_x = _softmax_jacobian(x, axis, p, u * (g * kept))
        if requires_grad(g):
            to_g = _dot(u, _hard_label_gradient(x, p, label, paddle.ones_like(g), options), axis)
        return [to_x, to_g]

    return with_pullback(lambda: native.cross_entropy_with_softmax_grad(label, p, g, *options), [x, g], pullback)


def _negative_log_likelihood(probabilities, label, loss, soft_label, ignore_index, axis):
    target = label if soft_label else _one_hot(label, ignore_index, axis, probabilities)

    def pullback(g):
        one = paddle.ones_like(probabilities)
        positive = paddle.where(probabilities > 0, probabilities, one)
        used = positive if soft_label else paddle.where(target > 0, positive, one)
        return [-(target / used) * g, -paddle.log(positive) * g if requires_grad(label) else None]

    return with_pullback(loss.detach, [probabilities, label], pullback)


def _one_hot(label, ignore_index, axis, x):
    """The label, of length 1 along the axis, as a distribution there; zero where it is ignored."""
    axis = axis % x.ndim
    classes = paddle.arange(x.shape[axis], dtype=label.dtype)
    classes = classes.reshape([-1 if position == axis else 1 for position in range(x.ndim)])
    return paddle.logical_and(label == classes, label != ignore_index).astype(x.dtype)


@rule("nll_loss")
def nll_loss(x, label, weight, ignore_index, reduction):
    """Returns the loss and the total weight; the classes are on axis 1."""
    kept = label != ignore_index
    # A negative label is none that counts from the end: it becomes one that Paddle refuses.
    index = paddle.where(label < 0, paddle.full_like(label, x.shape[1]), label)
    index = paddle.where(kept, index, paddle.zeros_like(label))
    weights = kept.astype(x.dtype)
    if weight is not None:
        weights = weights * paddle.gather(weight, index.flatten()).reshape(label.shape)
    picked = paddle.take_along_axis(x, index.unsqueeze(1), 1).squeeze(1)
    loss = -paddle.where(kept, picked, paddle.zeros_like(picked)) * weights
    if reduction == "none":
        return loss, paddle.zeros([], x.dtype)
    total, total_weight = paddle.sum(loss), paddle.sum(weights)
    if reduction == "mean":
        total = total / (total_weight + (total_weight == 0).astype(x.dtype))
    return total, total_weight


@rule("bce_loss")
def bce_loss(x, label):
    def pullback(g):
        if not (paddle.is_grad_enabled() or requires_grad(label)):
            return [native.bce_loss_grad(x, label, g), None]
        to_x = (x - label) / paddle.clip(x * (1 - x), min=1e-12) * g
        to_label = (_clipped_log(1 - x) - _clipped_log(x)) * g if requires_grad(label) else None
        return [to_x, to_label]

    return with_pullback(lambda: native.bce_loss(x, label), [x, label], pullback)


def _clipped_log(x):
    """The logarithm, but not below -100, as in Paddle's value."""
    inside = x > math.exp(-100)
    return paddle.where(inside, paddle.log(paddle.where(inside, x, paddle.ones_like(x))), paddle.full_like(x, -100))


@rule("sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(x, label, pos_weight, normalize, ignore_index):
    """(1 - label) x + pos_weight softplus(-x). Paddle's own gradient is off by one where x is zero."""

    def pullback(g):
        kept = (label != ignore_index).astype(g.dtype)
        g = g * (kept / paddle.clip(kept.sum(), min=1.0) if normalize else kept)
        to_x = paddle.nn.functional.sigmoid(x)
        to_x = (to_x - label if pos_weight is None else to_x * pos_weight + (1 - label - pos_weight)) * g
        to_label = -x * g if requires_grad(label) else None
        to_weight = _softplus(-x) * g if requires_grad(pos_weight) else None
        return [to_x, to_label, to_weight]

    def value():
        return native.sigmoid_cross_entropy_with_logits(x, label, pos_weight, normalize, ignore_index)

    return with_pullback(value, [x, label, pos_weight], pullback)


def _softplus(x):
    return elementwise(x, lambda t: -native.logsigmoid(-t), paddle.nn.functional.sigmoid)


@rule("kldiv_loss")
def kldiv_loss(x, label, reduction="mean", log_target=False):
    if log_target:
        loss = paddle.exp(label) * (label - x)
    else:
        positive = label > 0
        safe_label = paddle.where(positive, label, paddle.ones_like(label))
        safe_x = paddle.where(positive, x, paddle.zeros_like(x))
        loss = paddle.where(positive, safe_label * (paddle.log(safe_label) - safe_x), paddle.zeros_like(x))
    if reduction == "none":
        return loss
    if reduction == "mean":
        return paddle.mean(loss)
    return paddle.sum(loss) / x.shape[0] if reduction == "batchmean" else paddle.sum(loss)


@rule("huber_loss")
def huber_loss(x, label, delta):
    delta = _single(delta)

    def pullback(g):
        if not paddle.is_grad_enabled():
            return native.huber_loss_grad(label - x, g, delta)
        to_x = paddle.clip(x - label, -delta, delta) * g
        return [to_x, -to_x]

    return with_pullback(lambda: native.huber_loss(x, label, delta), [x, label], pullback)


def _single(number):
    """A kernel's option is a single precision number, in a double precision kernel too."""
    return float(np.float32(number))


@rule("log_loss")
def log_loss(x, label, epsilon):
    return -label * paddle.log(x + epsilon) - (1 - label) * paddle.log(1 - x + epsilon)


@rule("hinge_loss")
def hinge_loss(x, label):
    return paddle.nn.functional.relu(1 - x * (2 * label - 1))


@rule("identity_loss")
def identity_loss(x, reduction):
    return [paddle.sum, paddle.mean, paddle.assign][reduction](x)


@rule("label_smooth")
def label_smooth(label, prior, epsilon):
    kept, epsilon = _single(1 - np.float32(epsilon)), _single(epsilon)
    return label * kept + (epsilon / label.shape[-1] if prior is None else prior * epsilon)


@rule("margin_cross_entropy")
def margin_cross_entropy(x, label, return_softmax, ring_id, rank, ranks, angle_scale, angle, offset, scale):
    """Returns the softmax and the loss; x are cosines of angles, of which the label's is made larger."""
    if ranks > 1:
        raise NotTwiceDifferentiableError("margin_cross_entropy over several processes has no second derivative")
    label = label.reshape([*x.shape[:-1], 1])
    target = paddle.take_along_axis(x, label, -1)
    hardened = paddle.cos(paddle.acos(target) * angle_scale + angle) - offset
    x = (x + _one_hot(label, -100, -1, x) * (hardened - target)) * scale
    return cross_entropy_with_softmax(x, label, False, True, True, -100, -1)


@rule("hsigmoid_loss")
def hsigmoid_loss(x, label, weight, bias, path, code, classes, *sparse):
    """Returns the loss, of shape [N, 1], and what Paddle's backward would need.

    A label is reached by decisions at the nodes in `path`, each a logistic regression whose outcome is in `code`.
    """
    if path is None:
        path, code = _default_path(label.reshape([-1, 1]), classes)
    used = path >= 0
    node = paddle.where(used, path, paddle.zeros_like(path))
    taken = paddle.where(used, code, paddle.zeros_like(code)).astype(x.dtype)
    flat = node.flatten()
    logit = paddle.sum(paddle.gather(weight, flat).reshape([*node.shape, -1]) * x.unsqueeze(1), -1)
    if bias is not None:
        logit = logit + paddle.gather(bias.flatten(), flat).reshape(node.shape)
    # A logit of zero stands for a decision that is not there, as in Paddle, where it adds log 2 to the loss.
    logit = paddle.where(used, logit, paddle.zeros_like(logit))
    return paddle.sum(_decision_loss(logit, taken), 1, keepdim=True), None, None


def _default_path(label, classes):
    """The path to the label in a complete binary tree of this many leaves, from its leaf; -1 past the root."""
    leaf = label.astype("int64") + classes
    power = paddle.to_tensor([2**step for step in range((classes - 1).bit_length())], "int64")
    return leaf // (2 * power) - 1, leaf // power % 2


def _decision_loss(logit, taken):
    """softplus(logit) - taken * logit, both limited to ±40 in the value and the slope, as in Paddle."""

    def limited(t):
        return paddle.clip(t, -40.0, 40.0)

    return elementwise(
        logit,
        lambda t: paddle.log1p(paddle.exp(limited(t))) - taken * limited(t),
        lambda t: paddle.nn.functional.sigmoid(limited(t)) - taken,
    )


_native_gaussian_nll_loss = F.gaussian_nll_loss


@replaces(F, "gaussian_nll_loss")
def gaussian_nll_loss(input, label, variance, full=False, epsilon=1e-6, reduction="mean", name=None):
    """Paddle's clips the variance under no_grad, and so gives it no gradient."""
    with paddle.no_grad():
        _native_gaussian_nll_loss(input, label, variance, full, epsilon, reduction)  # for its checks
    variance = paddle.clip(variance, min=epsilon)
    loss = 0.5 * (paddle.log(variance) + paddle.square(input - label) / variance)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return {"mean": paddle.mean, "sum": paddle.sum, "none": lambda loss: loss}[reduction](loss)
