from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import layer, op, positive, spread


def images(function):
    return op(function, (2, 3, 2, 2))


def evaluating(net):
    net.eval()
    return net


CASES = {
    "F.dropout": op(lambda x: F.dropout(x, 0.4), (3, 4)),
    "F.dropout eval": op(lambda x: F.dropout(x, 0.4, training=False), (3, 4)),
    "F.dropout downscale_in_infer": op(lambda x: F.dropout(x, 0.4, mode="downscale_in_infer"), (3, 4)),
    "F.dropout downscale_in_infer eval": op(
        lambda x: F.dropout(x, 0.4, training=False, mode="downscale_in_infer"), (3, 4)
    ),
    "F.dropout along an axis": op(lambda x: F.dropout(x, 0.4, axis=0), (3, 4)),
    "F.dropout along two axes": images(lambda x: F.dropout(x, 0.4, axis=[0, 1])),
    "F.dropout along an axis eval, downscale_in_infer": op(
        lambda x: F.dropout(x, 0.4, axis=0, training=False, mode="downscale_in_infer"), (3, 4)
    ),
    "F.dropout of nothing": op(lambda x: F.dropout(x, 0.0), (3, 4)),
    "F.dropout of everything": op(lambda x, y: F.dropout(x, 1.0) + y, (3, 4), (3, 4)),
    "F.dropout of everything along an axis": op(lambda x, y: F.dropout(x, 1.0, axis=0) + y, (3, 4), (3, 4)),
    "F.dropout by a tensor": op(lambda x: F.dropout(x, paddle.to_tensor(0.4)), (3, 4)),
    "F.dropout2d": images(lambda x: F.dropout2d(x, 0.4)),
    "F.dropout2d NHWC": images(lambda x: F.dropout2d(x, 0.4, data_format="NHWC")),
    "F.dropout2d eval": images(lambda x: F.dropout2d(x, 0.4, training=False)),
    "F.dropout3d": op(lambda x: F.dropout3d(x, 0.4), (2, 3, 2, 1, 2)),
    "F.dropout3d NDHWC": op(lambda x: F.dropout3d(x, 0.4, data_format="NDHWC"), (2, 2, 1, 2, 3)),
    "F.alpha_dropout": op(lambda x: F.alpha_dropout(x, 0.4), (3, 4)),
    "F.alpha_dropout eval": op(lambda x: F.alpha_dropout(x, 0.4, training=False), (3, 4)),
    "F.alpha_dropout of everything": op(lambda x, y: F.alpha_dropout(x, 1.0) + y, (3, 4), (3, 4)),
    "F.feature_alpha_dropout": images(lambda x: F.feature_alpha_dropout(x, 0.4)),
    "F.feature_alpha_dropout eval": images(lambda x: F.feature_alpha_dropout(x, 0.4, training=False)),
    "F.rrelu": op(lambda x: F.rrelu(x, 0.1, 0.6), spread(3, 4)),
    "F.rrelu train": op(lambda x: F.rrelu(x, 0.1, 0.6, training=True), spread(3, 4)),
    "F.rrelu eval": op(lambda x: F.rrelu(x, 0.1, 0.6, training=False), spread(3, 4)),
    "F.gumbel_softmax": op(F.gumbel_softmax, (3, 4)),
    "F.gumbel_softmax temperature, axis 0": op(lambda x: F.gumbel_softmax(x, 0.6, axis=0), (3, 4)),
    "paddle.poisson": op(lambda x: paddle.poisson(x) * x, positive(3, 4)),
    "nn.Dropout": layer(lambda: nn.Dropout(0.4), (3, 4)),
    "nn.Dropout eval": layer(lambda: evaluating(nn.Dropout(0.4)), (3, 4)),
    "nn.Dropout axis": layer(lambda: nn.Dropout(0.4, axis=1), (3, 4)),
    "nn.Dropout2D": layer(lambda: nn.Dropout2D(0.4), (2, 3, 2, 2)),
    "nn.Dropout3D": layer(lambda: nn.Dropout3D(0.4), (2, 3, 1, 2, 2)),
    "nn.AlphaDropout": layer(lambda: nn.AlphaDropout(0.4), (3, 4)),
    "nn.AlphaDropout eval": layer(lambda: evaluating(nn.AlphaDropout(0.4)), (3, 4)),
    "nn.FeatureAlphaDropout": layer(lambda: nn.FeatureAlphaDropout(0.4), (2, 3, 2, 2)),
    "nn.RReLU": layer(nn.RReLU, spread(3, 4)),
    "nn.RReLU eval": layer(lambda: evaluating(nn.RReLU(0.1, 0.4)), spread(3, 4)),
}

if hasattr(F, "dropout1d"):  # Paddle 3.3
    CASES |= {"F.dropout1d": op(lambda x: F.dropout1d(x, 0.4), (2, 3, 4))}
