"""Two or more operands of an op that broadcasts, as stacked tensors that broadcast against each other."""

from __future__ import annotations

import paddle

from ..batched import Batched, tasks_of
from ..forms import PLANES, TASKS


def is_promoted_otherwise(x, y) -> bool:
    """Whether Paddle may take the two in another type than their stacks: it does so with a number beside a vector, and
    with some ops."""
    numbers = any(type(t) is Batched and not t.ndim for t in (x, y))
    return numbers and isinstance(x, paddle.Tensor) and isinstance(y, paddle.Tensor) and x.dtype != y.dtype


def aligned(*operands) -> tuple:
    """The operands, Tensors and numbers among them, as stacked tensors; and the form of the result."""
    batched = [x for x in operands if type(x) is Batched]
    first = batched[0]
    if len(batched) == len(operands) and all(x.form == first.form and x.ndim == first.ndim for x in batched):
        return [x.stacked for x in operands], first.form
    ndim = max(x.ndim for x in operands if isinstance(x, paddle.Tensor))
    planes = any(x.form == PLANES and x.ndim == ndim for x in batched)
    if planes and all(_fits_planes(x, ndim) for x in operands):
        return [_in_planes(x, ndim) for x in operands], PLANES
    if len(batched) == 1 and all(_is_number(x) for x in operands if x is not first):
        return [x.stacked if x is first else x for x in operands], first.form
    return [_in_tasks(x, ndim) for x in operands], TASKS


def _is_number(x) -> bool:
    return not isinstance(x, paddle.Tensor) or x.ndim == 0


def _fits_planes(x, ndim) -> bool:
    """Whether it is in planes, or one number for a channel, or for all."""
    if not isinstance(x, paddle.Tensor):
        return True
    if type(x) is not Batched:
        return x.ndim == 0
    if x.form == PLANES:
        return x.ndim == ndim
    return x.form == TASKS and (x.size == 1 or (x.ndim == ndim and x.shape[1] == x.size))


def _in_planes(x, ndim):
    if type(x) is not Batched or x.form == PLANES:
        return x.stacked if type(x) is Batched else x
    return x.stacked.reshape([x.stacked.shape[0], x.size, *[1] * (ndim - 1)])


def _in_tasks(x, ndim):
    if type(x) is not Batched:
        return x
    stacked = tasks_of(x)
    missing = ndim - x.ndim
    if not missing:
        return stacked
    return stacked.reshape([stacked.shape[0], *[1] * missing, *stacked.shape[1:]])
