"""Normalization: by each task's own batch, and what normalizes each example by itself."""

from __future__ import annotations

from functools import partial

import numpy as np
import paddle

from ...double_grad import kernels, requires_grad, with_pullback
from ...double_grad.kernels import native
from ...double_grad.rules.normalization import batch_norm_of_one
from ..batched import Batched, CannotBatch, tasks_of
from ..dispatch import note_unmoved
from ..forms import PLANES, to_planes
from ..planes import per_plane, plane_sums, zeros
from ..registry import batches, below
from ..task_by_task import count_of
from .folded import folded, unfolded
from .shape import for_each_task


@batches("batch_norm")
def batch_norm(x, mean, variance, scale, shift, is_test, momentum, epsilon, layout, use_global_stats, trainable):
    if use_global_stats or (is_test and not trainable):
        return _by_running_statistics(x, mean, variance, scale, shift, epsilon, layout), *[None] * 5
    if layout != "NCHW" or not x.is_floating_point() or x.ndim < 2 or scale is None or shift is None:
        if type(mean) is Batched:  # task by task, nobody would notice how they move
            raise CannotBatch(f"the statistics of a batch norm of layout {layout!r}, or without weights")
        return NotImplemented
    tasks = count_of((x, mean, variance, scale, shift))
    x, scale, shift = (t if type(t) is Batched else Batched(for_each_task(t, tasks)) for t in (x, scale, shift))
    if x.size == x.shape[1]:
        return Batched(batch_norm_of_one(x.stacked, scale.stacked, shift.stacked), x.form), *[None] * 5
    planes = paddle.transpose(tasks_of(x), [0, 2, 1]) if x.ndim == 2 else to_planes(x.stacked, x.form)
    statistics = [s.stacked if type(s) is Batched else None for s in (mean, variance)]
    y = normalized(planes, scale.stacked, shift.stacked, epsilon, statistics, momentum)
    for statistic in (mean, variance):
        if type(statistic) is Batched:
            statistic.kept_part *= float(np.float32(momentum))  # as the kernel has it
        else:
            note_unmoved(statistic)
    y = Batched(paddle.transpose(y, [0, 2, 1])) if x.ndim == 2 else Batched(y, PLANES)
    return y, *[None] * 5


def _by_running_statistics(x, mean, variance, scale, shift, epsilon, layout):
    factor = paddle.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    offset = -mean * factor if shift is None else shift - mean * factor
    channel = 1 if layout == "NCHW" else x.ndim - 1
    return x * _along_channels(factor, channel, x.ndim) + _along_channels(offset, channel, x.ndim)


def _along_channels(numbers, channel, ndim):
    return paddle.reshape(numbers, [-1 if axis == channel else 1 for axis in range(ndim)])


@batches("layer_norm")
def layer_norm(x, scale, shift, epsilon, begin_axis):
    own = [1] * begin_axis + list(x.shape[begin_axis:])
    if type(x) is not Batched:
        y = below["layer_norm"](x, None, None, epsilon, begin_axis)
    elif type(scale) is Batched or type(shift) is Batched:
        y = Batched(below["layer_norm"](tasks_of(x), None, None, epsilon, begin_axis + 1))
    else:
        return Batched(below["layer_norm"](tasks_of(x), scale, shift, epsilon, begin_axis + 1))
    return _affine(y, scale, shift, own)


def _affine(y, scale, shift, shape):
    if scale is not None:
        y = y * paddle.reshape(scale, shape)
    return y if shift is None else y + paddle.reshape(shift, shape)


def _of_each_example(name, channel, x, scale, shift, *options):
    if type(x) is not Batched:
        y = below[name](x, None, None, *options)
    elif type(scale) is Batched or type(shift) is Batched:
        y = unfolded(below[name](folded(x), None, None, *options), x.stacked.shape[0])
    else:
        return unfolded(below[name](folded(x), scale, shift, *options), x.stacked.shape[0])
    return _affine(y, scale, shift, [-1 if axis == channel else 1 for axis in range(x.ndim)])


batches("instance_norm")(partial(_of_each_example, "instance_norm", 1))


@batches("group_norm")
def group_norm(x, scale, shift, epsilon, groups, layout):
    channel = 1 if layout == "NCHW" else x.ndim - 1
    return _of_each_example("group_norm", channel, x, scale, shift, epsilon, groups, layout)


def normalized(x, scale, shift, epsilon, statistics=(None, None), momentum=0.9):
    """γ (x − mean) / √(variance + ε) + β of each plane of x ``[T, C, ...]``, with γ and β ``[T, C]``; the `statistics`,
    mean and variance of each task, ``[T, C]``, are moved in place.

    With h the normalised x, r = 1 / √(variance + ε), and means over a plane:
    ∂/∂x of <y, g> is γ r (g − mean(g) − h mean(g h)).
    """
    planes = x.shape[0] * x.shape[1]
    rows = [1, planes, -1, 1]
    with paddle.no_grad():
        flat, gamma, beta = (native.reshape(t, s) for t, s in ((x, rows), (scale, [planes]), (shift, [planes])))
        running = [paddle.ones([planes], x.dtype) if s is None else s.reshape([-1]).clone() for s in statistics]
        y, mean, inverse = kernels.batch_norm(flat, *running, gamma, beta, epsilon, "NCHW", momentum)
        for statistic, moved in zip(statistics, running):
            if statistic is not None:
                statistic.set_value(moved.reshape(statistic.shape))

    def first_order(g):
        found = kernels.batch_norm_grad(flat, gamma, beta, mean, inverse, native.reshape(g, rows), epsilon, "NCHW")
        return [native.reshape(t, like.shape) for t, like in zip(found, (x, scale, shift))]

    def pullback(g):
        if not paddle.is_grad_enabled():
            return first_order(g)
        return _gradient(x, scale, g, mean, inverse, first_order)

    return with_pullback(lambda: native.reshape(y, x.shape), [x, scale, shift], pullback)


def _gradient(x, scale, g, mean, inverse, first_order):
    """The gradients for x, scale and shift, with their derivative."""
    n = float(x.size // (x.shape[0] * x.shape[1]))
    sums = {}

    def compute():
        found = first_order(g)
        sums["gh"], sums["g"] = (native.reshape(t.detach(), [-1]) for t in found[1:])
        return found

    def pullback(u, a, b):
        if paddle.is_grad_enabled():
            raise CannotBatch("a third derivative of batch norm")
        zero = zeros(tuple(mean.shape), x.dtype)
        gamma, r, m = native.reshape(scale.detach(), [-1]), inverse, mean
        mean_g, mean_gh = sums["g"] / n, sums["gh"] / n
        a, b = (zero if t is None else native.reshape(t, [-1]) for t in (a, b))
        if u is None:
            to_g = per_plane(x, a * r, b - a * r * m)
            slope = a * r * r * mean_gh
            to_x = native.add_(
                per_plane(g, a * r, zero), per_plane(x, -slope, slope * m - a * r * mean_g)
            )
            return [to_x if requires_grad(x) else None, None, to_g]
        mean_u = native.reshape(plane_sums(u), [-1]) / n
        mean_uh = (native.reshape(plane_sums(native.multiply(u, x)), [-1]) / n - mean_u * m) * r
        spread = native.reshape(plane_sums(native.multiply(u, g)), [-1]) / n - mean_u * mean_g - mean_uh * mean_gh
        gr = gamma * r
        h = a - gr * mean_uh
        to_g = native.add_(per_plane(u, gr, zero), per_plane(x, h * r, b - gr * mean_u - h * r * m))
        grr = gr * r
        slope = (grr * (2 * mean_uh * mean_gh - spread) - a * r * mean_gh) * r
        offset = grr * (mean_gh * mean_u + mean_uh * mean_g) - a * r * mean_g
        to_x = native.add_(per_plane(u, -(grr * mean_gh), zero), per_plane(g, a * r - grr * mean_uh, zero))
        to_x = native.add_(to_x, per_plane(x, slope, offset - slope * m))
        return [to_x, native.reshape(spread * r * n, scale.shape), to_g]

    return with_pullback(compute, [x, scale, g], pullback)
