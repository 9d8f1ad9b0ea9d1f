"""Gradients, taken with ``create_graph=True``, as functions of their own: their second derivatives are third ones."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F

from ..checking import gradient_of
from .case import op, positive, spread


def _of(function, *operands):
    return op(gradient_of(function), *operands)


_MASK = [[True, False, True, False]] * 3

CASES = {
    "Tensor.__abs__ gradient": _of(abs, spread(3, 4)),
    "Tensor.__add__ gradient": _of(lambda x, y: x + y, (3, 4), (3, 4)),
    "Tensor.__add__ gradient, broadcast": _of(lambda x, y: x + y, (3, 4), (4,)),
    "Tensor.__sub__ gradient": _of(lambda x, y: x - y, (3, 4), (4,)),
    "Tensor.__mul__ gradient": _of(lambda x, y: x * y, (3, 4), (3, 4)),
    "Tensor.__mul__ gradient, broadcast": _of(lambda x, y: x * y, (3, 1), (3, 4)),
    "Tensor.__mul__ gradient, number": _of(lambda x: 1 - 2 * x / 3, (3, 4)),
    "Tensor.__pow__ gradient": _of(lambda x: x**3, (3, 4)),
    "Tensor.__pow__ gradient, square": _of(lambda x: x**2, (3, 4)),
    "Tensor.__pow__ gradient, fraction": _of(lambda x: x**2.5, positive(3, 4)),
    "Tensor.__matmul__ gradient": _of(lambda x, y: x @ y, (3, 4), (4, 2)),
    "Tensor.__getitem__ gradient": _of(lambda x: x[:, 1:3], (3, 4)),
    "Tensor.__getitem__ gradient, column": _of(lambda x: x[:, 1], (3, 4)),
    "paddle.matmul gradient, transposed": _of(lambda x, y: paddle.matmul(x, y, True, True), (4, 3), (2, 4)),
    "paddle.matmul gradient, batch": _of(paddle.matmul, (2, 3, 4), (2, 4, 2)),
    "paddle.matmul gradient, broadcast": _of(paddle.matmul, (2, 3, 4), (4, 2)),
    "paddle.matmul gradient, vector": _of(paddle.matmul, (3, 4), (4,)),
    "paddle.exp gradient": _of(paddle.exp, (3, 4)),
    "paddle.log gradient": _of(paddle.log, positive(3, 4)),
    "paddle.sin gradient": _of(paddle.sin, (3, 4)),
    "paddle.cos gradient": _of(paddle.cos, (3, 4)),
    "paddle.sum gradient": _of(lambda x: paddle.sum(x, 0), (3, 4)),
    "paddle.mean gradient": _of(lambda x: paddle.mean(x, 1), (3, 4)),
    "paddle.maximum gradient": _of(paddle.maximum, (3, 4), (3, 4)),
    "paddle.minimum gradient": _of(paddle.minimum, (3, 4), (3, 4)),
    "paddle.where gradient": _of(lambda x, y: paddle.where(paddle.to_tensor(_MASK), x, y), (3, 4), (3, 4)),
    "paddle.reshape gradient": _of(lambda x: paddle.reshape(x, [4, 3]), (3, 4)),
    "paddle.transpose gradient": _of(lambda x: paddle.transpose(x, [1, 0]), (3, 4)),
    "paddle.squeeze gradient": _of(lambda x: paddle.squeeze(x, 1), (3, 1, 4)),
    "paddle.unsqueeze gradient": _of(lambda x: paddle.unsqueeze(x, 1), (3, 4)),
    "paddle.expand gradient": _of(lambda x: paddle.expand(x, [3, 4]), (3, 1)),
    "paddle.tile gradient": _of(lambda x: paddle.tile(x, [2, 1]), (3, 4)),
    "paddle.gather gradient": _of(lambda x: paddle.gather(x, paddle.to_tensor([0, 2, 2])), (3, 4)),
    "paddle.index_select gradient": _of(lambda x: paddle.index_select(x, paddle.to_tensor([0, 2, 2])), (3, 4)),
    "paddle.split gradient": _of(lambda x: paddle.split(x, 2), (4, 4)),
    "paddle.unbind gradient": _of(paddle.unbind, (3, 4)),
    "paddle.concat gradient": _of(lambda x, y: paddle.concat([x, y]), (3, 4), (3, 4)),
    "paddle.stack gradient": _of(lambda x, y: paddle.stack([x, y]), (3, 4), (3, 4)),
    "F.tanh gradient": _of(F.tanh, (3, 4)),
    "F.sigmoid gradient": _of(F.sigmoid, (3, 4)),
    "F.gelu gradient": _of(F.gelu, (3, 4)),
    "F.silu gradient": _of(F.silu, (3, 4)),
    "F.mish gradient": _of(F.mish, (3, 4)),
    "F.softmax gradient": _of(F.softmax, (3, 4)),
    "F.layer_norm gradient": _of(lambda x, w: F.layer_norm(x, 4, w), (3, 4), (4,)),
    "F.linear gradient": _of(F.linear, (3, 4), (4, 2), (2,)),
    "F.conv2d gradient": _of(F.conv2d, (1, 2, 4, 4), (2, 2, 2, 2)),
    "F.mse_loss gradient": _of(F.mse_loss, (3, 4), (3, 4)),
    "F.cross_entropy gradient": _of(lambda x: F.cross_entropy(x, paddle.to_tensor([0, 2, 3])), (3, 4)),
}
