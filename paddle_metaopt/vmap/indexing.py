"""``x[key]``, where x, or parts of the key, are each task's own."""

from __future__ import annotations

import numpy as np
import paddle

from ..double_grad.rules.indexing import getitem
from .batched import Batched, tasks_of
from .task_by_task import by_rule, count_of


def picked(x, key):
    """``x[key]`` with a `Batched` as x or in the key."""
    keys = key if isinstance(key, tuple) else (key,)
    return by_rule(_picked, lambda x, *k: getitem(x, k if len(k) > 1 else k[0]), (x, *keys), {})


def _picked(x, *keys):
    advanced = [k for k in keys if isinstance(k, (paddle.Tensor, np.ndarray, list, tuple))]
    if any(isinstance(k, (bool, np.bool_)) for k in keys):
        return NotImplemented
    if not advanced and type(x) is Batched:
        return Batched(tasks_of(x)[(slice(None), *keys)])
    if len(advanced) == len(keys) and all(map(_is_whole, keys)):
        return Batched(_by_whole_numbers(x, keys))
    if len(advanced) == 1 and type(x) is Batched and type(advanced[0]) is not Batched and _is_plain(keys):
        return Batched(getitem(tasks_of(x), (slice(None), *keys)))
    return NotImplemented


def _is_whole(key) -> bool:
    """Whether it is a tensor or an array of indices."""
    return isinstance(key, (paddle.Tensor, np.ndarray)) and key.ndim > 0 and str(key.dtype).split(".")[-1] in (
        "int32", "int64",
    )  # fmt: skip


def _is_plain(keys) -> bool:
    """Whether all but one are slices, so that the axis of what is picked stays in its place.

    That one is no mask of several axes: behind a slice Paddle 3.1 compares it with the first axes, not with its own.
    """
    masks = [k for k in keys if not isinstance(k, slice) and np.ndim(k) > 1 and "bool" in str(_dtype(k))]
    others = [k for k in keys if not isinstance(k, (paddle.Tensor, np.ndarray, list, tuple))]
    return not masks and all(isinstance(k, slice) for k in others)


def _dtype(key):
    return key.dtype if isinstance(key, paddle.Tensor) else np.asarray(key).dtype


def _by_whole_numbers(x, keys):
    tasks, ndim = count_of((x, *keys)), max(key.ndim for key in keys)
    indices = [_behind_tasks(key, tasks, ndim) if type(key) is Batched else key for key in keys]
    if type(x) is not Batched:
        return x[tuple(indices)] if len(indices) > 1 else x[indices[0]]
    own = paddle.arange(tasks).reshape([tasks, *[1] * ndim])
    return tasks_of(x)[(own, *indices)]


def _behind_tasks(key, tasks, ndim):
    return tasks_of(key).reshape([tasks, *[1] * (ndim - key.ndim), *key.shape])
