from __future__ import annotations

import paddle
import paddle.nn.functional as F

from .case import op


def batch_norm(training, use_global_stats=None, data_format="NCHW"):
    def function(x, *affine):
        channels = x.shape[-1] if data_format == "NHWC" else x.shape[1]
        mean, variance = paddle.linspace(-0.3, 0.4, channels), paddle.linspace(0.6, 1.7, channels)
        scale, shift = affine if affine else (None, None)
        return F.batch_norm(
            x, mean.astype(x.dtype), variance.astype(x.dtype), scale, shift, training, 0.9, 1e-5, data_format,
            use_global_stats,
        )  # fmt: skip

    return function


CASES = {
    "F.batch_norm 1D": op(batch_norm(True), (6, 3), (3,), (3,)),
    "F.batch_norm 1D on a sequence": op(batch_norm(True), (4, 3, 5), (3,), (3,)),
    "F.batch_norm 2D": op(batch_norm(True), (3, 2, 4, 3), (2,), (2,)),
    "F.batch_norm NHWC": op(batch_norm(True, data_format="NHWC"), (3, 4, 3, 2), (2,), (2,)),
    "F.batch_norm not affine": op(batch_norm(True), (3, 2, 4, 3)),
    "F.batch_norm eval": op(batch_norm(False), (3, 2, 4, 3), (2,), (2,)),
    "F.batch_norm eval, batch statistics": op(batch_norm(False, False), (3, 2, 4, 3), (2,), (2,)),
    "F.batch_norm train, running statistics": op(batch_norm(True, True), (3, 2, 4, 3), (2,), (2,)),
    "F.layer_norm": op(lambda x, w, b: F.layer_norm(x, [5], w, b), (2, 3, 5), (5,), (5,)),
    "F.layer_norm over two axes": op(lambda x, w, b: F.layer_norm(x, [3, 4], w, b), (2, 3, 4), (12,), (12,)),
    "F.layer_norm not affine": op(lambda x: F.layer_norm(x, [5]), (2, 3, 5)),
}
