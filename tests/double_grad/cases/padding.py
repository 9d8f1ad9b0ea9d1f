from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import op


def padded(*args, **options):
    return lambda x: F.pad(x, *args, **options)


CASES = {
    "F.pad": op(padded([1, 2, 0, 1]), (2, 2, 3, 4)),
    "F.pad with a value": op(padded([1, 2, 0, 1], value=1.5), (2, 2, 3, 4)),
    "F.pad with a value, in a product": op(lambda x, y: F.pad(x, [1, 0], value=1.5) * y, (2, 2, 3), (2, 2, 4)),
    "F.pad every axis, in a product": op(lambda x, y: F.pad(x, [1, 0, 0, 1], value=1.5) * y, (2, 3), (3, 4)),
    "F.pad every axis": op(padded([1, 0, 2, 1], value=0.5), (2, 3)),
    "F.pad every axis, from the last": op(padded([1, 0, 2, 1], pad_from_left_axis=False), (2, 3)),
    "F.pad last axes": op(padded([1, 2], value=-1.0), (2, 3, 2)),
    "F.pad NHWC": op(padded([1, 2, 0, 1], value=1.5, data_format="NHWC"), (2, 3, 4, 2)),
    "F.pad one axis": op(padded([1, 2], data_format="NCL"), (2, 2, 3)),
    "F.pad volume": op(padded([1, 0, 0, 1, 2, 1], value=2.0, data_format="NCDHW"), (1, 2, 2, 3, 2)),
    "F.pad numbers in a tensor": op(lambda x: F.pad(x, paddle.to_tensor([1, 2, 0, 1], "int32")), (2, 2, 3, 4)),
    "F.pad reflect": op(padded([1, 2, 0, 1], "reflect"), (2, 2, 3, 4)),
    "F.pad reflect, one axis, NLC": op(padded([1, 2], "reflect", data_format="NLC"), (2, 3, 2)),
    "F.pad reflect, volume": op(padded([1, 0, 0, 1, 1, 1], "reflect", data_format="NCDHW"), (1, 2, 2, 3, 2)),
    "F.pad replicate": op(padded([1, 2, 0, 1], "replicate"), (2, 2, 3, 4)),
    "F.pad replicate, NHWC": op(padded([1, 2, 0, 1], "replicate", data_format="NHWC"), (2, 3, 4, 2)),
    "F.pad replicate, volume, NDHWC": op(padded([1, 0, 0, 1, 2, 1], "replicate", data_format="NDHWC"), (1, 2, 3, 2, 2)),
    "F.pad circular": op(padded([1, 2, 0, 1], "circular"), (2, 2, 3, 4)),
    "F.pad circular, one axis": op(padded([1, 2], "circular"), (2, 2, 3)),
    "F.pad circular, volume": op(padded([1, 0, 0, 1, 2, 1], "circular", data_format="NCDHW"), (1, 2, 2, 3, 2)),
    "F.zeropad2d": op(lambda x: F.zeropad2d(x, [1, 2, 0, 1]), (2, 2, 3, 4)),
    "F.zeropad2d NHWC": op(lambda x: F.zeropad2d(x, [1, 2, 0, 1], "NHWC"), (2, 3, 4, 2)),
    "paddle.crop": op(lambda x: paddle.crop(x, [2, 2], [1, 0]), (3, 4)),
    "paddle.crop to the end": op(lambda x: paddle.crop(x, [-1, 2, 2], [0, 1, 1]), (2, 3, 4)),
    "paddle.crop without offsets": op(lambda x: paddle.crop(x, [1, 2, 2]), (2, 3, 4)),
    "paddle.crop in tensors": op(
        lambda x: paddle.crop(x, paddle.to_tensor([2, 2], "int32"), paddle.to_tensor([1, 0], "int32")), (3, 4)
    ),
}

#: By the number of padded axes: the shape of the data, and the padding.
_GIVEN = {1: ((2, 2, 3), [1, 2]), 2: ((2, 2, 3, 4), [1, 2, 0, 1]), 3: ((1, 2, 2, 2, 2), 1)}

_OPTIONS = {
    "Pad1D": {"value": 1.5},
    "Pad2D": {"mode": "replicate"},
    "Pad3D": {"data_format": "NDHWC"},
    **{f"ConstantPad{rank}D": {"value": 1.5} for rank in _GIVEN},
    **{f"{mode}Pad{rank}D": {} for mode in ("Circular", "Reflection", "Replication", "Zero") for rank in _GIVEN},
}


def _padding_layer(name, options):
    shape, padding = _GIVEN[int(name[-2])]
    return op(lambda x: getattr(nn, name)(padding, **options)(x), shape)


# Paddle before 3.2 lacks most of them.
CASES |= {f"nn.{name}": _padding_layer(name, options) for name, options in _OPTIONS.items() if hasattr(nn, name)}
