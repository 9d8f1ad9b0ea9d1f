from __future__ import annotations

import paddle
import paddle.nn.functional as F

from .case import distribution, op


def hard():
    return paddle.to_tensor([3, 0, 1, 1, 2])


def ignored():
    return paddle.to_tensor([1, -100, 0, 3, -100])


CASES = {
    "F.mse_loss of x and its square": op(lambda x: F.mse_loss(x, x * x + 1), (3, 4)),
    "F.cross_entropy": op(lambda x: F.cross_entropy(x, hard()), (5, 4)),
    "F.cross_entropy sum": op(lambda x: F.cross_entropy(x, hard(), reduction="sum"), (5, 4)),
    "F.cross_entropy none": op(lambda x: F.cross_entropy(x, hard(), reduction="none"), (5, 4)),
    "F.cross_entropy column labels": op(lambda x: F.cross_entropy(x, hard().unsqueeze(1)), (5, 4)),
    "F.cross_entropy ignore_index": op(lambda x: F.cross_entropy(x, ignored()), (5, 4)),
    "F.cross_entropy ignore_index 0": op(lambda x: F.cross_entropy(x, hard(), ignore_index=0), (5, 4)),
    "F.cross_entropy label smoothing": op(lambda x: F.cross_entropy(x, hard(), label_smoothing=0.1), (5, 4)),
    "F.cross_entropy class weights": op(
        lambda x: F.cross_entropy(x, hard(), weight=paddle.to_tensor([0.5, 1.0, 2.0, 0.3], "float64")), (5, 4)
    ),
    "F.cross_entropy of images": op(
        lambda x: F.cross_entropy(x, paddle.to_tensor([[[1, 2], [0, 3]]]), axis=1), (1, 4, 2, 2)
    ),
    "F.cross_entropy of probabilities": op(lambda x: F.cross_entropy(F.softmax(x), hard(), use_softmax=False), (5, 4)),
    "F.cross_entropy soft labels": op(lambda x, t: F.cross_entropy(x, t, soft_label=True), (5, 4), distribution(5, 4)),
    "F.cross_entropy unnormalized soft labels": op(
        lambda x, t: F.cross_entropy(x, t * t, soft_label=True), (5, 4), (5, 4)
    ),
    "F.cross_entropy and its softmax": op(
        lambda x: sum(F.softmax_with_cross_entropy(x, hard().unsqueeze(1), return_softmax=True)), (5, 4)
    ),
    "F.mse_loss": op(F.mse_loss, (3, 4), (3, 4)),
    "F.mse_loss sum": op(lambda x, y: F.mse_loss(x, y, "sum"), (3, 4), (3, 4)),
}
