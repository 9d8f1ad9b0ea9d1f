"""The meta-gradient of a task, or of several, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import paddle

from ..double_grad import with_pullback
from ..double_grad.passes import in_backward
from ..tensors import added


@dataclass(frozen=True)
class MetaGradient:
    """A query loss and its gradients as numbers: they add, divide, and become a loss.

    Attributes
    ----------
    value : Tensor
        The query loss, a scalar.
    tensors : list of Tensor
        What the gradients are for; the same for all tasks of a meta-batch.
    gradients : list of Tensor or None
        None where the loss does not depend on a tensor.
    graph : TaskGraph
        The task's, or that of one of the tasks; it notices a stale task.
    scores : dict of int to object
        Of the tasks that it is the sum of, by their numbers, if they were scored.
    """

    value: paddle.Tensor
    tensors: list
    gradients: list
    graph: Any
    scores: dict = field(default_factory=dict)

    def __add__(self, other: MetaGradient) -> MetaGradient:
        gradients = [added(mine, theirs) for mine, theirs in zip(self.gradients, other.gradients)]
        scores = {**self.scores, **other.scores}
        return replace(other, value=self.value + other.value, gradients=gradients, scores=scores)

    def __truediv__(self, number: int) -> MetaGradient:
        gradients = [None if gradient is None else gradient / number for gradient in self.gradients]
        return replace(self, value=self.value / number, gradients=gradients)

    def is_finite(self) -> bool:
        """Whether all its numbers are."""
        numbers = [self.value, *(gradient for gradient in self.gradients if gradient is not None)]
        return all(bool(paddle.isfinite(number).all()) for number in numbers)

    def over(self, processes, tasks: int) -> MetaGradient:
        """From the sums over a process's own tasks, the mean value over the tasks of all `processes`, and this one's
        share in the mean gradient: the mean over the processes of these is that over the tasks.

        Raises
        ------
        ValueError
            If there are no tasks, or the tensors are not alike in all processes.
        """
        processes.require_same(self.tensors)
        all_tasks, value = processes.totals(tasks, self.value.item())
        if not all_tasks:
            raise ValueError("meta_loss: there are no episodes, in any process, or all tasks diverged")
        share = processes.count / all_tasks
        gradients = [None if gradient is None else gradient * share for gradient in self.gradients]
        return replace(self, value=paddle.full_like(self.value, value / all_tasks), gradients=gradients)

    def as_loss(self) -> paddle.Tensor:
        """A tensor equal to the value, with the gradients as its derivatives.

        ``backward()``, ``paddle.grad``, division by the number of tasks and ``GradScaler`` work on it as on the loss
        itself, while the graph behind it is free to go.

        Raises
        ------
        RuntimeError
            On differentiating it twice: the gradients are numbers. On another pass after a ``backward()``, perhaps as
            the OSError that Paddle makes of it.
        """
        went_backward = []
        graph, gradients = self.graph, self.gradients

        def pullback(g):
            graph.check()
            if went_backward:
                raise RuntimeError("backward() went through this meta_loss before; compute it anew")
            if in_backward():
                went_backward.append(True)
            if paddle.is_grad_enabled():
                raise RuntimeError(
                    "meta_loss gives a loss that can be differentiated once; for derivatives of the meta-gradient, use "
                    "the query loss itself, with meta_gradient='unrolled'"
                )
            graph.passed(self.tensors)
            return [None if gradient is None else gradient * g for gradient in gradients]

        graph.watch()
        return with_pullback(self.value.detach, self.tensors, pullback)
