"""A value from a fused kernel, with a derivative written in Python: what every rule is made of.

Paddle's ``PyLayer`` is differentiable again where its backward is made of differentiable ops. Two of its habits
shape this file:

* An input that ``paddle.grad`` prunes must get ``None``, and the backward has no way to know which ones were.
  Paddle never prunes a node with a single input slot, so all operands travel in one tuple.
* A node that holds its own output is never collected. So a rule's pullback may hold its operands and detached
  values, never the tensor that `with_pullback` returned.
"""

from __future__ import annotations

import threading
from typing import Callable, Sequence

import paddle
from paddle.autograd import PyLayer

from .precision import autocast_is_on, without_autocast

Tensor = paddle.Tensor

#: The class name shows in the graph, where the audit finds it.
NODE_NAME = "MetaOptRule"

_pending = threading.local()


def requires_grad(tensor) -> bool:
    """Whether a derivative with respect to `tensor` (a Tensor or None) is recorded."""
    return tensor is not None and not tensor.stop_gradient


def with_pullback(compute: Callable, operands: Sequence, pullback: Callable):
    """The value of `compute`, with `pullback` as its derivative.

    Parameters
    ----------
    compute : callable
        Returns the value, a Tensor or a list of them, in memory of its own. It runs without gradients.
    operands : sequence of Tensor or None
        What the value depends on. Those that need no gradient may be among them.
    pullback : callable
        ``pullback(cotangent, ...)`` gets one cotangent for each output, None where the output was not used (a
        single output's is never None), and returns one gradient, or None for zero, for each operand. It is called
        with gradients enabled exactly if its result will be differentiated; then it must be made of differentiable
        ops, on the operands themselves.

    Returns
    -------
    Tensor or list of Tensor
    """
    live = [position for position, operand in enumerate(operands) if requires_grad(operand)]
    if not live or not paddle.is_grad_enabled():
        with paddle.no_grad():
            return compute()
    recorded = _Recorded(compute, operands, live, pullback)
    return MetaOptRule.apply(tuple(operands[position] for position in live), recorded)


class _Recorded:
    """What a node remembers between its forward and its backward."""

    def __init__(self, compute, operands, live, pullback):
        self.compute = compute
        self.operands = [operands[position] for position in live]
        self.versions = [operand.inplace_version for operand in self.operands]
        self.live = live
        self.pullback = pullback

    def forward(self):
        compute, self.compute = self.compute, None
        return compute()

    def backward(self, cotangents):
        if all(cotangent is None for cotangent in cotangents):
            return [None] * len(self.live)
        for operand, version in zip(self.operands, self.versions):
            if operand.inplace_version != version:
                raise RuntimeError(
                    f"a tensor of shape {list(operand.shape)} that a derivative needs was changed by an in-place "
                    "operation after it was used; use the out-of-place operation (relu instead of relu_, "
                    "x = x + y instead of x.add_(y))"
                )
        if autocast_is_on():
            with without_autocast():
                gradients = self.pullback(*cotangents)
        else:
            gradients = self.pullback(*cotangents)
        return [_in_type_of(operand, gradients[position]) for position, operand in zip(self.live, self.operands)]


def _in_type_of(operand, gradient):
    """Under autocast, an op's operands may differ in type."""
    if gradient is None or gradient.dtype == operand.dtype:
        return gradient
    return gradient.astype(operand.dtype)


class MetaOptRule(PyLayer):
    @staticmethod
    def forward(ctx, operands, recorded):
        ctx.set_materialize_grads(False)
        ctx.recorded = recorded
        return recorded.forward()

    @staticmethod
    def backward(ctx, *cotangents):
        if len(cotangents) == 1 and isinstance(cotangents[0], list):
            cotangents = cotangents[0]
        try:
            return (ctx.recorded.backward(cotangents),)
        except Exception as error:
            _pending.error = error
            raise


def take_pending_error():
    """The exception that a pullback raised last in this thread, or None.

    Paddle turns it into an OSError that has lost its type, which the guards of interception.py undo.
    """
    error = getattr(_pending, "error", None)
    _pending.error = None
    return error
