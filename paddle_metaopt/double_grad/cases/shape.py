"""Rearranging, joining and taking apart."""

from __future__ import annotations

import paddle

from .case import op

CASES = {
    "paddle.flatten": op(lambda x: paddle.flatten(x, 1), (2, 3, 4)),
    "paddle.flatten to the last but one": op(lambda x: paddle.flatten(x, 0, -2), (2, 3, 4)),
    "paddle.stack": op(lambda x, y: paddle.stack([x, y, x * y], 1), (3, 4), (3, 4)),
    "paddle.concat": op(lambda x, y: paddle.concat([x, y, x], -1), (3, 4), (3, 2)),
    "paddle.expand": op(lambda x: paddle.expand(x, [2, 3, 4]), (3, 4)),
    "paddle.expand a row": op(lambda x: paddle.expand(x, [3, 4]), (1, 4)),
    "paddle.reshape": op(lambda x: paddle.reshape(x, [2, 6]), (3, 4)),
    "paddle.split": op(lambda x: paddle.split(x, [1, 3], 1)[1], (3, 4)),
    "paddle.split rows": op(lambda x: paddle.split(x, [1, 2])[0], (3, 4)),
    "paddle.squeeze": op(lambda x: paddle.squeeze(x, 1), (3, 1, 4)),
    "paddle.tile": op(lambda x: paddle.tile(x, [2, 1]), (3, 4)),
    "paddle.transpose": op(lambda x: paddle.transpose(x, [1, 0]), (3, 4)),
    "paddle.t": op(lambda x: x.t(), (3, 4)),
    "paddle.unsqueeze": op(lambda x: paddle.unsqueeze(x, 1), (3, 4)),
}
