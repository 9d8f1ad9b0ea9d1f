"""Gradients of what is batched, each task's own."""

from __future__ import annotations

import functools
import inspect
from typing import Callable

import paddle

from ..double_grad.guards import gradients
from .batched import Batched, CannotBatch, tasks_of
from .entrances import has_batched
from .task_by_task import count_of


def sending_gradients(grad: Callable) -> Callable:
    """What stands in for ``paddle.grad``: called for one task, it gives that task's gradients."""
    signature = inspect.signature(grad)

    @functools.wraps(grad)
    def send(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        outputs, inputs = _listed(given.pop("outputs")), _listed(given.pop("inputs"))
        if not has_batched((outputs, inputs, *given.values())):
            return grad(outputs, inputs, **given)
        return _sent(grad, outputs, inputs, given)

    return send


def _sent(grad, outputs, inputs, given) -> list:
    if not has_batched((inputs,)) or all(type(t) is Batched for t in inputs):
        return _of_each_task(grad, outputs, inputs, **given)
    own = [t for t in inputs if type(t) is Batched]
    shared = [t for t in inputs if type(t) is not Batched]
    # What all tasks share comes first, and keeps the graph.
    found = _of_each_task(grad, outputs, shared, **{**given, "retain_graph": True})
    found = dict(zip(map(id, shared), found))
    found.update(zip(map(id, own), _of_each_task(grad, outputs, own, **given)))
    return [found[id(t)] for t in inputs]


def _of_each_task(grad, outputs, inputs, grad_outputs=None, **options):
    if all(type(t) is Batched for t in inputs):
        return _unwrapped(grad, outputs, inputs, grad_outputs, **options)
    # Of what all tasks share, a pass gives the sum over them; so there is one for each task.
    count, found = count_of((outputs, inputs, _listed(grad_outputs or []))), []
    for task in range(count):
        retain = task < count - 1 or options.get("retain_graph") or options.get("create_graph")
        passing = {**options, "retain_graph": bool(retain)}
        found.append(_unwrapped(grad, outputs, inputs, grad_outputs, only=task, **passing))
    return [None if of_tasks[0] is None else Batched(paddle.stack(of_tasks, 0)) for of_tasks in zip(*found)]


def batched_gradients(outputs, inputs, **options) -> list:
    """`double_grad.guards.gradients` of each task's outputs: those for a `Batched` are each task's, those for a Tensor
    that all tasks share the sum."""
    return _unwrapped(gradients, _listed(outputs), _listed(inputs), **options)


def _listed(tensors) -> list:
    return [tensors] if isinstance(tensors, paddle.Tensor) else list(tensors)


def _unwrapped(grad, outputs, inputs, grad_outputs=None, only=None, no_grad_vars=None, **options):
    """`grad` on the stacked tensors; with `only`, of the outputs of one task."""
    given = [None] * len(outputs) if grad_outputs is None else _listed(grad_outputs)
    pairs = [_with_cotangent(output, cotangent, only) for output, cotangent in zip(outputs, given)]
    if no_grad_vars is not None:
        if isinstance(no_grad_vars, paddle.Tensor):
            no_grad_vars = [no_grad_vars]
        options["no_grad_vars"] = [t.stacked if type(t) is Batched else t for t in no_grad_vars]
    found = grad(
        [output for output, _ in pairs],
        [t.stacked if type(t) is Batched else t for t in inputs],
        grad_outputs=[cotangent for _, cotangent in pairs],
        **options,
    )
    return [Batched(g, t.form) if type(t) is Batched and g is not None else g for g, t in zip(found, inputs)]


def _with_cotangent(output, given, only):
    """The stacked output, and what its gradient starts from."""
    if type(output) is not Batched:
        if type(given) is Batched and only is None:
            raise CannotBatch("paddle.grad of an output that all tasks share")
        return output, tasks_of(given)[only] if type(given) is Batched else given
    if given is None:
        stacked, cotangent = output.stacked, paddle.ones_like(output.stacked)
    elif type(given) is Batched and given.form == output.form:
        stacked, cotangent = output.stacked, given.stacked
    else:
        stacked = tasks_of(output)
        cotangent = tasks_of(given) if type(given) is Batched else given.unsqueeze(0).expand(stacked.shape)
    if only is not None:
        mask = paddle.zeros([stacked.shape[0], *[1] * (stacked.ndim - 1)], cotangent.dtype)
        mask[only] = 1.0
        cotangent = cotangent * mask
    return stacked, cotangent
