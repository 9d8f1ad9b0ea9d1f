"""A loss whose gradient was computed beforehand."""

from __future__ import annotations

import paddle

from ..double_grad import with_pullback
from ..double_grad.passes import in_backward


def with_gradients(value, tensors: list, gradients: list, graph):
    """A tensor equal to `value`, with `gradients` as its derivatives with respect to `tensors`.

    ``backward()``, ``paddle.grad``, division by the number of tasks and ``GradScaler`` work on it as on the loss
    itself, while the graph behind `value` is free to go. `graph` is what remains of the task's: it notices a stale one.

    Raises
    ------
    RuntimeError
        On differentiating it twice: the gradients are numbers. On another pass after a ``backward()``, perhaps as the
        OSError that Paddle makes of it.
    """
    went_backward = []

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
        graph.passed()
        return [None if gradient is None else gradient * g for gradient in gradients]

    graph.watch()
    return with_pullback(value.detach, tensors, pullback)
