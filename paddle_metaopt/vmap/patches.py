"""A convolution with a weight for each task, as products of matrices.

The patches of ``[T, C, B, H, W]`` are looked up as rows of pixels, ``[T, B · h' · w', k · C]``, with one product for
each task; what is out of the picture is a row of zeros. So channels come last within a patch, and a weight is kept as
``[T, O, h, w, C]`` for the whole inner loop.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

import numpy as np
import paddle

from ..double_grad.kernels import native
from .planes import ones


class Geometry:
    """The sizes of a convolution, and its patches."""

    def __init__(self, planes: tuple, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple):
        self.planes, self.kernel = planes, kernel
        self._sizes = kernel, stride, padding, dilation
        self.tasks, self.channels, examples, *size = planes
        self._pixels = self.tasks * examples * math.prod(size)
        self.taps = kernel[0] * kernel[1]
        rows, columns = (
            (size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) // stride[axis] + 1
            for axis in (0, 1)
        )
        self.out = [examples, rows, columns]
        self.places = examples * rows * columns

    @cached_property
    def _index(self):  # made when it is looked up: of large pictures it never is, and would take megabytes
        examples, *places = self.out
        return _pixel_index(self.tasks * examples, self.planes[3:], tuple(places), *self._sizes)

    @property
    def bytes_of_patches(self) -> int:
        """Of one task, in float32."""
        return 4 * self.places * self.taps * self.channels

    def of_images(self, images: int) -> Geometry:
        """The same for so many images of one task."""
        return geometry((1, self.channels, images, *self.planes[3:]), *self._sizes)

    def patches(self, x):
        """``[T, places, taps · C]`` of x ``[T, C, B, H, W]``."""
        found = self.look_up(native.reshape(channels_last(x), [self._pixels, self.channels]))
        return native.reshape(found, [self.tasks, self.places, self.taps * self.channels])

    def look_up(self, rows):
        """The patches of rows of pixels, ``[pixels, C]``."""
        return native.embedding(self._index, rows, self._pixels, False)

    def unfolded(self, picture):
        """The patches of one picture ``[1, C, H, W]``, ``[1, C · taps, places of it]``."""
        kernel, stride, (top, left), dilation = self._sizes
        return native.unfold(picture, list(kernel), list(stride), [top, left, top, left], list(dilation))

    def put_back(self, patches):
        """The transpose of `patches`."""
        return channels_first(self.put_rows_back(patches), self.planes)

    def put_rows_back(self, patches):
        """The transpose of `look_up`."""
        like = ones((self._pixels, self.channels), patches.dtype)
        return native.embedding_grad(
            self._index, like, native.reshape(patches, [-1, self.channels]), self._pixels, False
        )


def channels_last(x):
    """``[T, B · H · W, C]`` of x ``[T, C, B, H, W]``."""
    rows = native.reshape(x, [*x.shape[:2], -1])
    if x.shape[1] == 1:
        return native.reshape(rows, [x.shape[0], -1, 1])
    return native.transpose(rows, [0, 2, 1]).contiguous()


def channels_first(rows, planes):
    """The way back, from rows of pixels of all tasks."""
    if planes[1] > 1:
        rows = native.transpose(native.reshape(rows, [planes[0], -1, planes[1]]), [0, 2, 1]).contiguous()
    return native.reshape(rows, list(planes))


@lru_cache(maxsize=256)
def geometry(*sizes) -> Geometry:
    return Geometry(*sizes)


@lru_cache(maxsize=64)
def _pixel_index(images, size, out, kernel, stride, padding, dilation):
    """For each place of the output and each tap of the kernel, which pixel of all lies there; the number of pixels
    where none does."""
    (height, width), (rows, columns), found = size, out, []
    down, right = np.meshgrid(
        np.arange(rows) * stride[0] - padding[0], np.arange(columns) * stride[1] - padding[1], indexing="ij"
    )
    first = np.arange(images)[:, None, None] * (height * width)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            row, column = down + i * dilation[0], right + j * dilation[1]
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            found.append(np.where(inside, first + row * width + column, images * height * width))
    return paddle.to_tensor(np.stack(found, -1).reshape(-1).astype("int64"))
