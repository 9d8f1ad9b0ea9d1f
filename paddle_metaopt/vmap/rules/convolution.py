"""Convolutions: with a weight that all tasks share, and with one for each."""

from __future__ import annotations

import paddle

from ...double_grad import BilinearMap
from ..batched import Batched, tasks_of
from ..convolutions import convolution
from ..forms import PLANES, to_kernel, to_planes
from ..patches import geometry
from ..registry import batches, below


@batches("conv2d")
def conv2d(x, weight, strides, paddings, padding_algorithm, dilations, groups, data_format):
    padding = _symmetric(paddings, padding_algorithm)
    if groups != 1 or data_format != "NCHW" or padding is None or type(x) is not Batched:
        return NotImplemented
    if type(weight) is not Batched:
        stacked = tasks_of(x)
        images = stacked.reshape([-1, *stacked.shape[2:]])
        y = below["conv2d"](
            images, weight, strides, paddings, padding_algorithm, dilations, groups, data_format
        )
        return Batched(y.reshape([*stacked.shape[:2], *y.shape[1:]]))
    planes, kernel = to_planes(x.stacked, x.form), to_kernel(weight.stacked, weight.form)
    sizes = geometry(tuple(planes.shape), tuple(kernel.shape[2:4]), tuple(strides), padding, tuple(dilations))
    with paddle.no_grad():
        kernels = convolution(sizes, planes, vars(x).setdefault("patches", {}))
    bilinear = BilinearMap(kernels.out, kernels.wrt_x, kernels.wrt_w, kernels.wrt_both)
    return Batched(bilinear(planes, kernel), PLANES)


def _symmetric(paddings, algorithm) -> tuple | None:
    """(height, width), or None if the two sides differ."""
    if algorithm == "VALID":
        return 0, 0
    if algorithm == "SAME" or not all(isinstance(padding, int) for padding in paddings):
        return None
    if len(paddings) == 4:
        top, bottom, left, right = paddings
        return (top, left) if top == bottom and left == right else None
    return tuple(paddings) if len(paddings) == 2 else None
