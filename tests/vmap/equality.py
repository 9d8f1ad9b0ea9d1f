"""Whether what runs for all tasks at once is what a loop over the tasks gives: value, first and second derivatives."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Callable, NamedTuple, Sequence

import numpy as np
import paddle

from paddle_metaopt import twice_differentiable
from paddle_metaopt.task.slots import Slots
from paddle_metaopt.vmap import Batched, CannotBatch, batching, dispatch, entrances, tasks_of

TASKS = 3
TOLERANCE = 1e-9

#: What can be found, best first.
VERDICTS = ("rule", "tasks", "refused", "error", "lost", "wrong")


class Found(NamedTuple):
    """A verdict; the largest error relative to the largest element; what explains it."""

    verdict: str
    error: float = 0.0
    why: str = ""


def on_given_weights(problem) -> Callable:
    """The function of a case's problem, with a layer's weights among what it takes."""
    if problem.net is None:
        return problem.function
    slots = Slots(problem.net)
    name_of = {id(parameter): name for name, parameter in slots.parameters.items()}
    names = [name_of[id(weight)] for weight in problem.tensors[problem.inputs :]]

    def run(*tensors):
        with slots.holding(dict(zip(names, tensors[problem.inputs :]))):
            return problem.function(*tensors)

    return run


def stacked_variants(tensor, seed: int):
    """The tensor for each of the tasks, slightly different."""
    paddle.seed(100 + seed)
    noise = 1e-3 * paddle.randn([TASKS, *tensor.shape], "float64").astype(tensor.dtype)
    factor = (1 + 0.01 * paddle.arange(TASKS, dtype="float64")).reshape([TASKS, *[1] * tensor.ndim])
    return (tensor.detach().unsqueeze(0) * factor.astype(tensor.dtype) + noise).detach()


def compare(function: Callable, tensors: Sequence, batched: Sequence[int], tolerance: float = TOLERANCE) -> Found:
    """Run ``function(*tensors)`` with the tensors at the positions `batched` one for each task, once together and once
    task by task."""
    leaves = [stacked_variants(t, i) if i in batched else t.detach().clone() for i, t in enumerate(tensors)]
    for leaf in leaves:
        leaf.stop_gradient = False
    try:
        expected = _by_loop(function, leaves, batched)
    except Exception as error:
        return Found("error", why=f"in the loop: {_text(error)}")
    with _counted() as looped:
        try:
            found = _together(function, leaves, batched)
        except CannotBatch as error:
            return Found("refused", why=str(error))
        except Exception as error:
            return Found("error", why=_text(error))
    worst, lost = 0.0, bool(found.lost)
    for what, ours, theirs in zip(found.names, found.arrays, expected.arrays):
        error = _error(ours, theirs)
        worst = max(worst, error)
        if not error < tolerance:
            return Found("lost" if lost else "wrong", error, what)
    if len(found.arrays) != len(expected.arrays):
        return Found("wrong", why=f"{len(found.arrays)} results, not {len(expected.arrays)}")
    return Found("tasks" if looped else "rule", worst, " ".join(sorted(set(looped))))


class _Results:
    def __init__(self):
        self.names, self.arrays, self.lost = [], [], False

    def add(self, name, tensor):
        self.names.append(name)
        self.arrays.append(None if tensor is None else tensor.numpy())


def _by_loop(function, leaves, batched):
    """Each task by itself from beginning to end: some of Paddle's layers change what an earlier gradient needs."""
    found = []
    for task in range(TASKS):
        own = [(leaf[task] if i in batched else leaf).detach().clone() for i, leaf in enumerate(leaves)]
        for leaf in own:
            leaf.stop_gradient = False
        with twice_differentiable(), _seed_kept(task > 0):
            outputs = _tensors(function(*own))

            def part(weights, i=None, task=task):
                return weights[task] if i is None or i in batched else weights

            found.append(_derivatives(outputs, own, _Results(), part))
    results = _Results()
    for what, *of_tasks in zip(found[0].names, *(each.arrays for each in found)):
        shared = not what.startswith("value") and int(what.split()[-1]) not in batched
        results.names.append(what)
        results.arrays.append(sum(of_tasks) if shared else np.stack(of_tasks))
    return results


def _together(function, leaves, batched):
    results = _Results()
    with twice_differentiable(), batching(TASKS):
        outputs = _tensors(function(*[Batched(leaf) if i in batched else leaf for i, leaf in enumerate(leaves)]))
        results.lost = any(type(y) is not Batched for y in outputs)
        stacked = [
            tasks_of(y) if type(y) is Batched else paddle.stack([y] * TASKS, 0) for y in outputs
        ]
    with twice_differentiable():
        return _derivatives(stacked, leaves, results)


def _all_of(weights, i=None):
    return weights


def _derivatives(outputs, leaves, results, part=_all_of):
    """Values, and derivatives of a weighting of them; `part` picks from the weights of all tasks those of one."""
    for position, y in enumerate(outputs):
        results.add(f"value {position}", y)
    flowing = [y for y in outputs if (y.is_floating_point() or y.is_complex()) and not y.stop_gradient]
    if not flowing:
        return results
    # Not linear in y, so that the cotangent depends on the tensors too.
    total = sum(_real_sum(_weights(y, part) * (y + 0.5 * y * y)) for y in flowing)
    firsts = paddle.grad(total, leaves, retain_graph=True, allow_unused=True)
    for position, g in enumerate(firsts):
        results.add(f"gradient {position}", _zero_for_none(g, leaves[position]))
    firsts = paddle.grad(total, leaves, create_graph=True, allow_unused=True)
    for position, g in enumerate(firsts):
        results.add(f"gradient to be differentiated {position}", _zero_for_none(g, leaves[position]))
    product = sum(
        _real_sum(_weights(g, part, i) * g) for i, g in enumerate(firsts) if g is not None and not g.stop_gradient
    )
    seconds = [None] * len(leaves)
    if isinstance(product, paddle.Tensor):
        seconds = paddle.grad(product, leaves, allow_unused=True)
    for position, g in enumerate(seconds):
        results.add(f"second derivative {position}", _zero_for_none(g, leaves[position]))
    return results


def _real_sum(y):
    return y.real().sum() if y.is_complex() else y.sum()


def _zero_for_none(gradient, leaf):
    return paddle.zeros_like(leaf) if gradient is None else gradient


def _weights(y, part, i=None):
    """Of the shape of y; `part` makes those of one task from those of all."""
    shape = list(y.shape)
    of_all = shape if part is _all_of else [TASKS, *shape]
    size = int(np.prod(of_all))
    real = paddle.cos(paddle.arange(size, dtype="float64") + (0 if i is None else 1)).reshape(of_all)
    if part is not _all_of:
        real = part(real, i)
        if list(real.shape) != shape:  # what all tasks share
            real = paddle.cos(paddle.arange(y.size, dtype="float64") + 1).reshape(shape)
    return real.astype(y.dtype)


def _tensors(outputs) -> list:
    return [y for y in paddle.utils.flatten(outputs) if isinstance(y, paddle.Tensor)]


def _error(ours, theirs) -> float:
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    if not ours.size or np.array_equal(ours, theirs):
        return 0.0
    if ours.dtype.kind not in "fc":
        return float("inf")
    finite = np.isfinite(theirs)
    if not np.array_equal(finite, np.isfinite(ours)) or not np.array_equal(ours[~finite], theirs[~finite], True):
        return float("inf")
    if not finite.any():
        return 0.0
    return float(np.abs(ours - theirs)[finite].max() / max(np.abs(theirs[finite]).max(), 1e-9))


def _text(error) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[-400:]


@contextmanager
def _seed_kept(kept):
    """A context in which ``paddle.seed`` does nothing, so that the next task's draws follow on."""
    seed = paddle.seed
    if kept:
        paddle.seed = lambda _: None
    try:
        yield
    finally:
        paddle.seed = seed


@contextmanager
def _counted():
    """A context that notes which ops ran task by task."""
    looped, native = [], dispatch.task_by_task
    holders = dispatch, entrances, sys.modules[native.__module__]

    def noted(function, args, kwargs):
        looped.append(getattr(function, "__name__", "indexing"))
        return native(function, args, kwargs)

    for holder in holders:
        holder.task_by_task = noted
    try:
        yield looped
    finally:
        for holder in holders:
            holder.task_by_task = native
