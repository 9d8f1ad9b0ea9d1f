"""Ops of detectors, in `paddle.vision.ops`. Boxes are constants of the derivative, as in Paddle's own."""

from __future__ import annotations

import paddle

from .. import kernels
from ..kinds import linear_map
from ..registry import rule
from .grid_sample import grid_sample
from .linear import matmul


@rule("roi_align")
def roi_align(x, *options):
    return _average(x, kernels.native.roi_align, _align_transposed, *options)


def _align_transposed(values, boxes, boxes_num, g, *options):
    """The transpose of roi_align. Paddle's own on the CPU takes each box for at least a pixel wide and high, but the
    forward does so only where `aligned` is false."""
    *_, scale, _, aligned = options
    narrow = ((boxes[:, 2:] - boxes[:, :2]) * scale < 1).any(1)
    if not (aligned and values.place.is_cpu_place() and bool(narrow.any())):
        return kernels.native.roi_align_grad(values, boxes, boxes_num, g, *options)
    wide = paddle.logical_not(narrow).astype(g.dtype).reshape([-1, 1, 1, 1])
    found = kernels.native.roi_align_grad(values, boxes, boxes_num, g * wide, *options)
    images = paddle.unbind(found)
    image = paddle.repeat_interleave(paddle.arange(len(images)), boxes_num.astype("int64")).tolist()
    for box in paddle.nonzero(narrow).flatten().tolist():
        images[image[box]] = images[image[box]] + _put_back(g[box], values.shape[2:], boxes[box : box + 1], options)
    return paddle.stack(images)


def _put_back(g, size, box, options):
    """What the pixels of an image get from the cotangent g, [channels, height, width], of one box. A pixel's weight is
    that of its row times that of its column, which pooling each row and each column tells."""
    height, width = size
    rows = paddle.eye(height, dtype=g.dtype).unsqueeze(2).expand([height, height, width])
    columns = paddle.eye(width, dtype=g.dtype).unsqueeze(1).expand([width, height, width])
    probes = paddle.concat([rows, columns, paddle.ones([1, height, width], g.dtype)]).unsqueeze(0)
    weights = kernels.native.roi_align(probes, box, paddle.ones([1], "int32"), *options).flatten(2)[0]
    rows, columns, whole = paddle.split(weights, [height, width, 1])
    share = g.flatten(1) * paddle.where(whole == 0, whole, 1 / whole)
    return paddle.matmul(share.unsqueeze(1) * rows, columns, transpose_y=True)


@rule("psroi_pool")
def psroi_pool(x, *options):
    return _average(x, kernels.native.psroi_pool, kernels.native.psroi_pool_grad, *options)


def _average(x, forward, transpose, boxes, boxes_num, *options):
    values = x.detach()  # for its shape, which the kernel wants
    return linear_map(
        x,
        lambda t: forward(t, boxes, boxes_num, *options),
        lambda g: transpose(values, boxes, boxes_num, g, *options),
    )


@rule("roi_pool")
def roi_pool(x, boxes, boxes_num, *options):
    """Paddle keeps to itself where the maxima stand: pooling the ranks of the elements tells."""
    batch, channels, height, width = x.shape
    pixels = height * width
    values = x.detach().flatten()
    with paddle.no_grad():
        falling = paddle.argsort(values.reshape([batch, channels, pixels]), -1, descending=True, stable=True)
        rank = pixels - paddle.argsort(falling, -1).astype(x.dtype)  # at least 1: an empty bin pools to 0
        top = kernels.native.roi_pool(rank.reshape(x.shape), boxes, boxes_num, *options)
        filled = (top > 0).astype(x.dtype)
        image = paddle.repeat_interleave(paddle.arange(batch), boxes_num.astype("int64"))
        place = (pixels - top.flatten(2)).astype("int64").clip(max=pixels - 1)
        pixel = paddle.take_along_axis(paddle.gather(falling, image), place, 2, broadcast=False)
        plane = image.reshape([-1, 1, 1]) * channels + paddle.arange(channels).reshape([1, -1, 1])
        index = (plane * pixels + pixel).flatten()

    def pick(t):
        return paddle.gather(t.flatten(), index).reshape(filled.shape) * filled

    def put_back(g):
        g = (g * filled).flatten()
        return kernels.native.gather_grad(values, index, g, 0).reshape([batch, channels, height, width])

    return linear_map(x, pick, put_back)


@rule("deformable_conv")
def deformable_conv(x, offset, weight, mask, stride, padding, dilation, deformable_groups, groups, _):
    """The product of the weight with the image sampled where the taps of the kernel were moved to."""
    batch, channels, *sizes = x.shape
    kernel_size, plane = weight.shape[2:], offset.shape[2:]
    taps, blocks = kernel_size[0] * kernel_size[1], batch * deformable_groups
    moved = paddle.reshape(offset, [blocks, taps, 2, *plane])
    coordinates = []
    for axis in (1, 0):
        resting = _resting(axis, kernel_size, plane, stride[axis], padding[axis], dilation[axis], x.dtype)
        pixel = paddle.squeeze(paddle.slice(moved, [2], [axis], [axis + 1]), 2) + resting
        coordinates.append((2 * pixel + 1) / sizes[axis] - 1)
    grid = paddle.reshape(paddle.stack(coordinates, -1), [blocks, taps * plane[0], plane[1], 2])
    image = paddle.reshape(x, [blocks, channels // deformable_groups, *sizes])
    columns = grid_sample(image, grid, "bilinear", "zeros", False)
    columns = paddle.reshape(columns, [blocks, channels // deformable_groups, taps, -1])
    if mask is not None:
        columns = columns * paddle.reshape(mask, [blocks, 1, taps, -1])
    columns = paddle.reshape(columns, [batch, groups, channels // groups * taps, -1])
    rows = paddle.reshape(weight, [1, groups, weight.shape[0] // groups, -1])
    return paddle.reshape(matmul(rows, columns), [batch, weight.shape[0], *plane])


def _resting(axis, kernel_size, plane, stride, padding, dilation, dtype):
    """Where the taps stand on an axis of the image before they are moved, [taps, *plane]."""
    shape = [1, 1, 1, 1]
    shape[axis] = -1
    tap = paddle.arange(kernel_size[axis], dtype=dtype).reshape(shape) * dilation
    shape = [1, 1, 1, 1]
    shape[2 + axis] = -1
    position = paddle.arange(plane[axis], dtype=dtype).reshape(shape) * stride - padding
    return (tap + position).expand([*kernel_size, *plane]).reshape([-1, *plane])
