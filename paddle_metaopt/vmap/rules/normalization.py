"""Batch norm by each task's own batch."""

from __future__ import annotations

import numpy as np
import paddle

from ...double_grad import kernels, requires_grad, with_pullback
from ...double_grad.kernels import native
from ..batched import Batched, CannotBatch, tasks_of
from ..forms import PLANES, to_planes
from ..planes import per_plane, plane_sums, zeros
from ..registry import batches


@batches("batch_norm")
def batch_norm(x, mean, variance, scale, shift, is_test, momentum, epsilon, layout, use_global_stats, trainable):
    if is_test or use_global_stats or layout != "NCHW" or type(x) is not Batched:
        return NotImplemented
    if x.ndim < 2 or type(scale) is not Batched or type(shift) is not Batched:
        return NotImplemented
    planes = paddle.transpose(tasks_of(x), [0, 2, 1]) if x.ndim == 2 else to_planes(x.stacked, x.form)
    statistics = [s.stacked if type(s) is Batched else None for s in (mean, variance)]
    y = normalized(planes, scale.stacked, shift.stacked, epsilon, statistics, momentum)
    for statistic in (mean, variance):
        if type(statistic) is Batched:
            statistic.kept_part *= float(np.float32(momentum))  # as the kernel has it
    y = Batched(paddle.transpose(y, [0, 2, 1])) if x.ndim == 2 else Batched(y, PLANES)
    return y, *[None] * 5


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
