from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_metaopt.double_grad.registry import RULES

from .case import Excluded, distribution, layer, op, positive, spread, uniform


def hard():
    return paddle.to_tensor([3, 0, 1, 1, 2])


def ignored():
    return paddle.to_tensor([1, -100, 0, 3, -100])


def image():
    return paddle.to_tensor([[[1, 2], [0, 3]]])


def signs(*shape):
    """1 and -1 in turn."""
    return paddle.arange(paddle.zeros(shape).size).reshape(shape).astype("float64") % 2 * 2 - 1


def class_weights():
    return paddle.to_tensor([0.5, 1.0, 2.0, 0.3], "float64")


def probability(*shape):
    return uniform(*shape, low=0.1, high=0.9)


CASES = {
    "F.cross_entropy": op(lambda x: F.cross_entropy(x, hard()), (5, 4)),
    "F.cross_entropy sum": op(lambda x: F.cross_entropy(x, hard(), reduction="sum"), (5, 4)),
    "F.cross_entropy none": op(lambda x: F.cross_entropy(x, hard(), reduction="none"), (5, 4)),
    "F.cross_entropy column labels": op(lambda x: F.cross_entropy(x, hard().unsqueeze(1)), (5, 4)),
    "F.cross_entropy int32 labels": op(lambda x: F.cross_entropy(x, hard().astype("int32")), (5, 4)),
    "F.cross_entropy ignore_index": op(lambda x: F.cross_entropy(x, ignored()), (5, 4)),
    "F.cross_entropy ignore_index 0": op(lambda x: F.cross_entropy(x, hard(), ignore_index=0), (5, 4)),
    "F.cross_entropy label smoothing": op(lambda x: F.cross_entropy(x, hard(), label_smoothing=0.1), (5, 4)),
    "F.cross_entropy class weights": op(lambda x, w: F.cross_entropy(x, hard(), weight=w), (5, 4), positive(4)),
    "F.cross_entropy class weights and ignore_index": op(
        lambda x, w: F.cross_entropy(x, hard(), weight=w, ignore_index=1), (5, 4), positive(4)
    ),
    "F.cross_entropy class weights of images": op(
        lambda x, w: F.cross_entropy(x, image(), weight=w, axis=1, reduction="none"), (1, 4, 2, 2), positive(4)
    ),
    "F.cross_entropy class weights, soft labels": op(
        lambda x, t, w: F.cross_entropy(x, t, weight=w, soft_label=True), (5, 4), distribution(5, 4), positive(4)
    ),
    "F.cross_entropy of images": op(lambda x: F.cross_entropy(x, image(), axis=1), (1, 4, 2, 2)),
    "F.cross_entropy of images, ignore_index": op(
        lambda x: F.cross_entropy(x, image(), axis=1, ignore_index=2), (1, 4, 2, 2)
    ),
    "F.cross_entropy of images, soft labels": op(
        lambda x, t: F.cross_entropy(x, t, axis=1, soft_label=True), (1, 4, 2, 2), positive(1, 4, 2, 2)
    ),
    "F.cross_entropy of probabilities": op(lambda x: F.cross_entropy(F.softmax(x), hard(), use_softmax=False), (5, 4)),
    "F.cross_entropy of probabilities, ignore_index": op(
        lambda x: F.cross_entropy(x, ignored(), use_softmax=False), positive(5, 4)
    ),
    "F.cross_entropy of probabilities, soft labels": op(
        lambda x, t: F.cross_entropy(x, t, soft_label=True, use_softmax=False), positive(5, 4), distribution(5, 4)
    ),
    "F.cross_entropy soft labels": op(lambda x, t: F.cross_entropy(x, t, soft_label=True), (5, 4), distribution(5, 4)),
    "F.cross_entropy unnormalized soft labels": op(
        lambda x, t: F.cross_entropy(x, t * t, soft_label=True), (5, 4), (5, 4)
    ),
    "F.softmax_with_cross_entropy": op(lambda x: F.softmax_with_cross_entropy(x, hard().unsqueeze(1)), (5, 4)),
    "F.softmax_with_cross_entropy and its softmax": op(
        lambda x: F.softmax_with_cross_entropy(x, hard().unsqueeze(1), return_softmax=True), (5, 4)
    ),
    "F.softmax_with_cross_entropy soft labels, axis": op(
        lambda x, t: F.softmax_with_cross_entropy(x, t, soft_label=True, axis=1), (2, 4, 3), positive(2, 4, 3)
    ),
    "F.softmax_with_cross_entropy of products, as in npair_loss": op(
        lambda x, y: F.softmax_with_cross_entropy(
            paddle.matmul(x, y, transpose_y=True), paddle.eye(3, dtype="float64"), soft_label=True
        ),
        (3, 4),
        (3, 4),
    ),
    "nn.CrossEntropyLoss": layer(lambda: nn.CrossEntropyLoss(), (5, 4), call=lambda net, x: net(x, hard())),
    "nn.CrossEntropyLoss weight": layer(
        lambda: nn.CrossEntropyLoss(weight=class_weights()), (5, 4), call=lambda net, x: net(x, hard())
    ),
    "_C_ops.margin_cross_entropy": op(
        lambda x: RULES["margin_cross_entropy"](x, hard(), True, 0, 0, 1, 1.1, 0.5, 0.1, 8.0),
        uniform(5, 4, low=-0.7, high=0.7),
    ),
    "F.class_center_sample": op(
        lambda x, w: F.softmax_with_cross_entropy(*scores_of_sampled_classes(x, w)), (3, 4), (6, 4)
    ),
    "F.nll_loss": op(lambda x: F.nll_loss(x, hard()), (5, 4)),
    "F.nll_loss sum": op(lambda x: F.nll_loss(x, hard(), reduction="sum"), (5, 4)),
    "F.nll_loss none": op(lambda x: F.nll_loss(x, hard(), reduction="none"), (5, 4)),
    "F.nll_loss weight": op(lambda x, w: F.nll_loss(x, hard(), w), (5, 4), positive(4)),
    "F.nll_loss weight sum": op(lambda x, w: F.nll_loss(x, hard(), w, reduction="sum"), (5, 4), positive(4)),
    "F.nll_loss of images": op(lambda x, w: F.nll_loss(x, image(), w), (1, 4, 2, 2), positive(4)),
    "F.nll_loss of images, none": op(lambda x: F.nll_loss(x, image(), reduction="none"), (1, 4, 2, 2)),
    "F.nll_loss of sequences": op(lambda x: F.nll_loss(x, image()[0], reduction="none"), (2, 4, 2)),
    "nn.NLLLoss": layer(lambda: nn.NLLLoss(class_weights()), (5, 4), call=lambda net, x: net(x, hard())),
    "_C_ops.nll_loss ignore_index": op(
        lambda x, w: RULES["nll_loss"](x, ignored(), w, -100, "mean")[0], (5, 4), positive(4)
    ),
    "F.binary_cross_entropy": op(F.binary_cross_entropy, probability(3, 4), probability(3, 4)),
    "F.binary_cross_entropy weight": op(
        lambda x, t, w: F.binary_cross_entropy(x, t, w), probability(3, 4), probability(3, 4), positive(3, 4)
    ),
    "F.binary_cross_entropy sum": op(
        lambda x, t: F.binary_cross_entropy(x, t, reduction="sum"), probability(3, 4), probability(3, 4)
    ),
    "F.binary_cross_entropy none": op(
        lambda x: F.binary_cross_entropy(x, (signs(3, 4) + 1) / 2, reduction="none"), probability(3, 4)
    ),
    "nn.BCELoss": layer(nn.BCELoss, probability(3, 4), probability(3, 4)),
    "F.binary_cross_entropy_with_logits": op(F.binary_cross_entropy_with_logits, (3, 4), probability(3, 4)),
    "F.binary_cross_entropy_with_logits weight, none": op(
        lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, w, "none"), (3, 4), probability(3, 4), positive(3, 4)
    ),
    "F.binary_cross_entropy_with_logits pos_weight": op(
        lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w, reduction="sum"),
        (3, 4),
        probability(3, 4),
        positive(4),
    ),
    "F.binary_cross_entropy_with_logits logits that are zero": op(
        F.binary_cross_entropy_with_logits, lambda: paddle.zeros([3, 4], "float64"), probability(3, 4)
    ),
    "F.binary_cross_entropy_with_logits ignored and normalized": op(
        lambda x: paddle._C_ops.sigmoid_cross_entropy_with_logits(x, signs(3, 4), None, True, -1), (3, 4)
    ),
    "nn.BCEWithLogitsLoss": layer(lambda: nn.BCEWithLogitsLoss(pos_weight=class_weights()), (3, 4), probability(3, 4)),
    "F.kl_div": op(F.kl_div, (3, 4), distribution(3, 4)),
    "F.kl_div none": op(lambda x, t: F.kl_div(x, t, "none"), (3, 4), distribution(3, 4)),
    "F.kl_div sum": op(lambda x, t: F.kl_div(x, t, "sum"), (3, 4), distribution(3, 4)),
    "F.kl_div batchmean": op(lambda x, t: F.kl_div(x, t, "batchmean"), (3, 4), distribution(3, 4)),
    "F.kl_div log_target": op(lambda x, t: F.kl_div(x, t, log_target=True), (3, 4), (3, 4)),
    "F.kl_div labels that are zero": op(lambda x: F.kl_div(x, F.one_hot(hard(), 4).astype("float64")), (5, 4)),
    "F.kl_div the op's own reductions": op(
        lambda x, t: [paddle._C_ops.kldiv_loss(x, t, how, False) for how in ("mean", "sum", "batchmean")],
        (3, 4),
        distribution(3, 4),
    ),
    "nn.KLDivLoss": layer(lambda: nn.KLDivLoss("batchmean"), (3, 4), distribution(3, 4)),
    "nn.KLDivLoss log_target": layer(lambda: nn.KLDivLoss("sum", log_target=True), (3, 4), (3, 4)),
    "_C_ops.log_loss": op(lambda x, t: RULES["log_loss"](x, t, 1e-4), probability(3, 1), probability(3, 1)),
    "F.hsigmoid_loss": op(
        lambda x, w, b: F.hsigmoid_loss(x, paddle.to_tensor([[0], [5], [3]]), 6, w, b), (3, 4), (5, 4), (5, 1)
    ),
    "F.hsigmoid_loss custom tree": op(
        lambda x, w: F.hsigmoid_loss(
            x,
            paddle.to_tensor([[0], [1]]),
            4,
            w,
            path_table=paddle.to_tensor([[0, 2, -1], [0, 1, 3]]),
            path_code=paddle.to_tensor([[0, 1, -1], [1, 1, 0]]),
        ),
        (2, 4),
        (4, 4),
    ),
    "nn.HSigmoidLoss": layer(
        lambda: nn.HSigmoidLoss(4, 5), (3, 4), call=lambda net, x: net(x, paddle.to_tensor([[0], [4], [2]]))
    ),
    "nn.HSigmoidLoss custom tree": layer(
        lambda: nn.HSigmoidLoss(4, 4, is_custom=True),
        (2, 4),
        call=lambda net, x: net(
            x,
            paddle.to_tensor([[0], [1]]),
            paddle.to_tensor([[0, 2, -1], [0, 1, 2]]),
            paddle.to_tensor([[0, 1, -1], [1, 1, 0]]),
        ),
    ),
    "F.adaptive_log_softmax_with_loss": op(
        lambda x, head, first, second, bias: F.adaptive_log_softmax_with_loss(
            x, hard(), head, [[first, second]], [2, 4], bias
        ),
        (5, 4),
        (4, 3),
        (4, 2),
        (2, 2),
        (3,),
    ),
    "nn.AdaptiveLogSoftmaxWithLoss": layer(
        lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], div_value=2.0, head_bias=True),
        (5, 4),
        call=lambda net, x: net(x, paddle.to_tensor([5, 0, 1, 3, 2])),
    ),
    "nn.AdaptiveLogSoftmaxWithLoss without width": layer(  # the last projection has 4 // 4² = 0 columns
        lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4]),
        (5, 4),
        call=lambda net, x: net(x, paddle.to_tensor([5, 0, 1, 3, 2])),
    ),
    "F.label_smooth": op(F.label_smooth, (3, 4)),
    "F.label_smooth prior": op(lambda t, prior: F.label_smooth(t, prior, 0.3), (3, 4), (1, 4)),
    "F.dice_loss": op(lambda x: F.dice_loss(F.softmax(x), image().unsqueeze(-1)), (1, 2, 2, 4)),
    "F.sigmoid_focal_loss": op(lambda x, n: F.sigmoid_focal_loss(x, (signs(3, 4) + 1) / 2, n), (3, 4), positive(1)),
    "F.sigmoid_focal_loss labels": op(lambda x, t: F.sigmoid_focal_loss(x, t, gamma=3.0), (3, 4), probability(3, 4)),
    "F.gaussian_nll_loss": op(lambda x, t, v: F.gaussian_nll_loss(x, t, v), (3, 4), (3, 4), positive(3, 4)),
    "F.gaussian_nll_loss clipped": op(
        lambda x, t, v: F.gaussian_nll_loss(x, t, v, True, 0.9, "sum"), (3, 4), (3, 4), spread(3, 4, low=0.1, high=2.0)
    ),
    "F.poisson_nll_loss": op(F.poisson_nll_loss, (3, 4), positive(3, 4)),
    "F.poisson_nll_loss of rates": op(
        lambda x, t: F.poisson_nll_loss(x, t, log_input=False, reduction="none"), positive(3, 4), positive(3, 4)
    ),
    "F.poisson_nll_loss full": op(
        lambda x, t: F.poisson_nll_loss(x, t, full=True, reduction="sum"), (3, 4), spread(3, 4, low=0.3, high=3.0)
    ),
    "nn.PoissonNLLLoss": layer(lambda: nn.PoissonNLLLoss(full=True), (3, 4), spread(3, 4, low=0.3, high=3.0)),
    "nn.GaussianNLLLoss": layer(
        lambda: nn.GaussianNLLLoss(True), (3, 4), (3, 4), call=lambda net, x, t: net(x, t, 1 + signs(3, 4) / 2)
    ),
    "_C_ops.identity_loss": op(
        lambda x: [paddle.incubate.identity_loss(x, how) for how in ("none", "mean", "sum")], (3, 4)
    ),
    "_C_ops.hinge_loss": op(lambda x: RULES["hinge_loss"](x, (signs(4, 1) + 1) / 2), spread(4, 1)),
}

EXCLUDED = {
    "F.margin_cross_entropy": Excluded(
        "has no CPU kernel; the rule is checked",
        "F.margin_cross_entropy(paddle.rand([2, 3]), paddle.to_tensor([0, 1]))",
    ),
    "F.npair_loss": Excluded(
        "takes no double precision; it is made of matmul and cross entropy with soft labels",
        "F.npair_loss(*paddle.rand([2, 3, 4], 'float64'), paddle.to_tensor([0, 1, 1]))",
    ),
    "F.log_loss": Excluded(
        "its kernel has no double precision; the rule is checked",
        "F.log_loss(paddle.rand([2, 1], 'float64'), paddle.rand([2, 1], 'float64'))",
    ),
}


def scores_of_sampled_classes(x, w):
    label, sampled = F.class_center_sample(
        paddle.to_tensor([1, 3, 1]), 6, 2
    )  # no more than the labels' own: not random
    return paddle.matmul(x, paddle.gather(w, sampled), transpose_y=True), label.unsqueeze(1)
