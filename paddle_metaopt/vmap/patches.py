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
        self._sizes = kernel, stride, padding, dilation
        tasks, self.channels, examples, height, width = planes
        self.pixels = tasks * examples * height * width
        self.taps = kernel[0] * kernel[1]
        self.index, rows, columns = _pixel_index(tasks * examples, (height, width), kernel, stride, padding, dilation)
        self.tasks = tasks
        self.out = [examples, rows, columns]
        self.places = examples * rows * columns

    @property
    def bytes_of_patches(self) -> int:
        """Of one task, in float32."""
        return 4 * self.places * self.taps * self.channels

    def of_images(self, images: int) -> Geometry:
        """The same for so many images of one task."""
        return geometry((1, self.channels, images, *self.planes[3:]), *self._sizes)

    def patches(self, x):
        """``[T, places, taps · C]`` of x ``[T, C, B, H, W]``."""
        found = self.look_up(native.reshape(channels_last(x), [self.pixels, self.channels]))
        return native.reshape(found, [self.tasks, self.places, self.taps * self.channels])

    def look_up(self, rows):
        """The patches of rows of pixels, ``[pixels, C]``."""
        return native.embedding(self.index, rows, self.pixels, False)

    def unfolded(self, picture):
        """The patches of one picture ``[1, C, H, W]``, ``[1, C · taps, places of it]``."""
        kernel, stride, (top, left), dilation = self._sizes
        return native.unfold(picture, list(kernel), list(stride), [top, left, top, left], list(dilation))

    def put_back(self, patches):
        """The transpose of `patches`."""
        return channels_first(self.put_rows_back(patches), self.planes)

    def put_rows_back(self, patches):
        """The transpose of `look_up`."""
        like = ones((self.pixels, self.channels), patches.dtype)
        return native.embedding_grad(
            self.index, like, native.reshape(patches, [-1, self.channels]), self.pixels, False
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

    def wrt_both(self, x, w, g):
        return [self.wrt_x(g, w), self.wrt_w(x, g)]

    def wrt_w(self, x, g):
        shape = [*g.shape[:2], *self._geometry.kernel, self._geometry.channels]
        return native.reshape(product(_rows(g), self._patches(x)), shape)


def _rows(tensor):
    return native.reshape(tensor, [*tensor.shape[:2], -1])


#: Patches of a task are kept up to so many bytes; larger ones outgrow the cache, and go image by image, in parts of
#: about so many, which are looked up again where they are needed.
_KEPT_BYTES, _PART_BYTES, _FEW_CHANNELS = 4_000_000, 2_000_000, 8


def convolution(geometry: Geometry, x, kept: dict):
    """The kernels for a convolution of x, whose patches, or rows of pixels, may be among the `kept`."""
    kind = Convolution if geometry.bytes_of_patches <= _KEPT_BYTES else ByImage
    if kind is ByImage and x.stop_gradient and geometry.channels < _FEW_CHANNELS:
        kind = OfPictures
    made = kind(geometry, x, kept.get(geometry))
    if x.stop_gradient:  # the same images in each inner step
        kept[geometry] = made.kept
    return made


class ByImage:
    """The kernels of `Convolution` for pictures whose patches outgrow the cache: a few images of a task at a time."""

    def __init__(self, geometry: Geometry, x, kept=None):
        self._geometry = geometry
        self._x = x
        self.kept = self._keep(x) if kept is None else kept
        _, _, self._images, height, width = geometry.planes
        self._pixels, self._places = height * width, geometry.places // self._images
        part = max(1, _PART_BYTES * self._images // geometry.bytes_of_patches)
        self._parts = [(first, min(part, self._images - first)) for first in range(0, self._images, part)]

    def _keep(self, x):
        return channels_last(x)

    def out(self, x, w):
        rows, weights = self._rows_of(x), _rows(w)
        found = [
            native.concat([product(weights[t], self._patches_of(rows[t], *p), False, True) for p in self._parts], 1)
            for t in range(self._geometry.tasks)
        ]
        return native.reshape(native.stack(found, 0), [self._geometry.tasks, w.shape[1], *self._geometry.out])

    def wrt_x(self, g, w):
        return self._gradients(None, w, g)[0]

    def wrt_w(self, x, g):
        return self._gradients(x, None, g)[1]

    def wrt_both(self, x, w, g):
        return self._gradients(x, w, g)

    def _gradients(self, x, w, g):
        slopes, to_x, to_w = _rows(g), [], []
        rows = None if x is None else self._rows_of(x)
        weights = None if w is None else _rows(w)
        for t in range(self._geometry.tasks):
            of_x, of_w = [], None
            for first, images in self._parts:
                slope = slopes[t][:, first * self._places : (first + images) * self._places].contiguous()
                part = self._geometry.of_images(images)
                if rows is not None:
                    term = product(slope, self._patches_of(rows[t], first, images))
                    of_w = term if of_w is None else native.add_(of_w, term)
                if weights is not None:
                    of_x.append(part.put_rows_back(product(slope, weights[t], True)))
            to_x += [native.concat(of_x, 0)] if of_x else []
            to_w += [of_w]
        planes = self._geometry.planes
        kernel = [*g.shape[:2], *self._geometry.kernel, planes[1]]
        return [
            channels_first(native.stack(to_x, 0), planes) if to_x else None,
            native.reshape(native.stack(to_w, 0), kernel) if rows is not None else None,
        ]

    def _rows_of(self, x):
        return self.kept if x is self._x else channels_last(x)

    def _patches_of(self, rows, first, images):
        part = self._geometry.of_images(images)
        found = part.look_up(rows[first * self._pixels : (first + images) * self._pixels])
        return native.reshape(found, [part.places, -1])


class OfPictures(ByImage):
    """The same for constant images of few channels, as pictures have, whose patches the unfold kernel makes faster;
    only their convolution, and the gradient for the weights, is asked for."""

    def _keep(self, x):
        return x

    def out(self, x, w):
        weights = self._channels_outside(w)
        found = [
            native.concat([product(weights[t], self._unfolded(t, image)) for image in range(self._images)], 1)
            for t in range(self._geometry.tasks)
        ]
        return native.reshape(native.stack(found, 0), [self._geometry.tasks, w.shape[1], *self._geometry.out])

    def wrt_w(self, x, g):
        slopes, found = _rows(g), []
        for t in range(self._geometry.tasks):
            total = None
            for image in range(self._images):
                slope = slopes[t][:, image * self._places : (image + 1) * self._places].contiguous()
                term = product(slope, self._unfolded(t, image), False, True)
                total = term if total is None else native.add_(total, term)
            found.append(total)
        shape = [*g.shape[:2], self._geometry.channels, *self._geometry.kernel]
        return native.transpose(native.reshape(native.stack(found, 0), shape), [0, 1, 3, 4, 2]).contiguous()

    def _channels_outside(self, w):
        return _rows(native.transpose(w, [0, 1, 4, 2, 3]).contiguous())

    def _unfolded(self, task, image):
        _, channels, _, height, width = self._geometry.planes
        picture = native.reshape(self._x[task, :, image], [1, channels, height, width])
        return self._geometry.unfolded(picture)[0]
