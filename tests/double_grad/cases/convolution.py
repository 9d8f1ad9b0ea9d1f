from __future__ import annotations

import paddle.nn.functional as F
from paddle import nn

from .case import layer, op


def with_options(function):
    """Makes cases' functions of (x, weight) or (x, weight, bias)."""
    return lambda **options: lambda x, w, *bias: function(x, w, *bias, **options)


conv1d, conv2d, conv3d = map(with_options, (F.conv1d, F.conv2d, F.conv3d))
up1d, up2d, up3d = map(with_options, (F.conv1d_transpose, F.conv2d_transpose, F.conv3d_transpose))

CASES = {
    "F.conv2d": op(conv2d(), (2, 3, 6, 6), (4, 3, 3, 3)),
    "F.conv2d bias": op(conv2d(padding=1), (2, 3, 6, 6), (4, 3, 3, 3), (4,)),
    "F.conv2d strided": op(conv2d(stride=2, padding=1), (2, 3, 6, 7), (4, 3, 3, 3)),
    "F.conv2d uneven strides and pads": op(conv2d(stride=[2, 1], padding=[1, 2]), (2, 2, 7, 6), (3, 2, 3, 2)),
    "F.conv2d asymmetric padding": op(conv2d(stride=2, padding=[0, 1, 2, 0]), (2, 2, 6, 6), (3, 2, 3, 3)),
    "F.conv2d paired padding": op(
        conv2d(stride=2, padding=[[0, 0], [0, 0], [0, 1], [2, 1]]), (2, 2, 6, 6), (3, 2, 3, 3)
    ),
    "F.conv2d dilated": op(conv2d(dilation=2, padding=2), (2, 2, 7, 7), (3, 2, 3, 3)),
    "F.conv2d grouped": op(conv2d(groups=2, padding=1), (2, 4, 5, 5), (6, 2, 3, 3)),
    "F.conv2d depthwise": op(conv2d(groups=3, stride=2), (2, 3, 6, 6), (3, 1, 3, 3)),
    "F.conv2d depthwise with multiplier, bias": op(conv2d(groups=2, padding=1), (2, 2, 4, 4), (4, 1, 3, 3), (4,)),
    "F.conv2d depthwise NHWC": op(conv2d(groups=2, data_format="NHWC"), (2, 4, 4, 2), (2, 1, 3, 3), (2,)),
    "F.conv2d SAME": op(conv2d(padding="SAME", stride=2), (2, 2, 6, 5), (3, 2, 3, 3)),
    "F.conv2d VALID": op(conv2d(padding="VALID"), (2, 2, 5, 5), (3, 2, 3, 3)),
    "F.conv2d NHWC": op(conv2d(data_format="NHWC", padding=1), (2, 5, 5, 2), (3, 2, 3, 3)),
    "F.conv2d NHWC, asymmetric, bias": op(
        conv2d(data_format="NHWC", padding=[0, 1, 2, 0]), (2, 4, 4, 2), (3, 2, 3, 3), (3,)
    ),
    "F.conv1d": op(conv1d(), (2, 3, 6), (4, 3, 3)),
    "F.conv1d bias, strided": op(conv1d(stride=2, padding=1), (2, 2, 6), (3, 2, 3), (3,)),
    "F.conv1d asymmetric, dilated": op(conv1d(padding=[2, 1], dilation=2), (2, 2, 6), (3, 2, 3)),
    "F.conv1d grouped": op(conv1d(groups=2), (2, 4, 5), (6, 2, 3)),
    "F.conv1d depthwise": op(conv1d(groups=3), (2, 3, 5), (3, 1, 3)),
    "F.conv1d SAME": op(conv1d(padding="SAME", stride=2), (2, 2, 6), (3, 2, 3)),
    "F.conv1d NLC": op(conv1d(data_format="NLC", padding=1), (2, 5, 2), (3, 2, 3), (3,)),
    "F.conv3d": op(conv3d(), (1, 2, 3, 4, 3), (3, 2, 2, 3, 2)),
    "F.conv3d bias, strided": op(conv3d(stride=[1, 2, 1], padding=1), (1, 2, 3, 3, 2), (2, 2, 3, 3, 2), (2,)),
    "F.conv3d asymmetric, dilated": op(
        conv3d(padding=[1, 0, 0, 2, 1, 1], dilation=[1, 2, 1]), (1, 2, 3, 3, 2), (2, 2, 2, 2, 2)
    ),
    "F.conv3d grouped": op(conv3d(groups=2), (1, 4, 2, 3, 3), (4, 2, 2, 2, 2)),
    "F.conv3d depthwise": op(conv3d(groups=2), (1, 2, 3, 3, 3), (2, 1, 2, 2, 2)),
    "F.conv3d SAME": op(conv3d(padding="SAME", stride=2), (1, 2, 3, 4, 3), (2, 2, 2, 3, 2)),
    "F.conv3d NDHWC": op(conv3d(data_format="NDHWC", padding=1), (1, 2, 3, 2, 2), (3, 2, 2, 3, 2), (3,)),
    "F.conv1d_transpose": op(up1d(), (2, 3, 4), (3, 2, 3)),
    "F.conv1d_transpose output padding, bias": op(
        up1d(stride=2, padding=1, output_padding=1), (2, 2, 4), (2, 3, 3), (3,)
    ),
    "F.conv1d_transpose output size": op(up1d(stride=2, output_size=[10]), (2, 2, 4), (2, 3, 3)),
    "F.conv1d_transpose asymmetric, dilated": op(up1d(padding=[0, 2], dilation=2), (2, 2, 4), (2, 3, 3)),
    "F.conv1d_transpose grouped": op(up1d(groups=2), (2, 4, 4), (4, 2, 3)),
    "F.conv1d_transpose depthwise": op(up1d(groups=3), (2, 3, 4), (3, 1, 3)),
    "F.conv1d_transpose NLC": op(up1d(data_format="NLC", stride=2), (2, 4, 2), (2, 3, 3), (3,)),
    "F.conv2d_transpose": op(up2d(), (2, 3, 3, 4), (3, 2, 3, 3)),
    "F.conv2d_transpose bias": op(up2d(stride=2, padding=1), (2, 2, 3, 3), (2, 3, 3, 3), (3,)),
    "F.conv2d_transpose output padding": op(
        up2d(stride=[2, 3], padding=[1, 0], output_padding=[1, 2]), (2, 2, 3, 3), (2, 2, 3, 3)
    ),
    "F.conv2d_transpose output size": op(up2d(stride=2, output_size=[8, 7]), (2, 2, 3, 3), (2, 2, 3, 3)),
    "F.conv2d_transpose asymmetric, dilated": op(
        up2d(padding=[0, 1, 2, 0], dilation=[1, 2]), (2, 2, 3, 3), (2, 2, 3, 3)
    ),
    "F.conv2d_transpose grouped": op(up2d(groups=2, stride=2), (2, 4, 3, 3), (4, 2, 2, 2)),
    "F.conv2d_transpose depthwise": op(up2d(groups=3, stride=2, padding=1), (2, 3, 3, 3), (3, 1, 3, 3)),
    "F.conv2d_transpose SAME": op(up2d(padding="SAME", stride=2), (2, 2, 3, 3), (2, 2, 3, 3)),
    "F.conv2d_transpose VALID": op(up2d(padding="VALID", stride=2), (2, 2, 3, 3), (2, 2, 3, 3)),
    "F.conv2d_transpose NHWC": op(up2d(data_format="NHWC", stride=2), (2, 3, 3, 2), (2, 3, 3, 3), (3,)),
    "F.conv2d_transpose depthwise NHWC": op(up2d(data_format="NHWC", groups=2), (2, 3, 3, 2), (2, 1, 3, 3)),
    "F.conv3d_transpose": op(up3d(), (1, 2, 2, 3, 2), (2, 2, 2, 2, 3)),
    "F.conv3d_transpose bias, output padding": op(
        up3d(stride=2, padding=1, output_padding=1), (1, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2,)
    ),
    "F.conv3d_transpose output size": op(up3d(stride=2, output_size=[4, 5, 4]), (1, 2, 2, 2, 2), (2, 2, 2, 2, 2)),
    "F.conv3d_transpose asymmetric, dilated": op(
        up3d(padding=[1, 0, 0, 1, 1, 1], dilation=[1, 2, 1]), (1, 2, 2, 3, 2), (2, 2, 2, 2, 3)
    ),
    "F.conv3d_transpose grouped": op(up3d(groups=2), (1, 4, 2, 2, 2), (4, 1, 2, 2, 2)),
    "F.conv3d_transpose depthwise": op(up3d(groups=2), (1, 2, 2, 2, 2), (2, 1, 2, 2, 2)),
    "F.conv3d_transpose SAME": op(up3d(padding="SAME", stride=2), (1, 2, 2, 2, 2), (2, 2, 3, 3, 3)),
    "F.conv3d_transpose NDHWC": op(up3d(data_format="NDHWC", stride=2), (1, 2, 2, 2, 2), (2, 3, 2, 2, 2), (3,)),
    "nn.Conv1D": layer(lambda: nn.Conv1D(2, 3, 3, padding=1), (2, 2, 5)),
    "nn.Conv1D circular": layer(lambda: nn.Conv1D(2, 3, 3, padding=1, padding_mode="circular"), (2, 2, 5)),
    "nn.Conv1D reflect": layer(lambda: nn.Conv1D(2, 3, 3, padding=1, padding_mode="reflect"), (2, 2, 5)),
    "nn.Conv1D replicate, NLC": layer(
        lambda: nn.Conv1D(2, 3, 3, padding=1, padding_mode="replicate", data_format="NLC"), (2, 5, 2)
    ),
    "nn.Conv2D": layer(lambda: nn.Conv2D(2, 3, 3, stride=2, padding=1), (2, 2, 5, 5)),
    "nn.Conv2D without bias": layer(lambda: nn.Conv2D(2, 3, 3, bias_attr=False), (2, 2, 5, 5)),
    "nn.Conv2D depthwise": layer(lambda: nn.Conv2D(3, 3, 3, groups=3), (2, 3, 4, 4)),
    "nn.Conv2D reflect": layer(lambda: nn.Conv2D(2, 2, 3, padding=1, padding_mode="reflect"), (2, 2, 4, 4)),
    "nn.Conv2D replicate": layer(lambda: nn.Conv2D(2, 2, 3, padding=1, padding_mode="replicate"), (2, 2, 4, 4)),
    "nn.Conv2D circular, NHWC": layer(
        lambda: nn.Conv2D(2, 2, 3, padding=1, padding_mode="circular", data_format="NHWC"), (2, 4, 4, 2)
    ),
    "nn.Conv3D": layer(lambda: nn.Conv3D(2, 2, 2, stride=2, padding=1), (1, 2, 3, 3, 2)),
    "nn.Conv3D reflect": layer(lambda: nn.Conv3D(1, 2, 2, padding=1, padding_mode="reflect"), (1, 1, 3, 2, 2)),
    "nn.Conv3D replicate": layer(lambda: nn.Conv3D(1, 2, 2, padding=1, padding_mode="replicate"), (1, 1, 3, 2, 2)),
    "nn.Conv3D circular, NDHWC": layer(
        lambda: nn.Conv3D(1, 2, 2, padding=1, padding_mode="circular", data_format="NDHWC"), (1, 3, 2, 2, 1)
    ),
    "nn.Conv1DTranspose": layer(lambda: nn.Conv1DTranspose(2, 3, 3, stride=2, output_padding=1), (2, 2, 4)),
    "nn.Conv2DTranspose": layer(lambda: nn.Conv2DTranspose(2, 3, 3, stride=2, output_padding=1), (2, 2, 3, 3)),
    "nn.Conv2DTranspose with output size": layer(
        lambda: nn.Conv2DTranspose(2, 2, 3, stride=2, bias_attr=False),
        (2, 2, 3, 3),
        call=lambda net, x: net(x, output_size=[8, 7]),
    ),
    "nn.Conv3DTranspose": layer(lambda: nn.Conv3DTranspose(2, 2, 2, stride=2), (1, 2, 2, 2, 2)),
}
