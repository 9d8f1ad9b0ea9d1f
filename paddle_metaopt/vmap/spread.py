"""A tensor that all tasks share, for each of them."""

from __future__ import annotations

from typing import Callable

import paddle

from ..double_grad import linear_map
from ..double_grad.kernels import native
from ..tensors import rebuilt
from .batched import Batched, stacked, tasks_of
from .forms import KERNEL, TASKS
from .planes import ones, product


def spread(tensor, tasks: int) -> Batched:
    """`tensor` for each task, differentiable: its gradient is the sum of theirs.

    What may be a convolution's weight, by its four axes, is kept as one is wanted.
    """
    if tensor.ndim == 4:
        return Batched(linear_map(tensor, lambda x: _kernels(x, tasks), _summed_kernels), KERNEL)
    shape = list(tensor.shape)
    return Batched(linear_map(tensor, lambda x: _rows(x, tasks, shape), lambda g: _summed(g, shape)), TASKS)


def spread_all(tensors: dict, tasks: int) -> dict:
    """Each by `spread`, also under ``no_grad``, but for those that the tasks have their own of."""
    with paddle.enable_grad():
        return {name: x if type(x) is Batched else spread(x, tasks) for name, x in tensors.items()}


def _rows(x, tasks, shape):
    # An outer product with ones is several times as fast as an expansion, and so is the way back.
    return native.reshape(product(ones((tasks, 1), x.dtype), native.reshape(x, [1, -1])), [tasks, *shape])


def _summed(g, shape):
    rows = native.reshape(g, [g.shape[0], -1])
    return native.reshape(product(ones((1, g.shape[0]), g.dtype), rows), shape)


def _kernels(x, tasks):
    out, channels, height, width = x.shape
    return _rows(native.transpose(x, [0, 2, 3, 1]).contiguous(), tasks, [out, height, width, channels])


def _summed_kernels(g):
    return native.transpose(_summed(g, list(g.shape[1:])), [0, 3, 1, 2]).contiguous()


def for_all_tasks(parts: list):
    """One nest of `Batched` from a nest of Tensors for each task; what is no Tensor has to be the same."""
    first = parts[0]
    if isinstance(first, paddle.Tensor):
        return stacked(parts)
    if isinstance(first, dict):
        return {key: for_all_tasks([part[key] for part in parts]) for key in first}
    if isinstance(first, (list, tuple)):
        return rebuilt(first, [for_all_tasks(list(entries)) for entries in zip(*parts)])
    return first


def repeated(tensor, tasks: int):
    """A copy of a tensor for each task, without a derivative; None, or a sparse one, as it is."""
    if tensor is None or not tensor.is_dense():
        return tensor
    return Batched(paddle.tile(tensor.detach().unsqueeze(0), [tasks, *[1] * tensor.ndim]))


def of_each(value) -> list:
    """Each task's own; a Tensor that all share as the only one."""
    return paddle.unbind(tasks_of(value), 0) if type(value) is Batched else [value]


def each_apart(nested, tasks: int) -> list:
    """For each task, the nest with its own Tensors."""
    if type(nested) is Batched:
        return of_each(nested)
    if isinstance(nested, dict):
        values = {key: each_apart(value, tasks) for key, value in nested.items()}
        return [{key: value[task] for key, value in values.items()} for task in range(tasks)]
    if isinstance(nested, (list, tuple)):
        return [rebuilt(nested, parts) for parts in zip(*(each_apart(value, tasks) for value in nested))]
    return [nested] * tasks


#: Of a tensor that all tasks share, by us: `Tensor.set_value`, which code that runs for all of them may not call on it.
put_into = paddle.Tensor.set_value


def one_after_the_other(start, value):
    """A running statistic as it would be if each task had begun with what the one before left, where all began with
    `start`; a Tensor as it is."""
    if type(value) is not Batched:
        return value
    present = start
    for left in of_each(value):
        moved = present - start
        present = left + (moved if value.kept_part == 1.0 else value.kept_part * moved)  # a count stays an integer
    return present


def inside(function: Callable, value):
    """``function`` of a Tensor, or of the stacked one in a `Batched`, which takes what comes of it for its own."""
    return Batched(function(value.stacked), value.form) if type(value) is Batched else function(value)


def numbers_in(scalar) -> list[float]:
    """The value of a scalar, or of each task's."""
    return getattr(scalar, "stacked", scalar).reshape([-1]).tolist()


def factor_for_each(numbers, like):
    """Such numbers, as what `like` can be multiplied by: one of its own for each task."""
    return Batched(paddle.to_tensor(numbers, like.dtype)) if type(like) is Batched else float(numbers[0])


def summed(value):
    """The sum over the tasks; a Tensor that all share as it is."""
    return tasks_of(value).sum(0) if type(value) is Batched else value
