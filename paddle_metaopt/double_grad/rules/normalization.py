"""Normalization: one standardization, with the first and second derivative in closed form, under every layer.

With x̂ = r (x − mean(x)), r = (var(x) + ε)^(−1/2), means over a group of elements, the Jacobian of x̂ is self-adjoint:

    B(g) = r (g − mean(g) − x̂ mean(g x̂))

and the gradient of <u, B(g)> with respect to x is

    − r (q B(u) + p B(g)) − r² s x̂,   p = mean(u x̂), q = mean(g x̂), s = mean(u g) − mean(u) mean(g) − p q.
"""

from __future__ import annotations

from functools import cached_property

import paddle

from ...errors import NotTwiceDifferentiableError
from .. import kernels
from ..primitive import requires_grad, with_pullback
from ..registry import replaces, rule


class Standardization:
    """x̂ and B of the module's text, for x over groups of elements along `axes`.

    Parameters
    ----------
    x : Tensor
    axes : list of int
        What the means are taken over.
    epsilon : float
    mean, inverse_std : Tensor, optional
        Their values, if known; a shape that broadcasts against x. Otherwise computed when first asked for.
    value, jacobian : callable, optional
        Fused kernels for the values of x̂, ``value()``, and of B, ``jacobian(this, g)``; neither may refer to the
        standardization, or both would live until Python looks for cycles, and x's graph with them.
    """

    def __init__(self, x, axes, epsilon, mean=None, inverse_std=None, value=None, jacobian=None):
        self.x = x
        self.axes = axes
        self.epsilon = epsilon
        self._mean, self._inverse_std = mean, inverse_std
        self._fused_value, self._fused_jacobian = value, jacobian

    @cached_property
    def mean_value(self):
        return self.mean(self._values()) if self._mean is None else self._mean

    @cached_property
    def variance_value(self):
        return self.mean(paddle.square(self._values() - self.mean_value))

    @cached_property
    def inverse_std_value(self):
        return paddle.rsqrt(self.variance_value + self.epsilon) if self._inverse_std is None else self._inverse_std

    def _values(self):
        """Of x, in a type for statistics."""
        values = self.x.detach()
        return values if values.dtype in (paddle.float32, paddle.float64) else values.astype(paddle.float32)

    def mean(self, tensor):
        """Over each group, in a shape that broadcasts against x."""
        mean = paddle.mean(tensor, self.axes, keepdim=True)
        return paddle.reshape(mean, _without_leading_ones(mean.shape))

    def standardized(self):
        """x̂"""
        return with_pullback(self.standardized_value, [self.x], lambda g: [self.jacobian(g)])

    def standardized_value(self):
        if self._fused_value is not None:
            return self._fused_value()
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
            return self._fused_jacobian(self, g if g.dtype == self.x.dtype else g.astype(self.x.dtype))
        z = self.standardized_value()
        return (g - self.mean(g) - z * self.mean(g * z)) * self.inverse_std_value


def _without_leading_ones(shape):
    """Paddle broadcasts several times faster without them."""
    first = next((axis for axis, size in enumerate(shape) if size != 1), len(shape) - 1)
    return shape[first:]


def _affine(standard, scale, shift, shape, value, fused=None):
    """``x̂ * scale + shift``, scale and shift, each a Tensor or None, seen in `shape`.

    `value` computes it by a kernel. ``fused(g)`` gives the gradients for x, scale and shift by one, for use where no
    further derivative is wanted.
    """
    x = standard.x
    axes = [axis for axis, size in enumerate(shape) if size == 1]
    shape = _without_leading_ones(shape)

    def pullback(g):
        if fused is not None and not paddle.is_grad_enabled():
            return list(fused(g))
        to_x = to_scale = to_shift = None
        if requires_grad(x):
            to_x = standard.jacobian(g if scale is None else g * scale.reshape(shape))
        if requires_grad(scale):
            to_scale = paddle.sum(g * standard.standardized(), axes).reshape(scale.shape)
        if requires_grad(shift):
            to_shift = paddle.sum(g, axes).reshape(shift.shape)
        return [to_x, to_scale, to_shift]

    return with_pullback(value, [x, scale, shift], pullback)


@rule("batch_norm")
def batch_norm(
    x, mean, variance, scale, shift, is_test, momentum, epsilon, layout, use_global_stats, trainable_statistics
):
    channel = 1 if layout == "NCHW" or x.ndim == 2 else x.ndim - 1
    shape = [x.shape[channel] if axis == channel else 1 for axis in range(x.ndim)]
    unused = [None] * 5
    if use_global_stats or (is_test and not trainable_statistics):
        slope = paddle.rsqrt(variance.detach() + epsilon)
        slope = slope if scale is None else slope * scale
        offset = -mean.detach() * slope
        offset = offset if shift is None else offset + shift
        trailing = _without_leading_ones(shape)
        return (x * slope.reshape(trailing) + offset.reshape(trailing), *unused)
    if x.size == x.shape[channel]:
        return (batch_norm_of_one(x, scale, shift), *unused)
    values = x.detach()
    with paddle.no_grad():
        unit, zero = paddle.ones([x.shape[channel]], mean.dtype), paddle.zeros([x.shape[channel]], mean.dtype)
        scale_value = unit if scale is None else scale.detach()
        shift_value = zero if shift is None else shift.detach()
        y, batch_mean, inverse_std = kernels.batch_norm(
            values, mean, variance, scale_value, shift_value, epsilon, layout, momentum
        )

    def fused(scale_value, g):
        return kernels.batch_norm_grad(values, scale_value, zero, batch_mean, inverse_std, g, epsilon, layout)

    axes = [axis for axis in range(x.ndim) if axis != channel]
    statistics = [s.reshape(_without_leading_ones(shape)).astype(x.dtype) for s in (batch_mean, inverse_std)]
    standard = Standardization(x, axes, epsilon, *statistics, jacobian=lambda this, g: fused(unit, g)[0])
    return (_affine(standard, scale, shift, shape, y.detach, lambda g: fused(scale_value, g)), *unused)


def batch_norm_of_one(x, scale, shift):
    """x: of a single element in a channel Paddle takes no statistics, and leaves it alone."""

    def pullback(g):
        return [g, *(None if t is None else paddle.zeros_like(t) for t in (scale, shift))]

    return with_pullback(lambda: paddle.assign(x), [x, scale, shift], pullback)


@replaces(kernels.TABLE, "sync_batch_norm_", always=True)
def sync_batch_norm(x, *arguments):
    """In one process it is batch normalization, also on the CPU, where Paddle has no kernel for it."""
    if paddle.distributed.get_world_size() == 1:
        return batch_norm(x, *arguments)
    if paddle.is_grad_enabled() and any(isinstance(t, paddle.Tensor) and requires_grad(t) for t in (x, *arguments)):
        raise NotTwiceDifferentiableError(
            "SyncBatchNorm over several processes has no second derivative: its statistics depend on what the others "
            "hold; use BatchNorm"
        )
    return kernels.native.sync_batch_norm_(x, *arguments)


@rule("layer_norm")
def layer_norm(x, scale, shift, epsilon, begin_axis):
    values = x.detach()

    def fused(standard, scale, shift, g):
        mean, variance = paddle.flatten(standard.mean_value), paddle.flatten(standard.variance_value)
        return kernels.native.layer_norm_grad(values, scale, shift, mean, variance, g, epsilon, begin_axis)

    def value(scale=None, shift=None):
        return kernels.native.layer_norm(values, scale, shift, epsilon, begin_axis)

    axes = list(range(begin_axis, x.ndim))
    standard = Standardization(x, axes, epsilon, value=value, jacobian=lambda this, g: fused(this, None, None, g)[0])
    return _affine(
        standard, scale, shift,
        [1] * begin_axis + x.shape[begin_axis:],
        lambda: value(scale, shift),
        lambda g: fused(standard, scale, shift, g),
    )  # fmt: skip


@rule("instance_norm")
def instance_norm(x, scale, shift, epsilon):
    values, channels = x.detach(), x.shape[1]

    def fused(standard, scale, shift, g):
        mean, inverse_std = paddle.flatten(standard.mean_value), paddle.flatten(standard.inverse_std_value)
        return kernels.native.instance_norm_grad(values, scale, shift, mean, inverse_std, g, epsilon)

    def value(scale=None, shift=None):
        return kernels.native.instance_norm(values, scale, shift, epsilon)

    axes = list(range(2, x.ndim))
    standard = Standardization(x, axes, epsilon, value=value, jacobian=lambda this, g: fused(this, None, None, g)[0])
    return _affine(
        standard, scale, shift,
        [1, channels] + [1] * (x.ndim - 2),
        lambda: value(scale, shift),
        lambda g: fused(standard, scale, shift, g),
    )  # fmt: skip


@rule("group_norm")
def group_norm(x, scale, shift, epsilon, groups, layout):
    if layout == "NHWC":
        last_to_second = [0, x.ndim - 1, *range(1, x.ndim - 1)]
        y = group_norm(paddle.transpose(x, last_to_second), scale, shift, epsilon, groups, "NCHW")
        return paddle.transpose(y, [0, *range(2, x.ndim), 1])
    batch, channels = x.shape[:2]
    values, options = x.detach(), (epsilon, groups, layout)

    def value(scale=None, shift=None):
        return kernels.native.group_norm(values, scale, shift, *options).reshape(grouped.shape)

    def jacobian(standard, g):
        # The kernel goes by the output divided by the scale: with a scale of zero the weight's gradient would be lost.
        unit, zero = paddle.ones([channels], x.dtype), paddle.zeros([channels], x.dtype)
        mean, variance = (s.reshape([batch, groups]) for s in (standard.mean_value, standard.variance_value))
        z, g = standard.standardized_value().reshape(x.shape), g.reshape(x.shape)
        to_x, _, _ = kernels.native.group_norm_grad(values, unit, zero, z, mean, variance, g, *options)
        return to_x.reshape(grouped.shape)

    grouped = paddle.reshape(x, [batch, groups, channels // groups, -1])
    standard = Standardization(grouped, [2, 3], epsilon, value=value, jacobian=jacobian)
    y = _affine(standard, scale, shift, [1, groups, channels // groups, 1], lambda: value(scale, shift))
    return paddle.reshape(y, x.shape)


def rms_norm(x, scale, normalized_shape, epsilon):
    """The result, and the inverse root of the mean square, without the normalized axes."""
    kept = x.ndim - len(normalized_shape)
    inverse = paddle.rsqrt(paddle.mean(paddle.square(x), list(range(kept, x.ndim)), keepdim=True) + epsilon)
    y = x * inverse
    return y if scale is None else y * scale, inverse.reshape(x.shape[:kept])


if hasattr(paddle.nn.functional, "rms_norm"):  # in Paddle 3.1 the op is another one; a GPU has the only kernel
    rule("rms_norm")(rms_norm)


@rule("spectral_norm")
def spectral_norm(weight, u, v, axis, power_iterations, epsilon):
    """The singular vectors are constants of the derivative, as in Paddle's own."""
    matrix = weight if axis == 0 else paddle.moveaxis(weight, axis, 0)
    matrix = paddle.reshape(matrix, [weight.shape[axis], -1])
    with paddle.no_grad():
        values, u, v = matrix.detach(), u.detach(), v.detach()
        for _ in range(power_iterations):
            v = _unit_vector(paddle.matmul(values, u, transpose_x=True), epsilon)
            u = _unit_vector(paddle.matmul(values, v), epsilon)
    return weight / paddle.sum(u * paddle.matmul(matrix, v))


def _unit_vector(vector, epsilon):
    return vector / (paddle.sqrt(paddle.sum(paddle.square(vector))) + epsilon)


@rule("norm")
def norm(x, axis, epsilon, is_test):
    """x over its length along the axis, and the length."""
    length = paddle.sqrt(paddle.sum(paddle.square(x), axis, keepdim=True) + epsilon)
    return x / length, length
