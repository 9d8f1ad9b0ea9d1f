"""Regression, ranking and margin losses, made of ordinary ops."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import layer, op, positive, spread


def hard():
    return paddle.to_tensor([3, 0, 1])


def signs(*shape):
    """1 and -1 in turn."""
    return paddle.arange(paddle.zeros(shape).size).reshape(shape).astype("float64") % 2 * 2 - 1


def labels():
    """Of several classes each, up to the first -1."""
    return paddle.to_tensor([[3, 0, -1, 1], [1, -1, 0, 2], [0, 1, 2, -1]])


def l1_distance(x, y):
    return paddle.sum(paddle.abs(x - y), -1)


def smooth_distance(x, y):
    return paddle.sum(paddle.square(x - y), -1)


CASES = {
    "F.mse_loss": op(F.mse_loss, (3, 4), (3, 4)),
    "F.mse_loss sum": op(lambda x, y: F.mse_loss(x, y, "sum"), (3, 4), (3, 4)),
    "F.mse_loss none": op(lambda x, y: F.mse_loss(x, y, "none"), (3, 4), (3, 4)),
    "F.mse_loss of x and its square": op(lambda x: F.mse_loss(x, x * x + 1), (3, 4)),
    "nn.MSELoss": layer(nn.MSELoss, (3, 4), (3, 4)),
    "F.square_error_cost": op(F.square_error_cost, (3, 4), (3, 4)),
    "F.l1_loss": op(F.l1_loss, (3, 4), (3, 4)),
    "F.l1_loss sum": op(lambda x, y: F.l1_loss(x, y, "sum"), (3, 4), (3, 4)),
    "F.l1_loss none": op(lambda x, y: F.l1_loss(x, y, "none"), (3, 4), (3, 4)),
    "nn.L1Loss": layer(nn.L1Loss, (3, 4), (3, 4)),
    "F.smooth_l1_loss": op(F.smooth_l1_loss, (3, 4), (3, 4)),
    "F.smooth_l1_loss sum, delta": op(lambda x, y: F.smooth_l1_loss(x, y, "sum", 0.7), (3, 4), (3, 4)),
    "F.smooth_l1_loss none, not Huber": op(
        lambda x, y: F.smooth_l1_loss(x, y, "none", 0.7, is_huber=False), (3, 4), (3, 4)
    ),
    "nn.SmoothL1Loss": layer(lambda: nn.SmoothL1Loss(delta=0.5), (3, 4), (3, 4)),
    "F.margin_ranking_loss": op(lambda x, y: F.margin_ranking_loss(x, y, signs(3, 4)), (3, 4), (3, 4)),
    "F.margin_ranking_loss margin, none": op(
        lambda x, y, t: F.margin_ranking_loss(x, y, t, 0.4, "none"), (3, 4), (3, 4), (3, 4)
    ),
    "nn.MarginRankingLoss": layer(
        lambda: nn.MarginRankingLoss(0.3, "sum"), (3, 4), (3, 4), call=lambda net, x, y: net(x, y, signs(3, 4))
    ),
    "F.soft_margin_loss": op(lambda x: F.soft_margin_loss(x, signs(3, 4)), (3, 4)),
    "F.soft_margin_loss labels": op(lambda x, t: F.soft_margin_loss(x, t, "none"), (3, 4), (3, 4)),
    "nn.SoftMarginLoss": layer(lambda: nn.SoftMarginLoss("sum"), (3, 4), call=lambda net, x: net(x, signs(3, 4))),
    "F.hinge_embedding_loss": op(lambda x: F.hinge_embedding_loss(x, signs(3, 4)), spread(3, 4)),
    "F.hinge_embedding_loss margin, sum": op(
        lambda x: F.hinge_embedding_loss(x, signs(3, 4), 0.4, "sum"), spread(3, 4)
    ),
    "nn.HingeEmbeddingLoss": layer(
        lambda: nn.HingeEmbeddingLoss(reduction="none"), spread(3, 4), call=lambda net, x: net(x, signs(3, 4))
    ),
    "F.multi_margin_loss": op(lambda x: F.multi_margin_loss(x, hard()), (3, 4)),
    "F.multi_margin_loss p 2, weight": op(
        lambda x, w: F.multi_margin_loss(x, hard(), 2, 0.5, w, "sum"), (3, 4), positive(4)
    ),
    "nn.MultiMarginLoss": layer(
        lambda: nn.MultiMarginLoss(p=2, reduction="none"), (3, 4), call=lambda net, x: net(x, hard())
    ),
    "F.multi_label_margin_loss": op(lambda x: F.multi_label_margin_loss(x, labels()), (3, 4)),
    "F.multi_label_margin_loss sum": op(lambda x: F.multi_label_margin_loss(x, labels(), "sum"), (3, 4)),
    "nn.MultiLabelMarginLoss": layer(
        lambda: nn.MultiLabelMarginLoss("none"), (3, 4), call=lambda net, x: net(x, labels())
    ),
    "F.multi_label_soft_margin_loss": op(F.multi_label_soft_margin_loss, (3, 4), (3, 4)),
    "F.multi_label_soft_margin_loss weight": op(
        lambda x, t, w: F.multi_label_soft_margin_loss(x, t, w, "sum"), (3, 4), (3, 4), positive(4)
    ),
    "nn.MultiLabelSoftMarginLoss": layer(lambda: nn.MultiLabelSoftMarginLoss(reduction="none"), (3, 4), (3, 4)),
    "F.cosine_embedding_loss": op(lambda x, y: F.cosine_embedding_loss(x, y, signs(3)), (3, 4), (3, 4)),
    "F.cosine_embedding_loss margin, none": op(
        lambda x, y: F.cosine_embedding_loss(x, y, signs(3), 0.2, "none"), (3, 4), (3, 4)
    ),
    "nn.CosineEmbeddingLoss": layer(
        lambda: nn.CosineEmbeddingLoss(reduction="sum"), (3, 4), (3, 4), call=lambda net, x, y: net(x, y, signs(3))
    ),
    "F.triplet_margin_loss": op(F.triplet_margin_loss, (3, 4), (3, 4), (3, 4)),
    "F.triplet_margin_loss p 3, sum": op(
        lambda a, x, y: F.triplet_margin_loss(a, x, y, 2.0, 3.0, reduction="sum"), (3, 4), (3, 4), (3, 4)
    ),
    "F.triplet_margin_loss swap, none": op(
        lambda a, x, y: F.triplet_margin_loss(a, x, y, 3.0, swap=True, reduction="none"), (3, 4), (3, 4), (3, 4)
    ),
    "nn.TripletMarginLoss": layer(lambda: nn.TripletMarginLoss(2.0, swap=True), (3, 4), (3, 4), (3, 4)),
    "F.triplet_margin_with_distance_loss": op(
        lambda a, x, y: F.triplet_margin_with_distance_loss(a, x, y, margin=3.0), (3, 4), (3, 4), (3, 4)
    ),
    "F.triplet_margin_with_distance_loss swap, none": op(
        lambda a, x, y: F.triplet_margin_with_distance_loss(a, x, y, l1_distance, 5.0, True, "none"),
        (3, 4), (3, 4), (3, 4),
    ),
    "nn.TripletMarginWithDistanceLoss": layer(
        lambda: nn.TripletMarginWithDistanceLoss(smooth_distance, 5.0, reduction="sum"), (3, 4), (3, 4), (3, 4)
    ),
}  # fmt: skip
if hasattr(nn, "HuberLoss"):  # from Paddle 3.3 on
    CASES["nn.HuberLoss"] = layer(lambda: nn.HuberLoss(delta=0.7), (3, 4), (3, 4))
