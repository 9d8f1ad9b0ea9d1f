"""Dropout: the mask is drawn once, as Paddle draws it, and every derivative sees the same."""

from __future__ import annotations

import paddle

from .. import kernels
from ..registry import rule


@rule("dropout")
def dropout(x, *options):
    with paddle.no_grad():
        mask = kernels.dropout(paddle.ones_like(x), *options)
    return paddle.multiply(x, mask)
