"""Sums, means and what else makes a tensor smaller."""

from __future__ import annotations

import paddle

from .case import op

CASES = {
    "paddle.mean": op(paddle.mean, (3, 4)),
    "paddle.mean of rows": op(lambda x: paddle.mean(x, 0), (3, 4)),
    "paddle.mean keepdim": op(lambda x: paddle.mean(x, [0, 1], keepdim=True), (3, 4)),
    "paddle.sum": op(paddle.sum, (3, 4)),
    "paddle.sum of columns": op(lambda x: paddle.sum(x, 1), (3, 4)),
    "paddle.sum keepdim": op(lambda x: paddle.sum(x, [0], keepdim=True), (3, 4)),
}
