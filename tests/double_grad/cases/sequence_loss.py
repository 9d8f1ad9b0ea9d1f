from __future__ import annotations

import inspect

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import layer, op


def ctc(logits, loss=F.ctc_loss, **options):
    """Three labels: with a repeated symbol, empty, and longer than the input, which has no path."""
    label = paddle.to_tensor([[1, 2, 2], [3, 0, 0], [1, 1, 3]], "int32")
    return loss(logits, label, paddle.to_tensor([5, 4, 3]), paddle.to_tensor([3, 0, 3]), **options)


def short_ctc(logits, loss=F.ctc_loss, **options):
    label = paddle.to_tensor([[1, 2], [3, 0]], "int32")
    return loss(logits, label, paddle.to_tensor([4, 3]), paddle.to_tensor([2, 1]), **options)


def rnnt(x, loss=F.rnnt_loss, **options):
    label = paddle.to_tensor([[1, 2], [3, 3]], "int32")
    return loss(x, label, paddle.to_tensor([3, 2], "int32"), paddle.to_tensor([2, 1], "int32"), **options)


CASES = {
    "F.ctc_loss": op(short_ctc, (4, 2, 4)),
    "F.ctc_loss sum, blank last": op(lambda x: short_ctc(x, blank=4, reduction="sum"), (4, 2, 5)),
    "F.ctc_loss none, difficult labels": op(lambda x: ctc(x, reduction="none"), (5, 3, 4)),
    "nn.CTCLoss": layer(nn.CTCLoss, (4, 2, 4), call=lambda net, x: short_ctc(x, net)),
    "F.rnnt_loss": op(lambda x: rnnt(F.log_softmax(x), fastemit_lambda=0.0), (2, 3, 3, 4)),
    "F.rnnt_loss none, blank last": op(lambda x: rnnt(x, blank=4, fastemit_lambda=0.0, reduction="none"), (2, 3, 3, 5)),
    "F.rnnt_loss sum": op(lambda x: rnnt(x, fastemit_lambda=0.0, reduction="sum"), (2, 3, 3, 4)),
    "nn.RNNTLoss": layer(lambda: nn.RNNTLoss(fastemit_lambda=0.0), (2, 3, 3, 4), call=lambda net, x: rnnt(x, net)),
}
if "zero_infinity" in inspect.signature(F.ctc_loss).parameters:  # from Paddle 3.2 on
    CASES["F.ctc_loss zero_infinity"] = op(lambda x: ctc(x, reduction="none", zero_infinity=True), (5, 3, 4))
