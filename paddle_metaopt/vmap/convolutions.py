"""The kernels of a convolution with a weight for each task: with all patches at once, or a few images at a time."""

from __future__ import annotations

from ..double_grad.kernels import native
from .patches import Geometry, channels_first, channels_last
from .planes import product


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


def _span(tensor, axis, first, count):
    """A part of one axis, at half the cost of what goes through Python's brackets."""
    return native.slice(tensor, [axis], [first], [first + count], [1], [])


def _joined(parts, axis):
    return parts[0] if len(parts) == 1 else native.concat(parts, axis)


def _stacked(found):
    """Of all tasks; of a single one without a copy."""
    return native.stack(found, 0) if len(found) > 1 else native.reshape(found[0], [1, *found[0].shape])


#: Patches of a task are kept up to so many bytes; larger ones outgrow the cache, and go image by image, in parts of
#: about so many, which are looked up again where they are needed.
_KEPT_BYTES, _PART_BYTES, _FEW_CHANNELS = 4_000_000, 2_000_000, 8


def convolution(geometry: Geometry, x, kept: dict):
    """The kernels for a convolution of x, whose patches, or rows of pixels, may be among the `kept`."""
    kind = Convolution if geometry.bytes_of_patches <= _KEPT_BYTES else ByImage
    if kind is ByImage and x.stop_gradient and geometry.channels < _FEW_CHANNELS:
        kind = OfPictures
    made = kind(geometry, x, kept.get((kind, geometry)))
    if x.stop_gradient:  # the same images in each inner step
        kept[kind, geometry] = made.kept
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
        found = [
            _joined([product(weights, self._patches_of(rows, *p), False, True) for p in self._parts], 1)
            for rows, weights in zip(native.unbind(self._rows_of(x), 0), native.unbind(_rows(w), 0))
        ]
        return native.reshape(_stacked(found), [self._geometry.tasks, w.shape[1], *self._geometry.out])

    def wrt_x(self, g, w):
        return self._gradients(None, w, g)[0]

    def wrt_w(self, x, g):
        return self._gradients(x, None, g)[1]

    def wrt_both(self, x, w, g):
        return self._gradients(x, w, g)

    def _gradients(self, x, w, g):
        tasks, to_x, to_w = self._geometry.tasks, [], []
        all_rows = [None] * tasks if x is None else native.unbind(self._rows_of(x), 0)
        all_weights = [None] * tasks if w is None else native.unbind(_rows(w), 0)
        for slopes, rows, weights in zip(native.unbind(_rows(g), 0), all_rows, all_weights):
            of_x, of_w = [], None
            for first, images in self._parts:
                slope = _span(slopes, 1, first * self._places, images * self._places).contiguous()
                part = self._geometry.of_images(images)
                if rows is not None:
                    term = product(slope, self._patches_of(rows, first, images))
                    of_w = term if of_w is None else native.add_(of_w, term)
                if weights is not None:
                    of_x.append(part.put_rows_back(product(slope, weights, True)))
            to_x += [_joined(of_x, 0)] if of_x else []
            to_w += [of_w]
        planes = self._geometry.planes
        kernel = [*g.shape[:2], *self._geometry.kernel, planes[1]]
        return [
            channels_first(_stacked(to_x), planes) if to_x else None,
            native.reshape(_stacked(to_w), kernel) if x is not None else None,
        ]

    def _rows_of(self, x):
        return self.kept if x is self._x else channels_last(x)

    def _patches_of(self, rows, first, images):
        part = self._geometry.of_images(images)
        found = part.look_up(_span(rows, 0, first * self._pixels, images * self._pixels))
        return native.reshape(found, [part.places, -1])


class OfPictures(ByImage):
    """The same for constant images of few channels, as pictures have, whose patches the unfold kernel makes faster;
    only their convolution, and the gradient for the weights, is asked for."""

    def _keep(self, x):
        return x

    def out(self, x, w):
        found = [
            _joined([product(weights, self._unfolded(t, image)) for image in range(self._images)], 1)
            for t, weights in enumerate(native.unbind(self._channels_outside(w), 0))
        ]
        return native.reshape(_stacked(found), [self._geometry.tasks, w.shape[1], *self._geometry.out])

    def wrt_w(self, x, g):
        found = []
        for t, slopes in enumerate(native.unbind(_rows(g), 0)):
            total = None
            for image in range(self._images):
                slope = _span(slopes, 1, image * self._places, self._places).contiguous()
                term = product(slope, self._unfolded(t, image), False, True)
                total = term if total is None else native.add_(total, term)
            found.append(total)
        shape = [*g.shape[:2], self._geometry.channels, *self._geometry.kernel]
        return native.transpose(native.reshape(_stacked(found), shape), [0, 1, 3, 4, 2]).contiguous()

    def _channels_outside(self, w):
        return _rows(native.transpose(w, [0, 1, 4, 2, 3]).contiguous())

    def _unfolded(self, task, image):
        _, channels, _, height, width = self._geometry.planes
        picture = native.reshape(self._x[task, :, image], [1, channels, height, width])
        return self._geometry.unfolded(picture)[0]
