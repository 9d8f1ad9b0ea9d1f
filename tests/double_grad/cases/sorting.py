"""What sorts, and what picks by rank: linear, with the order fixed."""

from __future__ import annotations

import paddle

from .case import op, spread
from .reduction import gaps

CASES = {
    "paddle.sort": op(lambda x: paddle.sort(x), spread(3, 4)),
    "paddle.sort descending": op(lambda x: paddle.sort(x, 0, descending=True), spread(3, 4)),
    "paddle.sort stable": op(lambda x: paddle.sort(x, 1, stable=True), spread(3, 4)),
    "paddle.argsort": op(lambda x: paddle.take_along_axis(x, paddle.argsort(x), 1), spread(3, 4)),
    "paddle.sort a number": op(lambda x: paddle.sort(x.squeeze()), spread(1)),
    "paddle.topk": op(lambda x: paddle.topk(x, 2), spread(3, 4)),
    "paddle.topk smallest": op(lambda x: paddle.topk(x, 2, 0, largest=False), spread(3, 4)),
    "paddle.topk unsorted": op(lambda x: paddle.topk(x, 3, 1, sorted=False), spread(3, 4)),
    "paddle.kthvalue": op(lambda x: paddle.kthvalue(x, 2), spread(3, 4)),
    "paddle.kthvalue keepdim": op(lambda x: paddle.kthvalue(x, 2, 0, keepdim=True), spread(3, 4)),
    "paddle.mode": op(lambda x: paddle.mode(x), spread(3, 4)),
    "paddle.mode keepdim": op(lambda x: paddle.mode(x, 0, keepdim=True), spread(3, 4)),
    "paddle.mode ties": op(lambda x: paddle.mode(paddle.concat([x, x[:, 1:]], 1)), spread(3, 2)),
    "paddle.median": op(lambda x: paddle.median(x), spread(3, 4)),
    "paddle.median odd": op(lambda x: paddle.median(x, 0), spread(3, 4)),
    "paddle.median keepdim": op(lambda x: paddle.median(x, 1, keepdim=True), spread(3, 4)),
    "paddle.median min": op(lambda x: paddle.median(x, 1, mode="min"), spread(3, 4)),
    "paddle.median min of all": op(lambda x: paddle.median(x, mode="min"), spread(3, 4)),
    "paddle.nanmedian": op(lambda x: paddle.nanmedian(x), spread(3, 4)),
    "paddle.nanmedian axis": op(lambda x: paddle.nanmedian(x, 1), spread(3, 4)),
    "paddle.nanmedian two axes": op(lambda x: paddle.nanmedian(x, [0, 2], keepdim=True), spread(3, 4, 2)),
    "paddle.nanmedian min": op(lambda x: paddle.nanmedian(x, 1, mode="min"), spread(3, 4)),
    "paddle.nanmedian gaps": op(lambda x: paddle.nanmedian(gaps(x), 1), spread(3, 4)),
    "paddle.quantile": op(lambda x: paddle.quantile(x, 0.3), spread(3, 4)),
    "paddle.quantile axis": op(lambda x: paddle.quantile(x, [0.3, 0.8], 1), spread(3, 4)),
    "paddle.quantile two axes": op(lambda x: paddle.quantile(x, 0.3, [0, 2], keepdim=True), spread(3, 4, 2)),
    "paddle.quantile lower": op(lambda x: paddle.quantile(x, 0.3, 1, interpolation="lower"), spread(3, 4)),
    "paddle.quantile higher": op(lambda x: paddle.quantile(x, 0.3, 1, interpolation="higher"), spread(3, 4)),
    "paddle.quantile nearest": op(lambda x: paddle.quantile(x, 0.3, 1, interpolation="nearest"), spread(3, 4)),
    "paddle.quantile midpoint": op(lambda x: paddle.quantile(x, 0.3, 1, interpolation="midpoint"), spread(3, 4)),
    "paddle.nanquantile": op(lambda x: paddle.nanquantile(x, 0.3), spread(3, 4)),
    "paddle.nanquantile gaps": op(lambda x: paddle.nanquantile(gaps(x), [0.3, 0.6], 1), spread(3, 4)),
}

if hasattr(paddle, "msort"):  # from Paddle 3.2 on
    CASES["paddle.msort"] = op(lambda x: paddle.msort(x), spread(3, 4))
