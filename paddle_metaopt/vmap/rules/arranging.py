"""More ops that arrange elements anew, or are linear and know their axes."""

from __future__ import annotations

from functools import partial

import paddle

from ...double_grad import kernels
from ...double_grad.rules.shape import axes_in
from ..batched import Batched, CannotBatch, tasks_of
from ..entrances import has_batched
from ..forms import behind_tasks
from ..registry import batches, below
from ..task_by_task import count_of
from .shape import for_each_task


@batches("tile")
def tile(x, repeats):
    if not isinstance(repeats, (list, tuple)) or not all(isinstance(count, int) for count in repeats) or not x.ndim:
        return NotImplemented
    stacked = tasks_of(x)
    missing = len(repeats) - x.ndim
    if missing > 0:
        stacked = stacked.reshape([stacked.shape[0], *[1] * missing, *stacked.shape[1:]])
    return Batched(below["tile"](stacked, [1, *[1] * -missing, *repeats]))


def _on_last_two(name, x, *args, **kwargs):
    return Batched(below[name](tasks_of(x), *args, **kwargs)) if x.ndim > 1 else NotImplemented


for _name in ("tril", "triu"):
    batches(_name)(partial(_on_last_two, _name))


@batches("flip")
def flip(x, axis):
    axes = axes_in(axis)
    return Batched(below["flip"](tasks_of(x), [behind_tasks(a, x.ndim) for a in axes])) if axes else x


@batches("roll")
def roll(x, shifts, axis=()):
    axes = axes_in(axis)
    if not axes or type(x) is not Batched or type(shifts) is Batched:
        return NotImplemented
    return Batched(below["roll"](tasks_of(x), shifts, [behind_tasks(a, x.ndim) for a in axes]))


def _diagonal(name, x, offset=0, axis1=0, axis2=1):
    return Batched(below[name](tasks_of(x), offset, behind_tasks(axis1, x.ndim), behind_tasks(axis2, x.ndim)))


for _name in ("diagonal", "trace"):
    batches(_name)(partial(_diagonal, _name))


@batches("diag_embed")
def diag_embed(x, offset=0, dim1=-2, dim2=-1):
    ndim = x.ndim + 1
    return Batched(below["diag_embed"](tasks_of(x), offset, behind_tasks(dim1, ndim), behind_tasks(dim2, ndim)))


@batches("pad")
def pad(x, paddings, value):
    if not x.ndim or has_batched((paddings, value)) or len(paddings) != 2 * x.ndim:
        return NotImplemented
    return Batched(below["pad"](tasks_of(x), [0, 0, *paddings], value))


@batches("add_n")
def add_n(tensors):
    tensors = [tensors] if isinstance(tensors, paddle.Tensor) else tensors
    tasks = count_of([tensors])
    return Batched(below["add_n"]([for_each_task(x, tasks) for x in tensors]))


@batches("unstack")
def unstack(x, axis=0, num=0):
    return [Batched(part) for part in below["unstack"](tasks_of(x), behind_tasks(axis, x.ndim), num)]


@batches("strided_slice")
def strided_slice(x, axes, starts, ends, strides):
    if type(x) is not Batched or has_batched((starts, ends, strides)):
        return NotImplemented
    return Batched(below["strided_slice"](tasks_of(x), [behind_tasks(a, x.ndim) for a in axes], starts, ends, strides))


@batches("einsum")
def einsum(operands, equation):
    """With one more letter for the tasks."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    letter = next((c for c in _LETTERS if c not in equation), None)
    if not arrow or letter is None:
        return NotImplemented
    terms = [letter + term if type(x) is Batched else term for term, x in zip(left.split(","), operands)]
    stacked = [tasks_of(x) if type(x) is Batched else x for x in operands]
    found = below["einsum"](stacked, f"{','.join(terms)}->{letter}{right}")
    return (Batched(found[0]), *[None] * (len(found) - 1)) if isinstance(found, (tuple, list)) else Batched(found)


_LETTERS = "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA"


@batches("shape64")
def shape64(x):
    return paddle.to_tensor(list(x.shape), "int64")


@batches("numel")
def numel(x):
    return paddle.to_tensor(x.size, "int64")


@batches("as_strided")
def as_strided(x, *where):
    raise CannotBatch("as_strided, which is about memory")


for _name in ("as_real", "as_complex"):

    def _view(name, x):
        return Batched(below[name](kernels.in_one_piece(tasks_of(x))))

    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_view, _name))


@batches("expand_as")
def expand_as(x, like, *target):
    shape = list(target[0]) if target and target[0] else list(like.shape)
    if type(x) is not Batched:
        return below["expand"](x, shape)
    return paddle.expand(x, shape)
