"""Ops that reduce axes, or work along one."""

from __future__ import annotations

from functools import partial

from ...double_grad import kernels
from ...double_grad.rules.shape import axes_in
from ..batched import Batched, tasks_of
from ..entrances import has_batched
from ..forms import behind_tasks
from ..registry import batches, below


def axes_behind_tasks(axis, ndim: int) -> list[int]:
    """The axes of the stacked tensor, in the form ``TASKS``, for those of one task's; all for None or none."""
    return [behind_tasks(a, ndim) for a in axes_in(axis)] or list(range(1, ndim + 1))


def _reduced(name, x, axis=None, keepdim=False, *all_of_them):
    """In some versions of Paddle a flag follows that asks for all axes."""
    if has_batched((axis, *all_of_them)) or (name == "logsumexp" and x.ndim > _LOGSUMEXP_AXES - 1):
        return NotImplemented
    if not x.ndim:
        return x if name in ("mean", "max", "min", "amax", "amin") else NotImplemented
    axes = axes_behind_tasks(None if any(all_of_them) else axis, x.ndim)
    return Batched(below[name](tasks_of(x), axes, keepdim, *[False] * len(all_of_them)))


#: More the kernel does not take.
_LOGSUMEXP_AXES = 4

for _name in ("mean", "max", "min", "amax", "amin", "logsumexp", "all", "any"):
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_reduced, _name))


@batches("mean_all")
def mean_all(x):
    stacked = x.stacked
    return Batched(below["mean"](stacked.reshape([stacked.shape[0], -1]), [1], False))


@batches("sum")
def sum_(x, axis=None, dtype=None, keepdim=False, name=None):
    if not x.ndim:
        return Batched(below["sum"](x.stacked.unsqueeze(1), [1], dtype, False))
    return Batched(below["sum"](tasks_of(x), axes_behind_tasks(axis, x.ndim), dtype, keepdim))


def _along(name, x, axis=-1, *args, **kwargs):
    if not isinstance(axis, int) or not x.ndim or has_batched(args, kwargs):
        return NotImplemented
    return _batched(below[name](tasks_of(x), behind_tasks(axis, x.ndim), *args, **kwargs))


def _batched(found):
    if isinstance(found, (list, tuple)):
        return type(found)(map(_batched, found))
    return Batched(found)


for _name in ("softmax", "log_softmax", "argsort", "cummax", "cummin"):
    if hasattr(kernels.TABLE, _name):
        batches(_name)(partial(_along, _name))


def _scanned(name, x, axis=-1, flatten=False, *args, **kwargs):
    """Of `cumsum` and its like: along an axis, or over all in order."""
    if not isinstance(axis, int) or has_batched(args, kwargs):
        return NotImplemented
    stacked = tasks_of(x)
    if flatten:
        return Batched(below[name](stacked.reshape([stacked.shape[0], -1]), 1, False, *args, **kwargs))
    return Batched(below[name](stacked, behind_tasks(axis, x.ndim), False, *args, **kwargs))


for _name in ("cumsum", "logcumsumexp"):
    batches(_name)(partial(_scanned, _name))


def _found_at(name, x, axis=None, keepdim=False, *args, **kwargs):
    """Of `argmax` and its like; in some versions of Paddle a flag follows that asks for all axes as one."""
    if not isinstance(axis, int) or not x.ndim or any(arg is True for arg in args):
        return NotImplemented
    return Batched(below[name](tasks_of(x), behind_tasks(axis, x.ndim), keepdim, *args, **kwargs))


for _name in ("argmax", "argmin"):
    batches(_name)(partial(_found_at, _name))


@batches("topk")
def topk(x, k, axis=-1, largest=True, in_order=True):
    if not x.ndim or has_batched((k, axis)):
        return NotImplemented
    return _batched(below["topk"](tasks_of(x), k, behind_tasks(axis, x.ndim), largest, in_order))


@batches("prod")
def prod(x, axis=(), keepdim=False, over_all=False):
    axes = list(range(x.ndim)) if over_all else axis
    return _reduced("prod", x, axes, keepdim, False)


@batches("p_norm")
def p_norm(x, p=2.0, axis=-1, epsilon=1e-12, keepdim=False, as_vector=False):
    stacked = tasks_of(x)
    if not x.ndim or keepdim and as_vector:
        return NotImplemented
    if as_vector:
        return Batched(below["p_norm"](stacked.reshape([stacked.shape[0], -1]), p, 1, epsilon, False, False))
    return Batched(below["p_norm"](stacked, p, behind_tasks(axis, x.ndim), epsilon, keepdim, False))


@batches("frobenius_norm")
def frobenius_norm(x, axis=(), keepdim=False, over_all=False):
    axes = axes_behind_tasks(None if over_all else axis, x.ndim)
    return Batched(below["frobenius_norm"](tasks_of(x), axes, keepdim, False))


@batches("squared_l2_norm")
def squared_l2_norm(x):
    flat = x.stacked.reshape([x.stacked.shape[0], -1])
    return Batched(below["sum"](below["square"](flat), [1], None, True))
