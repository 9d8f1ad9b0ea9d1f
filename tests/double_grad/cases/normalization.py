"""Normalization layers, in training and in evaluation."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_metaopt.double_grad import is_active

from .case import Excluded, layer, op, positive


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


def evaluating(make):
    """A layer in evaluation, with statistics other than the initial ones."""

    def made():
        net = make()
        for name, buffer in net.named_buffers():
            buffer.set_value(buffer + (0.3 if "mean" in name else 0.7))
        net.eval()
        return net

    return made


def synchronized(net, x):
    """The layer where rules stand in for its kernel, which the CPU has not; what it is in one process elsewhere."""
    if is_active():
        return net(x)
    return F.batch_norm(x, net._mean, net._variance, net.weight, net.bias, net.training, data_format=net._data_format)


def first_singular_vectors(net):
    """Of diagonal matrices, as far as the power iteration sees."""
    for vector in (net.weight_u, net.weight_v):
        vector.set_value(paddle.eye(vector.shape[0], dtype=vector.dtype)[0])
    return net


def diagonal(x):
    return x.unsqueeze(1) * paddle.eye(x.shape[0], dtype=x.dtype)


def without_iteration():
    """Given singular vectors that do not move with the weight."""
    net = nn.utils.spectral_norm(nn.Linear(3, 4))
    net.eval()
    return net


image, sequence, volume = (3, 2, 3, 2), (3, 2, 4), (2, 2, 2, 1, 3)

CASES = {
    "F.batch_norm 1D": op(batch_norm(True), (6, 3), (3,), (3,)),
    "F.batch_norm 1D on a sequence": op(batch_norm(True), (4, 3, 5), (3,), (3,)),
    "F.batch_norm 2D": op(batch_norm(True), (3, 2, 4, 3), (2,), (2,)),
    "F.batch_norm NHWC": op(batch_norm(True, data_format="NHWC"), (3, 4, 3, 2), (2,), (2,)),
    "F.batch_norm not affine": op(batch_norm(True), (3, 2, 4, 3)),
    "F.batch_norm of one": op(batch_norm(True), (1, 3), (3,), (3,)),
    "F.batch_norm of one, NHWC": op(batch_norm(True, data_format="NHWC"), (1, 1, 1, 3), (3,), (3,)),
    "F.batch_norm eval": op(batch_norm(False), (3, 2, 4, 3), (2,), (2,)),
    "F.batch_norm eval, batch statistics": op(batch_norm(False, False), (3, 2, 4, 3), (2,), (2,)),
    "F.batch_norm train, running statistics": op(batch_norm(True, True), (3, 2, 4, 3), (2,), (2,)),
    "nn.BatchNorm": layer(lambda: nn.BatchNorm(2, dtype="float64"), image),
    "nn.BatchNorm relu": layer(lambda: nn.BatchNorm(2, act="relu", dtype="float64"), image),
    "nn.BatchNorm tanh, NHWC": layer(
        lambda: nn.BatchNorm(2, act="tanh", data_layout="NHWC", dtype="float64"), (3, 2, 3, 2)
    ),
    "nn.BatchNorm is_test": layer(lambda: nn.BatchNorm(2, is_test=True, dtype="float64"), image),
    "nn.BatchNorm is_test, trainable statistics": layer(
        lambda: nn.BatchNorm(2, is_test=True, trainable_statistics=True, dtype="float64"), image
    ),
    "nn.BatchNorm global statistics": layer(lambda: nn.BatchNorm(2, use_global_stats=True, dtype="float64"), image),
    "nn.BatchNorm eval": layer(evaluating(lambda: nn.BatchNorm(2, act="sigmoid", dtype="float64")), image),
    "nn.SyncBatchNorm": layer(lambda: nn.SyncBatchNorm(2), image, call=synchronized),
    "nn.SyncBatchNorm NHWC": layer(lambda: nn.SyncBatchNorm(2, data_format="NHWC"), (3, 2, 3, 2), call=synchronized),
    "nn.SyncBatchNorm eval": layer(evaluating(lambda: nn.SyncBatchNorm(2)), image, call=synchronized),
    "nn.BatchNorm1D": layer(lambda: nn.BatchNorm1D(2), (5, 2)),
    "nn.BatchNorm1D NLC": layer(lambda: nn.BatchNorm1D(2, data_format="NLC"), (3, 4, 2)),
    "nn.BatchNorm1D eval": layer(evaluating(lambda: nn.BatchNorm1D(2)), sequence),
    "nn.BatchNorm2D": layer(lambda: nn.BatchNorm2D(2), image),
    "nn.BatchNorm2D not affine": layer(lambda: nn.BatchNorm2D(2, weight_attr=False, bias_attr=False), image),
    "nn.BatchNorm2D no shift": layer(lambda: nn.BatchNorm2D(2, bias_attr=False), image),
    "nn.BatchNorm2D eval": layer(evaluating(lambda: nn.BatchNorm2D(2)), image),
    "nn.BatchNorm2D eval, batch statistics": layer(
        evaluating(lambda: nn.BatchNorm2D(2, use_global_stats=False)), image
    ),
    "nn.BatchNorm3D": layer(lambda: nn.BatchNorm3D(2), volume),
    "nn.BatchNorm3D NDHWC": layer(lambda: nn.BatchNorm3D(2, data_format="NDHWC"), (2, 2, 1, 3, 2)),
    "nn.BatchNorm3D eval": layer(evaluating(lambda: nn.BatchNorm3D(2)), volume),
    "F.layer_norm": op(lambda x, w, b: F.layer_norm(x, [5], w, b), (2, 3, 5), (5,), (5,)),
    "F.layer_norm over two axes": op(lambda x, w, b: F.layer_norm(x, [3, 4], w, b), (2, 3, 4), (12,), (12,)),
    "F.layer_norm not affine": op(lambda x: F.layer_norm(x, [5]), (2, 3, 5)),
    "F.layer_norm no shift": op(lambda x, w: F.layer_norm(x, [5], w), (2, 3, 5), (5,)),
    "F.layer_norm no scale": op(lambda x, b: F.layer_norm(x, [5], None, b), (2, 3, 5), (5,)),
    "nn.LayerNorm": layer(lambda: nn.LayerNorm(4), (3, 4)),
    "nn.LayerNorm over two axes": layer(lambda: nn.LayerNorm([2, 4], 1e-3), (3, 2, 4)),
    "nn.LayerNorm not affine": layer(lambda: nn.LayerNorm(4, weight_attr=False, bias_attr=False), (3, 4)),
    "F.group_norm": op(lambda x, w, b: F.group_norm(x, 2, 1e-5, w, b), (2, 4, 3, 2), (4,), (4,)),
    "F.group_norm not affine": op(lambda x: F.group_norm(x, 2), (2, 4, 3, 2)),
    "F.group_norm no shift": op(lambda x, w: F.group_norm(x, 2, 1e-5, w), (2, 4, 3), (4,)),
    "F.group_norm zero scale": op(
        lambda x, w, b: F.group_norm(x, 2, 1e-5, w * paddle.to_tensor([0.0, 1.0, 0.0, 1.0], "float64"), b),
        (2, 4, 3),
        (4,),
        (4,),
    ),
    "F.group_norm NHWC": op(lambda x, w, b: F.group_norm(x, 2, 1e-5, w, b, "NHWC"), (2, 3, 2, 4), (4,), (4,)),
    "F.group_norm one group": op(lambda x, w, b: F.group_norm(x, 1, 1e-5, w, b), (2, 3, 4), (3,), (3,)),
    "nn.GroupNorm": layer(lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    "nn.GroupNorm of rows": layer(lambda: nn.GroupNorm(2, 6), (3, 6)),
    "nn.GroupNorm NDHWC": layer(lambda: nn.GroupNorm(2, 4, data_format="NDHWC"), (2, 2, 1, 2, 4)),
    "nn.GroupNorm not affine": layer(lambda: nn.GroupNorm(2, 4, weight_attr=False, bias_attr=False), (2, 4, 3)),
    "F.instance_norm": op(lambda x, w, b: F.instance_norm(x, weight=w, bias=b), image, (2,), (2,)),
    "F.instance_norm not affine": op(F.instance_norm, image),
    "nn.InstanceNorm1D": layer(lambda: nn.InstanceNorm1D(2), sequence),
    "nn.InstanceNorm1D not affine": layer(lambda: nn.InstanceNorm1D(2, weight_attr=False, bias_attr=False), sequence),
    "nn.InstanceNorm2D": layer(lambda: nn.InstanceNorm2D(2), image),
    "nn.InstanceNorm2D not affine": layer(lambda: nn.InstanceNorm2D(2, weight_attr=False, bias_attr=False), image),
    "nn.InstanceNorm3D": layer(lambda: nn.InstanceNorm3D(2), volume),
    "F.local_response_norm": op(lambda x: F.local_response_norm(x, 3, 0.5), (2, 4, 3, 2)),
    "F.local_response_norm NHWC": op(lambda x: F.local_response_norm(x, 2, 0.5, data_format="NHWC"), (2, 3, 2, 4)),
    "F.local_response_norm of sequences": op(lambda x: F.local_response_norm(x, 3, 0.5, data_format="NCL"), (2, 4, 3)),
    "nn.LocalResponseNorm": layer(lambda: nn.LocalResponseNorm(3, 0.5, 0.6, 1.2), (2, 4, 3, 2)),
    "nn.SpectralNorm": layer(lambda: nn.SpectralNorm([4, 3], power_iters=0, dtype="float64"), (4, 3)),
    "nn.SpectralNorm of a kernel": layer(
        lambda: nn.SpectralNorm([2, 3, 2, 2], dim=1, power_iters=0, dtype="float64"), (2, 3, 2, 2)
    ),
    "nn.SpectralNorm iterating": layer(
        lambda: first_singular_vectors(nn.SpectralNorm([3, 3], power_iters=2, dtype="float64")),
        positive(3),
        call=lambda net, x: net(diagonal(x)),
    ),
    "nn.Linear with spectral_norm": layer(without_iteration, (2, 3)),
    "nn.Linear with weight_norm": layer(lambda: nn.utils.weight_norm(nn.Linear(3, 4)), (2, 3)),
    "nn.Linear with weight_norm of columns": layer(lambda: nn.utils.weight_norm(nn.Linear(3, 4), dim=1), (2, 3)),
    "nn.Linear with weight_norm of the whole": layer(lambda: nn.utils.weight_norm(nn.Linear(3, 4), dim=None), (2, 3)),
    "nn.Conv2D with weight_norm": layer(lambda: nn.utils.weight_norm(nn.Conv2D(2, 2, 2), dim=1), (1, 2, 3, 3)),
}

EXCLUDED = {}
if hasattr(F, "rms_norm"):  # not in Paddle 3.1
    EXCLUDED["F.rms_norm"] = Excluded("has no CPU kernel", "F.rms_norm(paddle.ones([2, 3]), [3], paddle.ones([3]))")
