"""Message passing and segments: messages are gathered from the nodes, and reduced where they arrive.

A sum along edges is linear, and its transpose is the sum along the reversed edges. A mean divides it by the number of
messages; a maximum is linear once it is known which messages are the largest.
"""

from __future__ import annotations

import paddle

from ..kernels import native
from ..kinds import linear_map
from ..registry import rule


@rule("send_u_recv")
def send_u_recv(x, src_index, dst_index, reduce_op="SUM", out_size=(0,)):
    size = _size(out_size, x)
    if not src_index.shape[0]:
        return _nothing(x, size)
    if reduce_op in ("MIN", "MAX"):
        # Edges given twice carry the same message twice: a tie that is no kink.
        src_index, dst_index = paddle.unique(paddle.stack([src_index, dst_index]), axis=1)
        return _extreme(paddle.gather(x, src_index), dst_index, size, reduce_op)
    return _average(_sum(x, src_index, dst_index, size), dst_index, reduce_op)


@rule("send_ue_recv")
def send_ue_recv(x, y, src_index, dst_index, message_op, reduce_op, out_size=(0,)):
    return _reduced(_combined(paddle.gather(x, src_index), y, message_op), dst_index, _size(out_size, x), reduce_op)


@rule("send_uv")
def send_uv(x, y, src_index, dst_index, message_op="ADD"):
    return _combined(paddle.gather(x, src_index), paddle.gather(y, dst_index), message_op)


@rule("segment_pool")
def segment_pool(x, segment_ids, pooltype):
    return _reduced(x, segment_ids, int(segment_ids[-1]) + 1, pooltype)


def _size(out_size, x):
    """How many nodes receive; where it is not given, as many as send."""
    size = int(out_size[0]) if isinstance(out_size, (list, tuple)) else int(out_size)
    return size if size > 0 else x.shape[0]


def _combined(x, y, message_op):
    return x + y if message_op == "ADD" else x * y


def _reduced(messages, dst_index, size, reduce_op):
    if not messages.shape[0]:
        return _nothing(messages, size)
    if reduce_op in ("MIN", "MAX"):
        return _extreme(messages, dst_index, size, reduce_op)
    return _average(_sum(messages, _each(messages, dst_index), dst_index, size), dst_index, reduce_op)


def _nothing(x, size):
    """What arrives where nothing is sent, for which Paddle's kernel forgets the features."""
    x_size = x.shape[0]
    return linear_map(
        x,
        lambda t: paddle.zeros([size, *t.shape[1:]], t.dtype),
        lambda g: paddle.zeros([x_size, *g.shape[1:]], g.dtype),
    )


def _sum(x, src_index, dst_index, size):
    senders = x.shape[0]
    return linear_map(
        x,
        lambda t: native.send_u_recv(t, src_index, dst_index, "SUM", [size]),
        lambda g: native.send_u_recv(g, dst_index, src_index, "SUM", [senders]),
    )


def _average(total, dst_index, reduce_op):
    if reduce_op == "SUM":
        return total
    count = paddle.bincount(dst_index, minlength=total.shape[0])[: total.shape[0]]
    count = paddle.clip(count, 1).astype(total.dtype)
    return total / count.reshape([-1] + [1] * (total.ndim - 1))


def _extreme(messages, dst_index, size, reduce_op):
    values, each = messages.detach(), _each(messages, dst_index)
    with paddle.no_grad():
        extremes = native.send_u_recv(values, each, dst_index, reduce_op, [size])
        chosen = (values == paddle.gather(extremes, dst_index)).astype(values.dtype)
    return linear_map(
        messages,
        lambda t: native.send_u_recv(t * chosen, each, dst_index, "SUM", [size]),
        lambda g: paddle.gather(g, dst_index) * chosen,
        value=extremes,
    )


def _each(messages, dst_index):
    return paddle.arange(messages.shape[0], dtype=dst_index.dtype)
