"""Pooling is linear: average pooling always, max pooling once it is known where the maxima stand."""

from __future__ import annotations

import math

import paddle

from .. import kernels
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import rule

#: Kernels by the rank of the data; the kinds of max pooling also tell where the maxima stand.
_POOL = {4: kernels.native.pool2d, 5: kernels.native.pool3d}
_POOL_GRAD = {4: kernels.native.pool2d_grad, 5: kernels.native.pool3d_grad}
_MAX_POOL = {4: kernels.native.max_pool2d_with_index, 5: kernels.native.max_pool3d_with_index}
_MAX_POOL_GRAD = {4: kernels.native.max_pool2d_with_index_grad, 5: kernels.native.max_pool3d_with_index_grad}
_FRACTIONAL_MAX_POOL = {4: kernels.native.fractional_max_pool2d, 5: kernels.native.fractional_max_pool3d}
_FRACTIONAL_MAX_POOL_GRAD = {4: kernels.native.fractional_max_pool2d_grad, 5: kernels.native.fractional_max_pool3d_grad}


@rule("pool2d", "pool3d")
def pool(
    x, kernel_size, stride, padding, ceil_mode, exclusive, data_format, kind, over_all, adaptive, padding_algorithm
):
    options = (
        kernel_size, stride, padding, ceil_mode, exclusive, data_format, kind, over_all, adaptive, padding_algorithm,
    )  # fmt: skip
    forward, values = _POOL[x.ndim], x.detach()
    if kind == "avg":
        transpose = _POOL_GRAD[x.ndim]  # it wants the values for their shape
        return linear_map(x, lambda t: forward(t, *options), lambda g: transpose(values, g, g, *options))
    if data_format[-1] == "C":
        spatial = range(2, x.ndim)
        x = paddle.transpose(x, [0, x.ndim - 1, *range(1, x.ndim - 1)])
        y = pool(
            x, kernel_size, stride, padding, ceil_mode, exclusive, "NCHW", kind, over_all, adaptive,
            padding_algorithm,
        )  # fmt: skip
        return paddle.transpose(y, [0, *spatial, 1])
    rank = x.ndim - 2
    kernel_size, stride = _per_axis(kernel_size, rank), _per_axis(stride, rank)
    if not adaptive and not over_all:
        edges = _explicit_padding(x.shape[2:], kernel_size, stride, padding, padding_algorithm)
        padding = edges[::2]
        if edges[1::2] != padding:
            x, padding = _pad_with_lowest(x, edges), [0] * rank
    sizes = (kernel_size, stride, padding, over_all, adaptive, ceil_mode)
    return _max_pool(x, *sizes, lambda: forward(values, *options))[0]


@rule("max_pool2d_with_index", "max_pool3d_with_index")
def max_pool_with_index(x, kernel_size, stride, padding, over_all, adaptive, ceil_mode):
    return _max_pool(x, kernel_size, stride, padding, over_all, adaptive, ceil_mode)


def _max_pool(x, kernel_size, stride, padding, over_all, adaptive, ceil_mode, value=None):
    """The maxima and their index; by ``value()`` where none is larger than any number, as of NaN."""
    if over_all:
        rank = x.ndim - 2
        kernel_size, stride, padding, adaptive = [1] * rank, [1] * rank, [0] * rank, True
    forward, gradient = _MAX_POOL[x.ndim], _MAX_POOL_GRAD[x.ndim]
    options = (kernel_size, stride, padding, False, adaptive, ceil_mode)
    values = x.detach()
    with paddle.no_grad():
        maxima, index = forward(values, *options)
    return _picked(x, maxima, index, lambda g, index: gradient(values, index, g, *options), value), index


@rule("fractional_max_pool2d", "fractional_max_pool3d")
def fractional_max_pool(x, output_size, kernel_size, u, return_mask):
    """The windows are drawn in the forward, at random unless `u` is given; the index remembers where they were."""
    forward, gradient = _FRACTIONAL_MAX_POOL[x.ndim], _FRACTIONAL_MAX_POOL_GRAD[x.ndim]
    options = (output_size, kernel_size, u, True)
    values = x.detach()
    with paddle.no_grad():
        maxima, index = forward(values, *options)
    return _picked(x, maxima, index, lambda g, index: gradient(values, index, g, *options)), index


def _picked(x, maxima, index, put_back, value=None):
    """The elements of x at the `index` into each flattened plane, which are the `maxima`; constants where there is no
    such element, and by ``value()``, if given."""
    none = _without_index(index)
    if none is None:
        return _picked_at(x, maxima, index, put_back)
    with paddle.no_grad():
        index = paddle.clip(index, min=0)
        maxima = maxima if value is None else paddle.where(none, value(), maxima)
    found = _picked_at(x, maxima, index, put_back)
    return paddle.where(none, maxima, found)


def _without_index(index):
    """Where the kernels found nothing larger than the least number of float32, as among NaN, and left -1, at which
    those of the gradient write; None if nowhere."""
    is_everywhere = index.place.is_cpu_place() and (not index.size or int(kernels.native.min(index, [], False)) >= 0)
    return None if is_everywhere else index < 0


def _picked_at(x, maxima, index, put_back):
    flat_index = paddle.flatten(index, 2).astype("int64")

    def pick(t):
        return paddle.take_along_axis(paddle.flatten(t, 2), flat_index, 2).reshape(index.shape)

    return linear_map(x, pick, lambda g: put_back(g, index), value=maxima)


@rule("unpool", "unpool3d")
def unpool(x, index, *options):
    """Where two elements go to the same place one of them is lost, and only the other has a derivative."""
    forward = kernels.native.unpool if x.ndim == 4 else kernels.native.unpool3d

    def put(t):
        return forward(t, index, *options)

    with paddle.no_grad():
        flat_index = paddle.flatten(index, 2).astype("int64")

        def take(g):
            return paddle.take_along_axis(paddle.flatten(g, 2), flat_index, 2).reshape(index.shape)

        number = paddle.arange(math.prod(x.shape)).astype("float64").reshape(x.shape)
        stays = (take(put(number)) == number).astype(x.dtype)
    return linear_map(x, put, lambda g: take(g) * stays)


@rule("lp_pool2d")
def lp_pool2d(
    x, kernel_size, stride, padding, ceil_mode, exclusive, data_format, kind, over_all, adaptive, padding_algorithm,
    norm_type,
):  # fmt: skip
    """Composed, as Paddle's kernels work in float32 also where x is float64."""
    shape_of_windows = (kernel_size, stride, padding, ceil_mode, True, data_format)
    rest = (over_all, adaptive, padding_algorithm)
    if math.isinf(norm_type):
        return pool(x, *shape_of_windows, "max", *rest)
    with paddle.no_grad():
        sizes = kernels.native.lp_pool2d(paddle.ones_like(x), *shape_of_windows, kind, *rest, 1.0)
    powers = x if norm_type == 1 else paddle.pow(x, norm_type)
    sums = pool(powers, *shape_of_windows, "avg", *rest) * sizes
    if norm_type == 1:
        return sums
    # A window of zeros is a kink, where the root has no derivative.
    zero = sums == 0
    root = paddle.pow(paddle.where(zero, paddle.ones_like(sums), sums), 1 / norm_type)
    return paddle.where(zero, paddle.zeros_like(root), root)


def _per_axis(size, rank):
    size = [size] if isinstance(size, int) else [int(s) for s in size]
    return size * rank if len(size) == 1 else size


def _explicit_padding(plane, kernel_size, stride, padding, algorithm):
    """[before, after] for each axis, in one list."""
    if algorithm == "VALID":
        return [0] * (2 * len(plane))
    if algorithm == "SAME":
        edges = []
        for size, kernel, step in zip(plane, kernel_size, stride):
            missing = max((math.ceil(size / step) - 1) * step + kernel - size, 0)
            edges += [missing // 2, missing - missing // 2]
        return edges
    padding = _per_axis(padding, len(plane))
    return padding if len(padding) == 2 * len(plane) else [edge for edge in padding for _ in range(2)]


def _pad_with_lowest(x, edges):
    lowest = float(paddle.finfo(x.dtype).min)
    paddings = [0, 0, 0, 0, *edges]
    values = x.detach()  # for its shape, which the kernel wants

    def pad(t, value):
        return kernels.native.pad(t, paddings, value)

    def crop(g):
        return kernels.native.pad_grad(values, g, paddings, 0.0)

    return with_pullback(lambda: pad(x, lowest), [x], lambda g: [linear_map(g, crop, lambda t: pad(t, 0.0))])
