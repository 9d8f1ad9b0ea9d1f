"""A convolution with a weight for each task, as products of matrices.

The patches of ``[T, C, B, H, W]`` are looked up as rows of pixels, ``[T, B · h' · w', k · C]``, with one product for
each task; what is out of the picture is a row of zeros. So channels come last within a patch, and a weight is kept as
``[T, O, h, w, C]`` for the whole inner loop.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import paddle

from ..double_grad.kernels import native
from .planes import ones, product


class Geometry:
    """The sizes of a convolution, and its patches."""

    def __init__(self, planes: tuple, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple):
        self.planes, self.kernel = planes, kernel
        tasks, self.channels, examples, height, width = planes
        self.pixels = tasks * examples * height * width
        self.taps = kernel[0] * kernel[1]
        self.index, rows, columns = _pixel_index(tasks * examples, (height, width), kernel, stride, padding, dilation)
        self.tasks = tasks
        self.out = [examples, rows, columns]
        self.places = examples * rows * columns

    def patches(self, x):
        """``[T, places, taps · C]`` of x ``[T, C, B, H, W]``."""
        rows = x
        if self.channels > 1:
            rows = native.transpose(native.reshape(x, [self.tasks, self.channels, -1]), [0, 2, 1])
        rows = native.reshape(rows, [self.pixels, self.channels]).contiguous()
        found = native.embedding(self.index, rows, self.pixels, False)
        return native.reshape(found, [self.tasks, self.places, self.taps * self.channels])

    def put_back(self, patches):
        """The transpose of `patches`."""
        rows = native.embedding_grad(
            self.index, ones((self.pixels, self.channels), patches.dtype),
            native.reshape(patches, [-1, self.channels]), self.pixels, False,
        )  # fmt: skip
        if self.channels > 1:
            rows = native.transpose(native.reshape(rows, [self.tasks, -1, self.channels]), [0, 2, 1])
        return native.reshape(rows, list(self.planes)).contiguous()


@lru_cache(maxsize=256)
def geometry(*sizes) -> Geometry:
    return Geometry(*sizes)


@lru_cache(maxsize=64)
def _pixel_index(images, size, kernel, stride, padding, dilation):
    """For each place of the output and each tap of the kernel, which pixel of all lies there; the number of pixels
    where none does."""
    (height, width), places = size, []
    rows, columns = (
        (size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) // stride[axis] + 1
        for axis in (0, 1)
    )
    down, right = np.meshgrid(
        np.arange(rows) * stride[0] - padding[0], np.arange(columns) * stride[1] - padding[1], indexing="ij"
    )
    first = np.arange(images)[:, None, None] * (height * width)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            row, column = down + i * dilation[0], right + j * dilation[1]
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            places.append(np.where(inside, first + row * width + column, images * height * width))
    index = np.stack(places, -1).reshape(-1).astype("int64")
    return paddle.to_tensor(index), rows, columns


class Convolution:
    """The kernels of the trilinear form <conv(x, w), g>, x ``[T, C, B, H, W]``, w ``[T, O, h, w, C]``.

    Parameters
    ----------
    geometry : Geometry
    x : Tensor
        Whose patches are kept: its own convolution, and the gradients, need them again.
    kept : Tensor, optional
        The patches, if they are known.
    """

    def __init__(self, geometry: Geometry, x, kept=None):
        self._geometry = geometry
        self._x = x
        self.kept = geometry.patches(x) if kept is None else kept

    def _patches(self, x):
        return self.kept if x is self._x else self._geometry.patches(x)

    def out(self, x, w):
        shape = [self._geometry.tasks, w.shape[1], *self._geometry.out]
        return native.reshape(product(_rows(w), self._patches(x), False, True), shape)

    def wrt_x(self, g, w):
        return self._geometry.put_back(product(_rows(g), _rows(w), True))

    def wrt_w(self, x, g):
        shape = [*g.shape[:2], *self._geometry.kernel, self._geometry.channels]
        return native.reshape(product(_rows(g), self._patches(x)), shape)


def _rows(tensor):
    return native.reshape(tensor, [*tensor.shape[:2], -1])
