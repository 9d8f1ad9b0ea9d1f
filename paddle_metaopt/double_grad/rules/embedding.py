"""Looking up rows of a table: linear, with fixed indices. The gradient is dense, also where `sparse` is asked for."""

from __future__ import annotations

import paddle

from .. import kernels
from ..kinds import linear_map
from ..primitive import with_pullback
from ..registry import rule


@rule("embedding")
def embedding(index, weight, padding_index=-1, sparse=False):
    return linear_map(weight, *_lookup_and_transpose(index, weight, padding_index))


@rule("embedding_with_scaled_gradient")
def embedding_with_scaled_gradient(index, weight, padding_index=-1):
    """The gradient for a row is divided by how often the row was looked up."""
    lookup, transpose = _lookup_and_transpose(index, weight, padding_index)
    count = paddle.clip(paddle.bincount(paddle.flatten(index), minlength=weight.shape[0]), 1)
    scale = 1.0 / count.astype(weight.dtype).unsqueeze(1)
    return with_pullback(lambda: lookup(weight), [weight], lambda g: [linear_map(g, transpose, lookup) * scale])


def _lookup_and_transpose(index, weight, padding_index):
    values = weight.detach()  # for its shape, which the kernel wants

    def lookup(table):
        return kernels.native.embedding(index, table, padding_index, False)

    def transpose(g):
        return kernels.native.embedding_grad(index, values, g, padding_index, False)

    return lookup, transpose
