from __future__ import annotations

import paddle.nn.functional as F

from .case import op


def conv(**options):
    return lambda x, w, *bias: F.conv2d(x, w, *bias, **options)


CASES = {
    "F.conv2d": op(conv(), (2, 3, 6, 6), (4, 3, 3, 3)),
    "F.conv2d bias": op(conv(padding=1), (2, 3, 6, 6), (4, 3, 3, 3), (4,)),
    "F.conv2d strided": op(conv(stride=2, padding=1), (2, 3, 6, 7), (4, 3, 3, 3)),
    "F.conv2d uneven strides and pads": op(conv(stride=[2, 1], padding=[1, 2]), (2, 2, 7, 6), (3, 2, 3, 2)),
    "F.conv2d asymmetric padding": op(conv(stride=2, padding=[0, 1, 2, 0]), (2, 2, 6, 6), (3, 2, 3, 3)),
    "F.conv2d dilated": op(conv(dilation=2, padding=2), (2, 2, 7, 7), (3, 2, 3, 3)),
    "F.conv2d grouped": op(conv(groups=2, padding=1), (2, 4, 5, 5), (6, 2, 3, 3)),
    "F.conv2d depthwise": op(conv(groups=3, stride=2), (2, 3, 6, 6), (3, 1, 3, 3)),
    "F.conv2d SAME": op(conv(padding="SAME", stride=2), (2, 2, 6, 5), (3, 2, 3, 3)),
    "F.conv2d VALID": op(conv(padding="VALID"), (2, 2, 5, 5), (3, 2, 3, 3)),
    "F.conv2d NHWC": op(conv(data_format="NHWC", padding=1), (2, 5, 5, 2), (3, 2, 3, 3)),
}
