from __future__ import annotations

import paddle
import paddle.nn.functional as F

from .case import op

CASES = {
    "F.linear": op(F.linear, (4, 3), (3, 5), (5,)),
    "F.linear on a sequence": op(F.linear, (2, 4, 3), (3, 5), (5,)),
    "paddle.matmul": op(paddle.matmul, (4, 3), (3, 5)),
    "paddle.matmul matrix by batch": op(paddle.matmul, (4, 3), (2, 3, 5)),
    "paddle.matmul batch by matrix": op(paddle.matmul, (2, 4, 3), (3, 5)),
    "paddle.matmul batch transposed by matrix": op(lambda x, y: paddle.matmul(x, y, True, False), (2, 3, 4), (3, 5)),
    "paddle.matmul matrix by batch, both transposed": op(
        lambda x, y: paddle.matmul(x, y, True, True), (3, 4), (2, 5, 3)
    ),
    "paddle.matmul operator, matrix by batch": op(lambda x, y: x @ y, (4, 3), (2, 3, 5)),
    "paddle.matmul vectors": op(paddle.matmul, (2, 4, 3), (3,)),
}
