"""Normalization: one standardization, with the first and second derivative in closed form, under every layer.

With x̂ = r (x − mean(x)), r = (var(x) + ε)^(−1/2), means over a group of elements, the Jacobian of x̂ is self-adjoint:

    B(g) = r (g − mean(g) − x̂ mean(g x̂))

and the gradient of <u, B(g)> with respect to x is

    − r (q B(u) + p B(g)) − r² s x̂,   p = mean(u x̂), q = mean(g x̂), s = mean(u g) − mean(u) mean(g) − p q.
"""

from __future__ import annotations

import paddle

from .. import kernels
from ..primitive import requires_grad, with_pullback
from ..registry import rule


class Standardization:
    """x̂ and B of the module's text, for x over groups of elements along `axes`.

    Parameters
    ----------
    x : Tensor
    axes : list of int
        What the means are taken over.
    epsilon : float
    mean, inverse_std : Tensor, optional
        Their values, if known; a shape that broadcasts against x.
    jacobian : callable, optional
        A fused kernel for the values of B.
    """

    def __init__(self, x, axes, epsilon, mean=None, inverse_std=None, jacobian=None):
        self.x = x
        self.axes = axes
        self.epsilon = epsilon
        if mean is None:
            with paddle.no_grad():
                values = x.detach()
                mean = self.mean(values)
                inverse_std = paddle.rsqrt(self.mean(paddle.square(values - mean)) + epsilon)
        self.mean_value, self.inverse_std_value = mean, inverse_std
        self._fused_jacobian = jacobian

    def mean(self, tensor):
        return paddle.mean(tensor, self.axes, keepdim=True)

    def standardized(self):
        """x̂"""
        return with_pullback(self._standardized_value, [self.x], lambda g: [self.jacobian(g)])

    def _standardized_value(self):
        return (self.x.detach() - self.mean_value) * self.inverse_std_value

    def inverse_std(self):
        """r; a live function of x only where a third derivative asks for it."""
        if not (paddle.is_grad_enabled() and requires_grad(self.x)):
            return self.inverse_std_value
        return paddle.rsqrt(self.mean(paddle.square(self.x - self.mean(self.x))) + self.epsilon)

    def jacobian(self, g):
        """B(g)"""

        def pullback(u):
            to_g = self.jacobian(u)
            if not requires_grad(self.x):
                return [None, to_g]
            z, r = self.standardized(), self.inverse_std()
            p, q = self.mean(u * z), self.mean(g * z)
            s = self.mean(u * g) - self.mean(u) * self.mean(g) - p * q
            to_x = (to_g * q + self.jacobian(g) * p) * -r - z * (r * r * s)
            return [to_x, to_g]

        return with_pullback(lambda: self._jacobian_value(g), [self.x, g], pullback)

    def _jacobian_value(self, g):
        if self._fused_jacobian is not None:
            return self._fused_jacobian(g)
        z = self._standardized_value()
        return (g - self.mean(g) - z * self.mean(g * z)) * self.inverse_std_value


@rule("batch_norm")
def batch_norm(
    x, mean, variance, scale, shift, is_test, momentum, epsilon, layout, use_global_stats, trainable_statistics
):
    channel = 1 if layout == "NCHW" or x.ndim == 2 else x.ndim - 1
    per_channel = [x.shape[channel] if axis == channel else 1 for axis in range(x.ndim)]
    unused = [None] * 5
    if use_global_stats or (is_test and not trainable_statistics):
        slope = paddle.rsqrt(variance.detach() + epsilon)
        slope = slope if scale is None else slope * scale
        offset = -mean.detach() * slope
        offset = offset if shift is None else offset + shift
        return (x * slope.reshape(per_channel) + offset.reshape(per_channel), *unused)
    with paddle.no_grad():
        unit, zero = paddle.ones([x.shape[channel]], mean.dtype), paddle.zeros([x.shape[channel]], mean.dtype)
        scale_value = unit if scale is None else scale.detach()
        shift_value = zero if shift is None else shift.detach()
        y, batch_mean, inverse_std = kernels.batch_norm(
            x.detach(), mean, variance, scale_value, shift_value, epsilon, layout, momentum
        )
    values = x.detach()

    def fused(scale_value, g):
        return kernels.batch_norm_grad(values, scale_value, zero, batch_mean, inverse_std, g, epsilon, layout)

    def pullback(g):
        if not paddle.is_grad_enabled():
            return list(fused(scale_value, g))
        axes = [axis for axis in range(x.ndim) if axis != channel]
        statistics = [s.reshape(per_channel).astype(x.dtype) for s in (batch_mean, inverse_std)]
        standard = Standardization(x, axes, epsilon, *statistics, jacobian=lambda g: fused(unit, g)[0])
        to_scale = paddle.sum(g * standard.standardized(), axes) if requires_grad(scale) else None
        to_shift = paddle.sum(g, axes) if requires_grad(shift) else None
        to_x = None
        if requires_grad(x):
            to_x = standard.jacobian(g if scale is None else g * scale.reshape(per_channel))
        return [to_x, to_scale, to_shift]

    return (with_pullback(y.detach, [x, scale, shift], pullback), *unused)


@rule("layer_norm")
def layer_norm(x, scale, shift, epsilon, begin_axis):
    standard = Standardization(x, list(range(begin_axis, x.ndim)), epsilon)
    y = standard.standardized()
    if scale is not None:
        y = y * scale.reshape(x.shape[begin_axis:])
    return y if shift is None else y + shift.reshape(x.shape[begin_axis:])
