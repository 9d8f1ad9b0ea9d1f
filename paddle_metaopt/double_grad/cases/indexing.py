"""Picking out and putting in by slice, index and mask."""

from __future__ import annotations

import paddle

from .case import op


def rows():
    return paddle.to_tensor([2, 0, 2])


CASES = {
    "paddle.gather": op(lambda x: paddle.gather(x, rows()), (3, 4)),
    "paddle.gather columns": op(lambda x: paddle.gather(x, rows(), 1), (3, 4)),
    "paddle.slice": op(lambda x: paddle.slice(x, [0], [1], [3]), (3, 4)),
    "Tensor.__getitem__ slice": op(lambda x: x[1:], (3, 4)),
    "Tensor.__getitem__ ellipsis": op(lambda x: x[..., 1], (3, 4)),
    "Tensor.__getitem__ row and slice": op(lambda x: x[1, 1:3], (3, 4)),
}
