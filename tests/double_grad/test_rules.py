"""Each rule's first and second derivative against finite differences, for every choice of what needs a gradient.

Paddle's own bugs hide in the differences between those choices: weights alone, inputs alone, both, and an inner
gradient over a part with an outer one over all.
"""

import itertools
import math

import paddle
import paddle.nn.functional as F
import pytest

from paddle_metaopt.double_grad.checking import check_twice_differentiable

TOLERANCE = 1e-6


def away_from_kinks(*shape):
    """Makes values at least 0.03 apart, for max pooling and ReLU."""

    def make():
        count = math.prod(shape)
        return (paddle.randperm(count).astype("float64").reshape(shape) - count / 2 + 0.3) * (4.0 / count)

    return make


def normal(*shape):
    return paddle.randn(shape, "float64")


def distribution(*shape):
    return lambda: F.softmax(normal(*shape), -1)


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


def conv(**options):
    return lambda x, w, *bias: F.conv2d(x, w, *bias, **options)


# No computation at import: DataLoader's workers, in other tests, do not survive a fork after one.
HARD = paddle.to_tensor([3, 0, 1, 1, 2])
IGNORED = paddle.to_tensor([1, -100, 0, 3, -100])

# name: (function, shapes or makers of the tensors that may need a gradient)
CASES = {
    "conv2d": (conv(), [(2, 3, 6, 6), (4, 3, 3, 3)]),
    "conv2d bias": (conv(padding=1), [(2, 3, 6, 6), (4, 3, 3, 3), (4,)]),
    "conv2d strided": (conv(stride=2, padding=1), [(2, 3, 6, 7), (4, 3, 3, 3)]),
    "conv2d uneven strides and pads": (conv(stride=[2, 1], padding=[1, 2]), [(2, 2, 7, 6), (3, 2, 3, 2)]),
    "conv2d asymmetric padding": (conv(stride=2, padding=[0, 1, 2, 0]), [(2, 2, 6, 6), (3, 2, 3, 3)]),
    "conv2d dilated": (conv(dilation=2, padding=2), [(2, 2, 7, 7), (3, 2, 3, 3)]),
    "conv2d grouped": (conv(groups=2, padding=1), [(2, 4, 5, 5), (6, 2, 3, 3)]),
    "conv2d depthwise": (conv(groups=3, stride=2), [(2, 3, 6, 6), (3, 1, 3, 3)]),
    "conv2d SAME": (conv(padding="SAME", stride=2), [(2, 2, 6, 5), (3, 2, 3, 3)]),
    "conv2d VALID": (conv(padding="VALID"), [(2, 2, 5, 5), (3, 2, 3, 3)]),
    "conv2d NHWC": (conv(data_format="NHWC", padding=1), [(2, 5, 5, 2), (3, 2, 3, 3)]),
    "linear": (F.linear, [(4, 3), (3, 5), (5,)]),
    "linear on a sequence": (F.linear, [(2, 4, 3), (3, 5), (5,)]),
    "matmul": (paddle.matmul, [(4, 3), (3, 5)]),
    "matmul matrix by batch": (paddle.matmul, [(4, 3), (2, 3, 5)]),
    "matmul batch by matrix": (paddle.matmul, [(2, 4, 3), (3, 5)]),
    "matmul batch transposed by matrix": (lambda x, y: paddle.matmul(x, y, True, False), [(2, 3, 4), (3, 5)]),
    "matmul matrix by batch, both transposed": (lambda x, y: paddle.matmul(x, y, True, True), [(3, 4), (2, 5, 3)]),
    "matmul operator, matrix by batch": (lambda x, y: x @ y, [(4, 3), (2, 3, 5)]),
    "matmul vectors": (paddle.matmul, [(2, 4, 3), (3,)]),
    "batch norm 1D": (batch_norm(True), [(6, 3), (3,), (3,)]),
    "batch norm 1D on a sequence": (batch_norm(True), [(4, 3, 5), (3,), (3,)]),
    "batch norm 2D": (batch_norm(True), [(3, 2, 4, 3), (2,), (2,)]),
    "batch norm NHWC": (batch_norm(True, data_format="NHWC"), [(3, 4, 3, 2), (2,), (2,)]),
    "batch norm not affine": (batch_norm(True), [(3, 2, 4, 3)]),
    "batch norm eval": (batch_norm(False), [(3, 2, 4, 3), (2,), (2,)]),
    "batch norm eval, batch statistics": (batch_norm(False, False), [(3, 2, 4, 3), (2,), (2,)]),
    "batch norm train, running statistics": (batch_norm(True, True), [(3, 2, 4, 3), (2,), (2,)]),
    "layer norm": (lambda x, w, b: F.layer_norm(x, [5], w, b), [(2, 3, 5), (5,), (5,)]),
    "layer norm over two axes": (lambda x, w, b: F.layer_norm(x, [3, 4], w, b), [(2, 3, 4), (12,), (12,)]),
    "layer norm not affine": (lambda x: F.layer_norm(x, [5]), [(2, 3, 5)]),
    "max pool": (lambda x: F.max_pool2d(x, 2), [away_from_kinks(2, 2, 4, 6)]),
    "max pool overlapping": (lambda x: F.max_pool2d(x, 3, 2, 1), [away_from_kinks(2, 2, 6, 7)]),
    "max pool ceil": (lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True), [away_from_kinks(2, 2, 5, 5)]),
    "max pool SAME": (lambda x: F.max_pool2d(x, 3, 2, "SAME"), [away_from_kinks(2, 2, 6, 5)]),
    "max pool VALID": (lambda x: F.max_pool2d(x, 3, 2, "VALID"), [away_from_kinks(2, 2, 6, 5)]),
    "max pool asymmetric": (lambda x: F.max_pool2d(x, 3, 2, [0, 1, 1, 0]), [away_from_kinks(2, 2, 6, 5)]),
    "max pool NHWC": (lambda x: F.max_pool2d(x, 2, data_format="NHWC"), [away_from_kinks(2, 4, 6, 2)]),
    "max pool with mask": (lambda x: F.max_pool2d(x, 2, return_mask=True)[0], [away_from_kinks(2, 2, 4, 6)]),
    "adaptive max pool": (lambda x: F.adaptive_max_pool2d(x, [2, 3]), [away_from_kinks(2, 2, 5, 7)]),
    "avg pool": (lambda x: F.avg_pool2d(x, 2), [(2, 2, 4, 6)]),
    "avg pool inclusive": (lambda x: F.avg_pool2d(x, 3, 2, 1, exclusive=False), [(2, 2, 6, 7)]),
    "avg pool exclusive ceil": (lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), [(2, 2, 6, 7)]),
    "avg pool divisor": (lambda x: F.avg_pool2d(x, 2, divisor_override=3), [(2, 2, 4, 4)]),
    "avg pool NHWC": (lambda x: F.avg_pool2d(x, 2, data_format="NHWC"), [(2, 4, 6, 2)]),
    "adaptive avg pool": (lambda x: F.adaptive_avg_pool2d(x, [2, 3]), [(2, 2, 5, 7)]),
    "global avg pool": (lambda x: F.adaptive_avg_pool2d(x, 1), [(2, 3, 5, 4)]),
    "flatten": (lambda x: paddle.flatten(x, 1), [(2, 3, 4)]),
    "flatten to the last but one": (lambda x: paddle.flatten(x, 0, -2), [(2, 3, 4)]),
    "mean of everything": (lambda x: F.mse_loss(x, x * x + 1), [(3, 4)]),
    "stack": (lambda x, y: paddle.stack([x, y, x * y], 1), [(3, 4), (3, 4)]),
    "concat": (lambda x, y: paddle.concat([x, y, x], -1), [(3, 4), (3, 2)]),
    "softmax": (F.softmax, [(3, 4)]),
    "softmax axis 1": (lambda x: F.softmax(x, 1), [(2, 4, 3)]),
    "cross entropy": (lambda x: F.cross_entropy(x, HARD), [(5, 4)]),
    "cross entropy sum": (lambda x: F.cross_entropy(x, HARD, reduction="sum"), [(5, 4)]),
    "cross entropy none": (lambda x: F.cross_entropy(x, HARD, reduction="none"), [(5, 4)]),
    "cross entropy column labels": (lambda x: F.cross_entropy(x, HARD.unsqueeze(1)), [(5, 4)]),
    "cross entropy ignore_index": (lambda x: F.cross_entropy(x, IGNORED), [(5, 4)]),
    "cross entropy ignore_index 0": (lambda x: F.cross_entropy(x, HARD, ignore_index=0), [(5, 4)]),
    "cross entropy label smoothing": (lambda x: F.cross_entropy(x, HARD, label_smoothing=0.1), [(5, 4)]),
    "cross entropy class weights": (
        lambda x: F.cross_entropy(x, HARD, weight=paddle.to_tensor([0.5, 1.0, 2.0, 0.3], "float64")), [(5, 4)],
    ),
    "cross entropy of images": (
        lambda x: F.cross_entropy(x, paddle.to_tensor([[[1, 2], [0, 3]]]), axis=1), [(1, 4, 2, 2)],
    ),
    "cross entropy of probabilities": (
        lambda x: F.cross_entropy(F.softmax(x), HARD, use_softmax=False), [(5, 4)],
    ),
    "cross entropy soft labels": (
        lambda x, t: F.cross_entropy(x, t, soft_label=True), [(5, 4), distribution(5, 4)],
    ),
    "cross entropy unnormalized soft labels": (
        lambda x, t: F.cross_entropy(x, t * t, soft_label=True), [(5, 4), (5, 4)],
    ),
    "cross entropy and its softmax": (
        lambda x: sum(F.softmax_with_cross_entropy(x, HARD.unsqueeze(1), return_softmax=True)), [(5, 4)],
    ),
    "mse": (F.mse_loss, [(3, 4), (3, 4)]),
    "mse sum": (lambda x, y: F.mse_loss(x, y, "sum"), [(3, 4), (3, 4)]),
    "relu": (F.relu, [away_from_kinks(3, 4)]),
    "leaky relu": (F.leaky_relu, [away_from_kinks(3, 4)]),
    "tanh": (F.tanh, [(3, 4)]),
    "sigmoid": (F.sigmoid, [(3, 4)]),
}  # fmt: skip


def tensors_of(specs, needing):
    made = []
    for position, spec in enumerate(specs):
        tensor = normal(*spec) if isinstance(spec, tuple) else spec()
        tensor.stop_gradient = position not in needing
        made.append(tensor)
    return made


def choices(count):
    """Every (needing a gradient, of them in the inner gradient)."""
    for size in range(1, count + 1):
        for needing in itertools.combinations(range(count), size):
            for inner_size in range(1, size + 1):
                for inner in itertools.combinations(needing, inner_size):
                    yield needing, inner


@pytest.mark.parametrize("name", CASES)
def test_derivatives_equal_differences(name):
    function, specs = CASES[name]
    paddle.seed(1)
    for needing, inner in choices(len(specs)):
        result = check_twice_differentiable(function, tensors_of(specs, needing), inner)
        for order, comparison in result.items():
            assert comparison.error < TOLERANCE, (name, order, needing, inner, comparison)
