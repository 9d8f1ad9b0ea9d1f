from __future__ import annotations

import paddle
from paddle import geometric

from .case import op, positive, spread


def _segments():
    return paddle.to_tensor([0, 0, 1, 3, 3])


def _edges():
    return paddle.to_tensor([0, 1, 2, 0, 2]), paddle.to_tensor([1, 2, 1, 0, 1])


def _without_edges(x, reduce_op):
    nowhere = paddle.zeros([0], "int64")
    return x * geometric.send_u_recv(x * x, nowhere, nowhere, reduce_op) + x


def _to_nodes(reduce_op, out_size=None):
    return lambda x: geometric.send_u_recv(x, *_edges(), reduce_op=reduce_op, out_size=out_size)


def _with_edges(message_op, reduce_op, out_size=None):
    return lambda x, y: geometric.send_ue_recv(x, y, *_edges(), message_op, reduce_op, out_size)


def _between(message_op):
    return lambda x, y: geometric.send_uv(x, y, *_edges(), message_op=message_op)


CASES = {
    **{
        f"geometric.send_u_recv {reduce_op} without edges": op(
            lambda x, reduce_op=reduce_op: _without_edges(x, reduce_op), (4, 3)
        )
        for reduce_op in ("sum", "mean", "max")
    },
    "geometric.segment_sum": op(lambda x: geometric.segment_sum(x, _segments()), (5, 3)),
    "geometric.segment_mean": op(lambda x: geometric.segment_mean(x, _segments()), (5, 3)),
    "geometric.segment_min": op(lambda x: geometric.segment_min(x, _segments()), spread(5, 3)),
    "geometric.segment_max": op(lambda x: geometric.segment_max(x, _segments()), spread(5, 3)),
    "geometric.segment_max int32": op(lambda x: geometric.segment_max(x, _segments().astype("int32")), spread(5, 3)),
    "geometric.segment_mean vector": op(lambda x: geometric.segment_mean(x, _segments()), (5,)),
    "geometric.send_u_recv sum": op(_to_nodes("sum"), (3, 2)),
    "geometric.send_u_recv mean": op(_to_nodes("mean"), (3, 2)),
    "geometric.send_u_recv min": op(_to_nodes("min"), spread(3, 2)),
    "geometric.send_u_recv max": op(_to_nodes("max"), spread(3, 2)),
    "geometric.send_u_recv mean, out_size": op(_to_nodes("mean", 4), (3, 2)),
    "geometric.send_u_recv max, out_size": op(_to_nodes("max", 4), spread(3, 2)),
    "geometric.send_ue_recv add, sum": op(_with_edges("add", "sum"), (3, 2), (5, 2)),
    "geometric.send_ue_recv add, mean, broadcast": op(_with_edges("add", "mean"), (3, 2), (5, 1)),
    "geometric.send_ue_recv sub, max": op(_with_edges("sub", "max"), spread(3, 2), spread(5, 2, high=5.0)),
    "geometric.send_ue_recv mul, sum, out_size": op(_with_edges("mul", "sum", 4), (3, 2), (5, 2)),
    "geometric.send_ue_recv mul, min, vector": op(_with_edges("mul", "min"), spread(3, 2), spread(5, high=3.0)),
    "geometric.send_ue_recv div, mean": op(_with_edges("div", "mean"), (3, 2), positive(5, 2)),
    "geometric.send_uv add": op(_between("add"), (3, 2), (3, 2)),
    "geometric.send_uv sub, broadcast": op(_between("sub"), (3, 2), (3, 1)),
    "geometric.send_uv mul": op(_between("mul"), (3, 2), (3, 2)),
    "geometric.send_uv div": op(_between("div"), (3, 2), positive(3, 2)),
    "incubate.segment_mean": op(lambda x: paddle.incubate.segment_mean(x, _segments()), (5, 3)),
    "incubate.graph_send_recv": op(lambda x: paddle.incubate.graph_send_recv(x, *_edges(), "max"), spread(3, 2)),
}
