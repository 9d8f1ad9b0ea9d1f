from __future__ import annotations

import math

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_metaopt import twice_differentiable

from .case import Case, op, positive, spread


def lp(pool, operand) -> Case:
    """Also the function itself is the rule's: differences of Paddle's, which rounds to float32, would be noise."""

    def ruled(x):
        with twice_differentiable(), paddle.enable_grad():
            return pool(x)

    return op(ruled, operand)


def unpooled(unpool, pool, *options):
    return lambda x: unpool(*pool(x, *options, return_mask=True), *options)


CASES = {
    "F.max_pool2d": op(lambda x: F.max_pool2d(x, 2), spread(2, 2, 4, 6)),
    "F.max_pool2d overlapping": op(lambda x: F.max_pool2d(x, 3, 2, 1), spread(2, 2, 6, 7)),
    "F.max_pool2d ceil": op(lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True), spread(2, 2, 5, 5)),
    "F.max_pool2d SAME": op(lambda x: F.max_pool2d(x, 3, 2, "SAME"), spread(2, 2, 6, 5)),
    "F.max_pool2d VALID": op(lambda x: F.max_pool2d(x, 3, 2, "VALID"), spread(2, 2, 6, 5)),
    "F.max_pool2d asymmetric": op(lambda x: F.max_pool2d(x, 3, 2, [0, 1, 1, 0]), spread(2, 2, 6, 5)),
    "F.max_pool2d asymmetric ceil": op(
        lambda x: F.max_pool2d(x, 2, 2, [0, 1, 1, 0], ceil_mode=True), spread(2, 2, 5, 5)
    ),
    "F.max_pool2d NHWC": op(lambda x: F.max_pool2d(x, 2, data_format="NHWC"), spread(2, 4, 6, 2)),
    "F.max_pool2d NHWC SAME": op(lambda x: F.max_pool2d(x, 3, 2, "SAME", data_format="NHWC"), spread(2, 6, 5, 2)),
    "F.max_pool2d with mask": op(lambda x: F.max_pool2d(x, 2, return_mask=True)[0], spread(2, 2, 4, 6)),
    "F.max_pool2d with mask, overlapping, ceil": op(
        lambda x: F.max_pool2d(x, 3, 2, 1, True, True)[0], spread(2, 2, 6, 5)
    ),
    "F.max_pool1d": op(lambda x: F.max_pool1d(x, 2), spread(2, 2, 6)),
    "F.max_pool1d overlapping, ceil": op(lambda x: F.max_pool1d(x, 3, 2, 1, ceil_mode=True), spread(2, 2, 6)),
    "F.max_pool1d SAME": op(lambda x: F.max_pool1d(x, 3, 2, "SAME"), spread(2, 2, 6)),
    "F.max_pool1d asymmetric": op(lambda x: F.max_pool1d(x, 3, 2, [0, 1]), spread(2, 2, 6)),
    "F.max_pool1d with mask": op(lambda x: F.max_pool1d(x, 3, 2, 1, True), spread(2, 2, 6)),
    "F.max_pool3d": op(lambda x: F.max_pool3d(x, 2), spread(1, 2, 4, 4, 2)),
    "F.max_pool3d overlapping, ceil": op(lambda x: F.max_pool3d(x, 3, 2, 1, ceil_mode=True), spread(1, 2, 4, 4, 3)),
    "F.max_pool3d SAME": op(lambda x: F.max_pool3d(x, 3, 2, "SAME"), spread(1, 2, 4, 3, 3)),
    "F.max_pool3d asymmetric": op(lambda x: F.max_pool3d(x, 3, 2, [0, 1, 1, 0, 1, 1]), spread(1, 2, 4, 4, 3)),
    "F.max_pool3d NDHWC": op(lambda x: F.max_pool3d(x, 2, data_format="NDHWC"), spread(1, 4, 4, 2, 2)),
    "F.max_pool3d with mask": op(lambda x: F.max_pool3d(x, 3, 2, 1, True), spread(1, 2, 4, 4, 3)),
    "F.adaptive_max_pool1d": op(lambda x: F.adaptive_max_pool1d(x, 3), spread(2, 2, 7)),
    "F.adaptive_max_pool2d": op(lambda x: F.adaptive_max_pool2d(x, [2, 3]), spread(2, 2, 5, 7)),
    "F.adaptive_max_pool2d with mask": op(lambda x: F.adaptive_max_pool2d(x, [None, 2], True), spread(2, 2, 3, 5)),
    "F.adaptive_max_pool3d": op(lambda x: F.adaptive_max_pool3d(x, [2, 3, 1]), spread(1, 2, 3, 4, 3)),
    "F.avg_pool2d": op(lambda x: F.avg_pool2d(x, 2), (2, 2, 4, 6)),
    "F.avg_pool2d inclusive": op(lambda x: F.avg_pool2d(x, 3, 2, 1, exclusive=False), (2, 2, 6, 7)),
    "F.avg_pool2d exclusive ceil": op(lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), (2, 2, 6, 7)),
    "F.avg_pool2d inclusive ceil": op(lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), (2, 2, 6, 7)),
    "F.avg_pool2d SAME": op(lambda x: F.avg_pool2d(x, 3, 2, "SAME"), (2, 2, 6, 5)),
    "F.avg_pool2d asymmetric": op(lambda x: F.avg_pool2d(x, 3, 2, [0, 1, 1, 0]), (2, 2, 6, 5)),
    "F.avg_pool2d divisor": op(lambda x: F.avg_pool2d(x, 2, divisor_override=3), (2, 2, 4, 4)),
    "F.avg_pool2d NHWC": op(lambda x: F.avg_pool2d(x, 2, data_format="NHWC"), (2, 4, 6, 2)),
    "F.avg_pool1d": op(lambda x: F.avg_pool1d(x, 3, 2, 1), (2, 2, 6)),
    "F.avg_pool1d inclusive ceil": op(lambda x: F.avg_pool1d(x, 3, 2, 1, False, True), (2, 2, 6)),
    "F.avg_pool1d SAME": op(lambda x: F.avg_pool1d(x, 3, 2, "SAME"), (2, 2, 6)),
    "F.avg_pool3d": op(lambda x: F.avg_pool3d(x, 3, 2, 1), (1, 2, 4, 4, 3)),
    "F.avg_pool3d inclusive ceil": op(lambda x: F.avg_pool3d(x, 2, 2, 0, True, False), (1, 2, 3, 4, 3)),
    "F.avg_pool3d SAME": op(lambda x: F.avg_pool3d(x, 3, 2, "SAME"), (1, 2, 4, 3, 3)),
    "F.avg_pool3d asymmetric": op(lambda x: F.avg_pool3d(x, 3, 2, [0, 1, 1, 0, 1, 1]), (1, 2, 4, 4, 3)),
    "F.avg_pool3d divisor": op(lambda x: F.avg_pool3d(x, 2, divisor_override=3), (1, 2, 4, 4, 2)),
    "F.avg_pool3d NDHWC": op(lambda x: F.avg_pool3d(x, 2, data_format="NDHWC"), (1, 4, 4, 2, 2)),
    "F.adaptive_avg_pool1d": op(lambda x: F.adaptive_avg_pool1d(x, 3), (2, 2, 7)),
    "F.adaptive_avg_pool2d": op(lambda x: F.adaptive_avg_pool2d(x, [2, 3]), (2, 2, 5, 7)),
    "F.adaptive_avg_pool2d global": op(lambda x: F.adaptive_avg_pool2d(x, 1), (2, 3, 5, 4)),
    "F.adaptive_avg_pool2d NHWC": op(lambda x: F.adaptive_avg_pool2d(x, [2, None], "NHWC"), (2, 5, 3, 2)),
    "F.adaptive_avg_pool3d": op(lambda x: F.adaptive_avg_pool3d(x, [2, 3, 1]), (1, 2, 3, 4, 3)),
    "F.adaptive_avg_pool3d NDHWC": op(lambda x: F.adaptive_avg_pool3d(x, 2, "NDHWC"), (1, 3, 4, 3, 2)),
    "F.lp_pool1d": lp(lambda x: F.lp_pool1d(x, 3.0, 3, 2, 1), positive(2, 2, 6)),
    "F.lp_pool1d NLC": lp(lambda x: F.lp_pool1d(x, 2.0, 2, data_format="NLC"), (2, 6, 2)),
    "F.lp_pool2d": lp(lambda x: F.lp_pool2d(x, 2.0, 2), (2, 2, 4, 4)),
    "F.lp_pool2d fractional norm, overlapping, ceil": lp(
        lambda x: F.lp_pool2d(x, 2.5, 3, 2, 1, True), positive(2, 2, 6, 5)
    ),
    "F.lp_pool2d sum": lp(lambda x: F.lp_pool2d(x, 1.0, 3, 2, "SAME"), (2, 2, 6, 5)),
    "F.lp_pool2d maximum": lp(lambda x: F.lp_pool2d(x, math.inf, 3, 2, 1), spread(2, 2, 6, 5)),
    "F.lp_pool2d NHWC": lp(lambda x: F.lp_pool2d(x, 2.0, 2, data_format="NHWC"), (2, 4, 4, 2)),
    "F.fractional_max_pool2d": op(lambda x: F.fractional_max_pool2d(x, [2, 3]), spread(2, 2, 5, 7)),
    "F.fractional_max_pool2d chosen, with mask": op(
        lambda x: F.fractional_max_pool2d(x, 2, 3, 0.4, True), spread(2, 2, 5, 7)
    ),
    "F.fractional_max_pool3d": op(lambda x: F.fractional_max_pool3d(x, 2), spread(1, 2, 4, 5, 4)),
    "F.fractional_max_pool3d chosen, with mask": op(
        lambda x: F.fractional_max_pool3d(x, [2, 2, 1], 2, 0.6, True), spread(1, 2, 4, 5, 3)
    ),
    "F.max_unpool1d": op(unpooled(F.max_unpool1d, F.max_pool1d, 2), spread(2, 2, 6)),
    "F.max_unpool2d": op(unpooled(F.max_unpool2d, F.max_pool2d, 2), spread(2, 2, 4, 6)),
    "F.max_unpool2d colliding": op(unpooled(F.max_unpool2d, F.max_pool2d, 2, 1), spread(2, 2, 4, 4)),
    "F.max_unpool2d output size": op(
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_mask=True), 2, output_size=[5, 5]), spread(2, 2, 5, 5)
    ),
    "F.max_unpool3d": op(unpooled(F.max_unpool3d, F.max_pool3d, 2), spread(1, 2, 4, 4, 2)),
    "nn.MaxPool1D": op(nn.MaxPool1D(2), spread(2, 2, 6)),
    "nn.MaxPool2D": op(nn.MaxPool2D(3, 2, 1), spread(2, 2, 6, 5)),
    "nn.MaxPool3D": op(nn.MaxPool3D(2), spread(1, 2, 4, 4, 2)),
    "nn.AvgPool1D": op(nn.AvgPool1D(2), (2, 2, 6)),
    "nn.AvgPool2D": op(nn.AvgPool2D(3, 2, 1), (2, 2, 6, 5)),
    "nn.AvgPool3D": op(nn.AvgPool3D(2), (1, 2, 4, 4, 2)),
    "nn.AdaptiveMaxPool1D": op(nn.AdaptiveMaxPool1D(2), spread(2, 2, 5)),
    "nn.AdaptiveMaxPool2D": op(nn.AdaptiveMaxPool2D(2), spread(2, 2, 5, 5)),
    "nn.AdaptiveMaxPool3D": op(nn.AdaptiveMaxPool3D(2), spread(1, 2, 3, 4, 3)),
    "nn.AdaptiveAvgPool1D": op(nn.AdaptiveAvgPool1D(2), (2, 2, 5)),
    "nn.AdaptiveAvgPool2D": op(nn.AdaptiveAvgPool2D(2), (2, 2, 5, 5)),
    "nn.AdaptiveAvgPool3D": op(nn.AdaptiveAvgPool3D(2), (1, 2, 3, 4, 3)),
    "nn.LPPool1D": lp(nn.LPPool1D(2.0, 2), (2, 2, 6)),
    "nn.LPPool2D": lp(nn.LPPool2D(2.0, 2), (2, 2, 4, 4)),
    "nn.FractionalMaxPool2D": op(nn.FractionalMaxPool2D(2), spread(2, 2, 5, 5)),
    "nn.FractionalMaxPool3D": op(nn.FractionalMaxPool3D(2), spread(1, 2, 4, 5, 4)),
    "nn.MaxUnPool1D": op(unpooled(nn.MaxUnPool1D(2), lambda x, **mask: F.max_pool1d(x, 2, **mask)), spread(2, 2, 6)),
    "nn.MaxUnPool2D": op(unpooled(nn.MaxUnPool2D(2), lambda x, **mask: F.max_pool2d(x, 2, **mask)), spread(2, 2, 4, 4)),
    "nn.MaxUnPool3D": op(
        unpooled(nn.MaxUnPool3D(2), lambda x, **mask: F.max_pool3d(x, 2, **mask)), spread(1, 2, 4, 4, 2)
    ),
}
