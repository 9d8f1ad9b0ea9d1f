"""Embeddings, and functions of integers that have no derivative."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

from .case import layer, op


def index():
    return paddle.to_tensor([[2, 0], [2, 3]])


def each_once():
    return paddle.to_tensor([2, 0, 3])


def tree():
    """Two steps of a beam of two, and where each came from."""
    ids, parents = paddle.to_tensor([[[2, 1]], [[0, 2]]]), paddle.to_tensor([[[0, 0]], [[1, 0]]])
    return F.gather_tree(ids, parents).astype("float64")


CASES = {
    "F.embedding": op(lambda w: F.embedding(index(), w), (4, 3)),
    "F.embedding padding": op(lambda w: F.embedding(index(), w, padding_idx=2), (4, 3)),
    "F.embedding padding from the end": op(lambda w: F.embedding(index(), w, padding_idx=-1), (4, 3)),
    "F.embedding sparse": op(lambda w: F.embedding(index(), w, sparse=True), (4, 3)),
    "F.embedding scaled by frequency, each row once": op(
        lambda w: F.embedding(each_once(), w, scale_grad_by_freq=True), (4, 3)
    ),
    "F.embedding of a product": op(lambda w, v: F.embedding(index(), w * v), (4, 3), (4, 3)),
    "nn.Embedding": layer(lambda: nn.Embedding(4, 3), call=lambda net: net(index())),
    "nn.Embedding padding": layer(lambda: nn.Embedding(4, 3, padding_idx=2), call=lambda net: net(index())),
    "nn.Embedding sparse": layer(lambda: nn.Embedding(4, 3, sparse=True), call=lambda net: net(index())),
    "F.one_hot": op(lambda x: x * F.one_hot(each_once(), 4).astype(x.dtype), (3, 4)),
    "F.sequence_mask": op(lambda x: x * F.sequence_mask(each_once(), 4, "float64"), (3, 4)),
    "F.gather_tree": op(lambda x: x * tree(), (2, 1, 2)),
}
