from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import layer, op, spread


def rows(make, *shape):
    """A layer without weights, on values that keep off its kinks."""
    return layer(make, spread(*(shape or (3, 4)), low=-4.1, high=4.3))


def wide(function, low=-4.1, high=4.3):
    return op(function, spread(3, 4, low=low, high=high))


CASES = {
    "F.relu": op(F.relu, spread(3, 4)),
    "F.relu6": wide(F.relu6, -9, 9),
    "F.leaky_relu": op(F.leaky_relu, spread(3, 4)),
    "F.leaky_relu slope": op(lambda x: F.leaky_relu(x, 0.3), spread(3, 4)),
    "F.prelu": op(F.prelu, spread(2, 3, 4), (1,)),
    "F.prelu channels": op(F.prelu, spread(2, 3, 4), (3,)),
    "F.prelu channels last": op(lambda x, w: F.prelu(x, w, "NHWC"), spread(2, 2, 2, 3), (3,)),
    "F.prelu elements": op(lambda x, w: paddle._C_ops.prelu(x, w, "NCHW", "element"), spread(2, 3, 4), (1, 3, 4)),
    "F.elu": wide(F.elu),
    "F.elu alpha": wide(lambda x: F.elu(x, 0.7)),
    "F.elu negative alpha": wide(lambda x: F.elu(x, -0.7)),
    "F.celu": wide(F.celu),
    "F.celu alpha": wide(lambda x: F.celu(x, 0.7)),
    "F.selu": wide(F.selu),
    "F.selu options": wide(lambda x: F.selu(x, 1.3, 0.6)),
    "F.gelu": wide(F.gelu),
    "F.gelu approximate": wide(lambda x: F.gelu(x, True)),
    "F.gelu approximate by keyword": wide(lambda x: F.gelu(x, approximate=True)),
    "F.silu": wide(F.silu),
    "F.swish": wide(F.swish),
    "F.mish": wide(F.mish),
    "F.sigmoid": op(F.sigmoid, (3, 4)),
    "F.log_sigmoid": wide(F.log_sigmoid),
    "F.tanh": op(F.tanh, (3, 4)),
    "F.tanhshrink": wide(F.tanhshrink),
    "F.softplus": wide(F.softplus),
    "F.softplus threshold": wide(lambda x: F.softplus(x, 2, 3)),
    "F.softplus by keyword": wide(lambda x: F.softplus(x, beta=0.5, threshold=1.0)),
    "F.softsign": wide(F.softsign),
    "F.softshrink": wide(F.softshrink),
    "F.softshrink threshold": wide(lambda x: F.softshrink(x, 1.2)),
    "F.hardshrink": wide(F.hardshrink),
    "F.hardshrink threshold": wide(lambda x: F.hardshrink(x, 1.2)),
    "F.hardtanh": wide(F.hardtanh),
    "F.hardtanh bounds": wide(lambda x: F.hardtanh(x, -0.5, 2.3)),
    "F.hardsigmoid": wide(F.hardsigmoid),
    "F.hardsigmoid options": wide(lambda x: F.hardsigmoid(x, 0.4, 0.3)),
    "F.hardswish": wide(F.hardswish),
    "F.thresholded_relu": wide(F.thresholded_relu),
    "F.thresholded_relu value": wide(lambda x: F.thresholded_relu(x, 0.2, 1.5)),
    "F.softmax": op(F.softmax, (3, 4)),
    "F.softmax axis 1": op(lambda x: F.softmax(x, 1), (2, 4, 3)),
    "F.softmax of one type into another": op(lambda x: F.softmax(x, dtype="float64"), (3, 4)),
    "F.log_softmax": op(F.log_softmax, (3, 4)),
    "F.log_softmax axis 1": op(lambda x: F.log_softmax(x, 1), (2, 4, 3)),
    "F.log_softmax dtype": op(lambda x: F.log_softmax(x, dtype="float64"), (3, 4)),
    "F.maxout": op(lambda x: F.maxout(x, 2), spread(2, 4, 3, 2)),
    "F.maxout axis -1": op(lambda x: F.maxout(x, 3, -1), spread(2, 2, 2, 6)),
    "F.maxout of a tie": op(lambda x: F.maxout(paddle.concat([x, x + 1.5, 2 * x, 2 * x], 1), 4), spread(2, 1, 2, 2)),
    "F.glu": op(F.glu, (3, 4)),
    "F.glu axis 0": op(lambda x: F.glu(x, 0), (4, 3)),
    "nn.ReLU": rows(nn.ReLU),
    "nn.ReLU6": rows(nn.ReLU6),
    "nn.LeakyReLU": rows(lambda: nn.LeakyReLU(0.2)),
    "nn.PReLU": layer(nn.PReLU, spread(3, 4)),
    "nn.PReLU channels": layer(lambda: nn.PReLU(3), spread(2, 3, 2, 2)),
    "nn.PReLU channels last": layer(lambda: nn.PReLU(3, data_format="NHWC"), spread(2, 2, 2, 3)),
    "nn.ELU": rows(nn.ELU),
    "nn.CELU": rows(lambda: nn.CELU(1.3)),
    "nn.SELU": rows(nn.SELU),
    "nn.GELU": rows(nn.GELU),
    "nn.GELU approximate": rows(lambda: nn.GELU(approximate=True)),
    "nn.Silu": rows(nn.Silu),
    "nn.Swish": rows(nn.Swish),
    "nn.Mish": rows(nn.Mish),
    "nn.Sigmoid": rows(nn.Sigmoid),
    "nn.LogSigmoid": rows(nn.LogSigmoid),
    "nn.Tanh": rows(nn.Tanh),
    "nn.Tanhshrink": rows(nn.Tanhshrink),
    "nn.Softplus": rows(lambda: nn.Softplus(2, 3)),
    "nn.Softsign": rows(nn.Softsign),
    "nn.Softshrink": rows(nn.Softshrink),
    "nn.Hardshrink": rows(nn.Hardshrink),
    "nn.Hardtanh": rows(nn.Hardtanh),
    "nn.Hardsigmoid": rows(nn.Hardsigmoid),
    "nn.Hardswish": rows(nn.Hardswish),
    "nn.ThresholdedReLU": rows(nn.ThresholdedReLU),
    "nn.Softmax": layer(lambda: nn.Softmax(0), (3, 4)),
    "nn.Softmax2D": layer(nn.Softmax2D, (2, 3, 2, 2)),
    "nn.LogSoftmax": layer(nn.LogSoftmax, (3, 4)),
    "nn.Maxout": rows(lambda: nn.Maxout(2), 1, 4, 2, 2),
    "nn.BatchNorm act": layer(lambda: nn.BatchNorm(3, act="relu", dtype="float64"), (4, 3)),
    "nn.GLU": layer(nn.GLU, (3, 4)),
}

if hasattr(F, "swiglu"):  # Paddle 3.3
    CASES |= {
        "F.gelu tanh": wide(lambda x: F.gelu(x, "tanh")),
        "F.gelu none": wide(lambda x: F.gelu(x, approximate="none")),
        "F.swiglu": op(F.swiglu, (3, 4), (3, 4)),
        "F.swiglu halves": op(F.swiglu, (3, 6)),
        "paddle.softmax": op(lambda x: paddle.softmax(x, 0), (3, 4)),
    }
