"""Products of vectors, matrices and batches of them."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import layer, op

CASES = {
    "F.linear": op(F.linear, (4, 3), (3, 5), (5,)),
    "F.linear no bias": op(F.linear, (4, 3), (3, 5)),
    "F.linear on a sequence": op(F.linear, (2, 4, 3), (3, 5), (5,)),
    "F.linear on a vector": op(F.linear, (3,), (3, 5), (5,)),
    "nn.Linear": layer(lambda: nn.Linear(3, 2), (4, 3)),
    "nn.Linear no bias": layer(lambda: nn.Linear(3, 2, bias_attr=False), (2, 4, 3)),
    "paddle.matmul": op(paddle.matmul, (4, 3), (3, 5)),
    "paddle.matmul matrix by batch": op(paddle.matmul, (4, 3), (2, 3, 5)),
    "paddle.matmul batch by matrix": op(paddle.matmul, (2, 4, 3), (3, 5)),
    "paddle.matmul batches": op(paddle.matmul, (2, 4, 3), (2, 3, 5)),
    "paddle.matmul batches, broadcast": op(paddle.matmul, (2, 1, 4, 3), (3, 3, 2)),
    "paddle.matmul batch transposed by matrix": op(lambda x, y: paddle.matmul(x, y, True, False), (2, 3, 4), (3, 5)),
    "paddle.matmul matrix by batch, both transposed": op(
        lambda x, y: paddle.matmul(x, y, True, True), (3, 4), (2, 5, 3)
    ),
    "paddle.matmul batches, second transposed": op(
        lambda x, y: paddle.matmul(x, y, transpose_y=True), (2, 4, 3), (2, 5, 3)
    ),
    "paddle.matmul operator, matrix by batch": op(lambda x, y: x @ y, (4, 3), (2, 3, 5)),
    "Tensor.__matmul__ by an array": op(lambda x: (x @ np.eye(3, 2)) ** 2, (4, 3)),
    "Tensor.__rmatmul__ by an array": op(lambda x: (np.eye(2, 4) @ x) ** 2, (4, 3)),
    "paddle.matmul vectors": op(paddle.matmul, (2, 4, 3), (3,)),
    "paddle.matmul vector by batch": op(paddle.matmul, (4,), (2, 4, 3)),
    "paddle.matmul vector by vector": op(paddle.matmul, (4,), (4,)),
    "paddle.matmul with itself": op(lambda x: paddle.matmul(x, x, transpose_y=True), (2, 3, 2)),
    "Tensor.matmul": op(lambda x, y: x.matmul(y), (4, 3), (2, 3, 5)),
    "paddle.mm": op(paddle.mm, (4, 3), (3, 2)),
    "Tensor.mm": op(lambda x, y: x.mm(y), (4, 3), (3, 2)),
    "paddle.bmm": op(paddle.bmm, (2, 4, 3), (2, 3, 2)),
    "Tensor.bmm": op(lambda x, y: x.bmm(y), (2, 4, 3), (2, 3, 2)),
    "paddle.mv": op(paddle.mv, (4, 3), (3,)),
    "Tensor.mv": op(lambda x, y: x.mv(y), (4, 3), (3,)),
    "paddle.dot": op(paddle.dot, (4,), (4,)),
    "paddle.dot of rows": op(paddle.dot, (3, 4), (3, 4)),
    "Tensor.dot": op(lambda x, y: x.dot(y), (4,), (4,)),
    "paddle.addmm": op(lambda s, x, y: paddle.addmm(s, x, y, beta=0.7, alpha=1.3), (4, 2), (4, 3), (3, 2)),
    "paddle.addmm a row": op(paddle.addmm, (2,), (4, 3), (3, 2)),
    "paddle.addmm a column": op(paddle.addmm, (4, 1), (4, 3), (3, 2)),
    "paddle.baddbmm": op(lambda s, x, y: paddle.baddbmm(s, x, y, beta=0.7, alpha=1.3), (2, 4, 2), (2, 4, 3), (2, 3, 2)),
    "paddle.baddbmm a row": op(paddle.baddbmm, (1, 1, 2), (2, 4, 3), (2, 3, 2)),
    "paddle.inner": op(paddle.inner, (2, 4, 3), (5, 3)),
    "paddle.inner vectors": op(paddle.inner, (3,), (3,)),
    "paddle.inner with a scalar": op(paddle.inner, (2, 3), (1,)),
    "paddle.outer": op(paddle.outer, (3,), (2, 2)),
    "paddle.vecdot": op(paddle.vecdot, (3, 4), (3, 4)),
    "paddle.vecdot broadcast": op(lambda x, y: paddle.vecdot(x, y, axis=0), (3, 4), (3, 1)),
    "linalg.vecdot": op(paddle.linalg.vecdot, (3, 4), (3, 4)),
    "paddle.tensordot": op(paddle.tensordot, (2, 3, 4), (3, 4, 2)),
    "paddle.tensordot one axis": op(lambda x, y: paddle.tensordot(x, y, 1), (2, 3), (3, 4)),
    "paddle.tensordot chosen axes": op(lambda x, y: paddle.tensordot(x, y, [[2, 0], [0, 1]]), (2, 3, 4), (4, 2)),
    "paddle.tensordot outer": op(lambda x, y: paddle.tensordot(x, y, 0), (2,), (3,)),
    "paddle.tensordot broadcast": op(lambda x, y: paddle.tensordot(x, y, [[1], [0]]), (2, 3), (1, 4)),
    "linalg.multi_dot": op(lambda x, y, z: paddle.linalg.multi_dot([x, y, z]), (2, 4), (4, 3), (3, 5)),
    "linalg.multi_dot two": op(lambda x, y: paddle.linalg.multi_dot([x, y]), (2, 4), (4, 3)),
    "linalg.multi_dot vectors at the ends": op(lambda x, y, z: paddle.linalg.multi_dot([x, y, z]), (4,), (4, 3), (3,)),
    "linalg.multi_dot four": op(lambda x, y, z: paddle.linalg.multi_dot([x, y, z, y]), (2, 4), (4, 3), (3, 4)),
    "paddle.kron": op(paddle.kron, (2, 3), (3, 2)),
    "paddle.kron vector by matrix": op(paddle.kron, (3,), (2, 2)),
    "paddle.kron three axes": op(paddle.kron, (1, 2, 3), (2, 2)),
    "paddle.cross": op(paddle.cross, (2, 3), (2, 3)),
    "paddle.cross of columns": op(lambda x, y: paddle.cross(x, y, axis=0), (3, 3), (3, 3)),
    "linalg.cross": op(lambda x, y: paddle.linalg.cross(x, y, axis=-1), (2, 2, 3), (2, 2, 3)),
    "F.bilinear": op(F.bilinear, (3, 2), (3, 4), (2, 2, 4)),
    "F.bilinear bias": op(F.bilinear, (3, 2), (3, 2), (2, 2, 2), (1, 2)),
    "nn.Bilinear": layer(lambda: nn.Bilinear(2, 3, 4), (3, 2), (3, 3)),
    "nn.Bilinear no bias": layer(lambda: nn.Bilinear(2, 3, 2, bias_attr=False), (3, 2), (3, 3)),
}
if hasattr(paddle.linalg, "matmul"):  # not in Paddle 3.1
    CASES["paddle.ger"] = op(paddle.ger, (3,), (4,))
    CASES["linalg.matmul"] = op(lambda x, y: paddle.linalg.matmul(x, y), (4, 3), (3, 5))
