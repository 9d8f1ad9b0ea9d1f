"""The only door to Paddle's private ``paddle._C_ops``.

Its ``*_grad`` entries are the fused first-derivative kernels; no public function reaches them. A raw call with a
missing argument can crash the interpreter: give each kernel its whole signature, and wrap it here where that is
awkward. The sweep's cases fail when a new Paddle moves one. Layer code looks its ops up in the same module at each
call, which is what interception.py relies on.
"""

from __future__ import annotations

from types import SimpleNamespace

import paddle

#: The module whose attributes Paddle's layers call.
TABLE = paddle._C_ops

#: Its ops as Paddle made them, also while interception.py has others in their place: ``native.gelu_grad(x, g, False)``.
native = SimpleNamespace(**vars(paddle._C_ops))


def conv2d(x, w, *geometry):
    return native.conv2d(x, w, *geometry)


def conv2d_grad(x, w, g, *geometry):
    """The gradients for x and for w, both always."""
    return native.conv2d_grad(x, w, g, *geometry)


def matmul(x, y, transpose_x=False, transpose_y=False):
    return native.matmul(x, y, transpose_x, transpose_y)


def batch_norm(x, mean, variance, scale, shift, epsilon, layout, momentum=0.9, use_global_stats=False):
    """y, and the mean and the inverse standard deviation used for it; moves `mean` and `variance` in place in
    batch-statistics mode."""
    y, _, _, saved_mean, saved_inverse_std, _ = native.batch_norm(
        x, mean, variance, scale, shift, False, momentum, epsilon, layout, use_global_stats, True
    )
    return y, saved_mean, saved_inverse_std


def batch_norm_grad(x, scale, shift, saved_mean, saved_inverse_std, g, epsilon, layout):
    """The gradients for x, scale and shift in batch-statistics mode."""
    return native.batch_norm_grad(
        x, scale, shift, None, None, saved_mean, saved_inverse_std, None, g,
        0.9, epsilon, layout, False, False, True,
    )  # fmt: skip


def max_pool2d_with_index(x, kernel_size, stride, padding, adaptive, ceil_mode):
    """The maxima, and where they stand in the flattened plane, padding not counted."""
    return native.max_pool2d_with_index(x, kernel_size, stride, padding, False, adaptive, ceil_mode)


def max_pool2d_with_index_grad(x, index, g, kernel_size, stride, padding, adaptive, ceil_mode):
    return native.max_pool2d_with_index_grad(x, index, g, kernel_size, stride, padding, False, adaptive, ceil_mode)


def pool2d(x, *options):
    return native.pool2d(x, *options)


def pool2d_grad(x, y, g, *options):
    return native.pool2d_grad(x, y, g, *options)


def softmax(x, axis):
    return native.softmax(x, axis)


def cross_entropy_with_softmax(x, label, *options):
    """The softmax, and the loss along the axis."""
    return native.cross_entropy_with_softmax(x, label, *options)


def dropout(x, *options):
    return native.dropout(x, *options)


def stack(tensors, axis):
    return native.stack(list(tensors), axis)


def concat(tensors, axis):
    return native.concat(list(tensors), axis)
