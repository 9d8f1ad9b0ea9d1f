"""Sampling of an image at the points of a grid: linear in the image, multilinear in each cell of the grid.

The value and the first derivative are Paddle's fused kernels. Where the derivative will be differentiated it is
written out: a point's value is the sum over the corners of its cell of the pixel there times one factor an axis.
"""

from __future__ import annotations

import itertools
import math

import paddle

from .. import kernels
from ..kinds import linear_map
from ..primitive import requires_grad, with_pullback
from ..registry import rule


@rule("grid_sample")
def grid_sample(x=None, grid=None, mode="bilinear", padding_mode="zeros", align_corners=True, name=None, input=None):
    # From Paddle 3.3 on the arguments come as the user wrote them; x may be called input.
    x = input if x is None else x
    options = (mode, padding_mode, align_corners)
    x_values, grid_values = x.detach(), grid.detach()

    def sample(t):
        return kernels.native.grid_sample(t, grid_values, *options)

    def spread(g):
        return kernels.native.grid_sample_grad(x_values, grid_values, g, *options)[0]

    def pullback(g):
        if not paddle.is_grad_enabled():
            return list(kernels.native.grid_sample_grad(x_values, grid_values, g, *options))
        if mode == "nearest" or not requires_grad(grid):
            return [linear_map(g, spread, sample), paddle.zeros_like(grid)]
        return _Cells(x.shape, grid, padding_mode, align_corners).gradients(x, g)

    return with_pullback(lambda: sample(x), [x, grid], pullback)


class _Cells:
    """The cells of the image that the points of a grid lie in; tensors are [batch, points, corners] where not said.

    Parameters
    ----------
    x_shape : list of int
    grid : Tensor
        Its last axis has the coordinates in the reverse order of the axes of the image.
    """

    def __init__(self, x_shape, grid, padding_mode, align_corners):
        self._x_shape, self._grid_shape = x_shape, grid.shape
        sizes = x_shape[2:]
        points = paddle.reshape(grid, [grid.shape[0], -1, 1, len(sizes)])
        corners = list(itertools.product((0, 1), repeat=len(sizes)))
        self._units, self._factors, self._slopes = [], [], []
        index, inside = 0, True
        for axis, size in enumerate(sizes):
            unit = [0.0] * len(sizes)
            unit[len(sizes) - 1 - axis] = 1.0
            unit = paddle.to_tensor(unit, grid.dtype)
            with paddle.no_grad():
                position, slope = _position((points * unit).sum(-1), size, padding_mode, align_corners)
                low = paddle.floor(position)
                upper = paddle.to_tensor([corner[axis] for corner in corners], grid.dtype)
                sign = 2 * upper - 1
                pixel = (low + upper).astype("int64")
                inside = (pixel >= 0).logical_and(pixel < size).logical_and(paddle.to_tensor(inside))
                index = index * size + pixel.clip(0, size - 1)
                factor = 1 - upper + sign * (position - low)
                slope = sign * slope
                here = points.detach()
            self._units.append(unit)
            self._slopes.append(slope)
            self._factors.append(factor + slope * ((points - here) * unit).sum(-1))
        with paddle.no_grad():
            self._inside = inside.astype(grid.dtype)
            self._index = index.reshape([grid.shape[0], 1, -1]).expand([-1, x_shape[1], -1])

    def gradients(self, x, g):
        """The gradients for the image and for the grid, given that of the samples."""
        g = paddle.reshape(g, [*self._x_shape[:2], -1, 1])
        pixels = linear_map(x, self._take, self._put)
        weights = self._inside * math.prod(self._factors)
        to_x = linear_map(g * paddle.unsqueeze(weights, 1), self._put, self._take)
        along = paddle.sum(pixels * g, 1) * self._inside
        to_grid = 0.0
        for axis, (slope, unit) in enumerate(zip(self._slopes, self._units)):
            others = math.prod(self._factors[:axis] + self._factors[axis + 1 :])
            to_grid = to_grid + paddle.sum(along * slope * others, -1, keepdim=True) * unit
        return [to_x, paddle.reshape(to_grid, self._grid_shape)]

    def _take(self, x):
        """The pixels at the corners, [batch, channels, points, corners]."""
        taken = kernels.native.take_along_axis(x.flatten(2), self._index, 2)
        return taken.reshape([*x.shape[:2], -1, self._inside.shape[-1]])

    def _put(self, pixels):
        """The transpose of `_take`."""
        image = paddle.zeros([*self._x_shape[:2], math.prod(self._x_shape[2:])], pixels.dtype)
        put = kernels.native.take_along_axis_grad(image, self._index, pixels.flatten(2), 2)
        return put.reshape(self._x_shape)


def _position(coordinate, size, padding_mode, align_corners):
    """Where on an axis of that many pixels a coordinate between -1 and 1 is, and the slope of that."""
    last = size - 1
    if align_corners:
        slope = last / 2
        position = (coordinate + 1) * slope
    else:
        slope = size / 2
        position = (coordinate + 1) * slope - 0.5
    slope = paddle.full_like(position, slope)
    if padding_mode == "reflection":
        # A wave of that period, with its troughs at the edge.
        edge, period = (0.0, 2 * last) if align_corners else (-0.5, 2 * size)
        if period:
            slope = paddle.where(position < edge, -slope, slope)
            phase = paddle.abs(position - edge) % period
            slope = paddle.where(phase > period / 2, -slope, slope)
            position = paddle.minimum(phase, period - phase) + edge
        else:
            position = paddle.zeros_like(position)
    if padding_mode != "zeros":
        slope = paddle.where((position < 0).logical_or(position > last), paddle.zeros_like(slope), slope)
        position = position.clip(0, last)
    return position, slope
