"""Losses by kernels of their own."""

from __future__ import annotations

from ..batched import Batched, tasks_of
from ..forms import behind_tasks
from ..registry import batches, below
from ..task_by_task import count_of
from .shape import for_each_task


@batches("cross_entropy_with_softmax")
def cross_entropy_with_softmax(
    logits, label, soft_label=False, use_softmax=True, numeric_stable_mode=True, ignore_index=-100, axis=-1
):
    options = (use_softmax, numeric_stable_mode, ignore_index)
    axis = behind_tasks(axis, logits.ndim)
    if soft_label or type(logits) is not Batched or axis != logits.ndim or logits.shape[:-1] != label.shape[:-1]:
        tasks = count_of((logits, label))
        logits, label = for_each_task(logits, tasks), for_each_task(label, tasks)
        return tuple(map(Batched, below["cross_entropy_with_softmax"](logits, label, soft_label, *options, axis)))
    stacked = tasks_of(logits)
    labels = for_each_task(label, stacked.shape[0])
    softmax, loss = below["cross_entropy_with_softmax"](
        stacked.reshape([-1, stacked.shape[-1]]), labels.reshape([-1, 1]), False, *options, -1
    )
    return Batched(softmax.reshape(stacked.shape)), Batched(loss.reshape([*stacked.shape[:-1], 1]))
