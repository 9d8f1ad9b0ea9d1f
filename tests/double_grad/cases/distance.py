from __future__ import annotations

import math

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_metaopt.double_grad.registry import RULES

from .case import layer, op, spread

#: The p of vector norms that differ in code or mathematics.
ORDERS = (0, 1, 2, 3, 1.5, 0.5, -1, math.inf, -math.inf)


def with_zero_row(x):
    return paddle.concat([x, paddle.zeros([1, x.shape[1]], x.dtype)])


def norms(p):
    return op(lambda x: paddle.linalg.norm(x, p, -1), spread(3, 4))


CASES = {
    **{f"linalg.norm p {p}": norms(p) for p in ORDERS},
    "linalg.norm": op(paddle.linalg.norm, (3, 4)),
    "linalg.norm keepdim, middle axis": op(lambda x: paddle.linalg.norm(x, 3, 1, keepdim=True), (2, 3, 2)),
    "linalg.norm Frobenius": op(lambda x: paddle.linalg.norm(x, "fro", [0, 1]), (3, 4)),
    "linalg.norm Frobenius, keepdim": op(lambda x: paddle.linalg.norm(x, "fro", [0, 2], True), (2, 3, 2)),
    "linalg.norm of zero": op(lambda x: x + paddle.linalg.norm(with_zero_row(x), 2, -1)[3], (3, 4)),
    "linalg.vector_norm three axes": op(lambda x: paddle.linalg.vector_norm(x, 3.0, [0, 1, 2]), (2, 3, 2)),
    "linalg.vector_norm": op(paddle.linalg.vector_norm, (3, 4)),
    "linalg.vector_norm two axes": op(lambda x: paddle.linalg.vector_norm(x, 3.0, [0, 1]), (2, 3, 2)),
    "linalg.vector_norm two axes, inf": op(lambda x: paddle.linalg.vector_norm(x, math.inf, [0, 1]), spread(2, 3, 2)),
    "linalg.vector_norm all, keepdim": op(lambda x: paddle.linalg.vector_norm(x, 1.5, keepdim=True), (3, 4)),
    "linalg.matrix_norm": op(paddle.linalg.matrix_norm, (3, 4)),
    "linalg.matrix_norm keepdim": op(lambda x: paddle.linalg.matrix_norm(x, "fro", [0, 1], True), (3, 4)),
    "linalg.matrix_norm 1": op(lambda x: paddle.linalg.matrix_norm(x, 1), (2, 3, 4)),
    "linalg.matrix_norm -1": op(lambda x: paddle.linalg.matrix_norm(x, -1), (3, 4)),
    "linalg.matrix_norm inf": op(lambda x: paddle.linalg.matrix_norm(x, math.inf, keepdim=True), (3, 4)),
    "linalg.matrix_norm -inf": op(lambda x: paddle.linalg.matrix_norm(x, -math.inf), (3, 4)),
    "linalg.matrix_norm 2": op(lambda x: paddle.linalg.matrix_norm(x, 2), (3, 4)),
    "linalg.matrix_norm -2": op(lambda x: paddle.linalg.matrix_norm(x, -2), (3, 4)),
    "linalg.matrix_norm nuclear": op(lambda x: paddle.linalg.matrix_norm(x, "nuc"), (3, 4)),
    "F.normalize": op(F.normalize, (3, 4)),
    "F.normalize p 3, axis 0": op(lambda x: F.normalize(x, 3, 0), (3, 4)),
    "F.normalize p 1": op(lambda x: F.normalize(x, 1), (3, 4)),
    "F.normalize epsilon": op(lambda x: F.normalize(x, epsilon=1.5), (3, 4)),
    "F.normalize a zero row": op(lambda x: F.normalize(with_zero_row(x)), (3, 4)),
    "F.pairwise_distance": op(F.pairwise_distance, (3, 4), (3, 4)),
    "F.pairwise_distance p 1, keepdim": op(
        lambda x, y: F.pairwise_distance(x, y, 1.0, 0.0, keepdim=True), (3, 4), (3, 4)
    ),
    "nn.PairwiseDistance": layer(lambda: nn.PairwiseDistance(3.0), (3, 4), (4,)),
    "F.cosine_similarity": op(F.cosine_similarity, (3, 4), (3, 4)),
    "F.cosine_similarity axis 0": op(lambda x, y: F.cosine_similarity(x, y, 0), (3, 4), (3, 4)),
    "nn.CosineSimilarity": layer(lambda: nn.CosineSimilarity(-1), (3, 4), (3, 4)),
    **{f"paddle.dist p {p}": op(lambda x, y, p=p: paddle.dist(x, y, p), (3, 4), (3, 4)) for p in (0, 1, 1.5, math.inf)},
    "paddle.dist": op(paddle.dist, (3, 4), (4,)),
    "paddle.cdist": op(paddle.cdist, (3, 4), (2, 4)),
    "paddle.cdist p 1": op(lambda x, y: paddle.cdist(x, y, 1.0), (3, 4), (2, 4)),
    "paddle.cdist p 3, batch": op(lambda x, y: paddle.cdist(x, y, 3.0), (2, 3, 4), (2, 2, 4)),
    "paddle.cdist by products": op(
        lambda x, y: paddle.cdist(x, y, compute_mode="use_mm_for_euclid_dist"), (3, 4), (2, 4)
    ),
    "paddle.pdist": op(paddle.pdist, (4, 3)),
    "paddle.renorm": op(lambda x: paddle.renorm(x, 2.0, 0, 1.8), (3, 4)),
    "paddle.renorm p 3, last axis": op(lambda x: paddle.renorm(x, 3.0, -1, 1.2), (2, 3, 4)),
    "paddle.renorm p 3, long": op(lambda x: paddle.renorm(x * 5, 3.0, -1, 1.2), (2, 3, 4)),
    "_C_ops.squared_l2_norm": op(lambda x: paddle._C_ops.squared_l2_norm(x), (3, 4)),
    "_C_ops.l1_norm": op(lambda x: RULES["l1_norm"](x), (3, 4)),
}
