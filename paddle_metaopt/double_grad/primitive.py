"""A value from a fused kernel, with a derivative written in Python: what every rule is made of.

Paddle's ``PyLayer`` is differentiable again where its backward is made of differentiable ops. Some of its habits
shape this file:

* An input that ``paddle.grad`` prunes must get ``None``, and the backward has no way to know which ones were.
  Paddle never prunes a node with a single input slot, so all operands travel in one tuple.
* A node that holds its own output is never collected. So a rule's pullback may hold its operands and detached
  values, never the tensor that `with_pullback` returned.
* Paddle's own nodes die of a missing cotangent, and some of one that is constant where a derivative of it is taken.
  So where a pullback gives such a one, a node of Paddle's below gets zeros, and an anchored one; rules and leaves take
  any, which costs nothing.
* An exception that passes through its C++ code leaks the node, and comes out of a backward as another one. So errors
  go round it.
"""

from __future__ import annotations

import _thread
import functools
from typing import Callable, Sequence

import paddle
from paddle.autograd import PyLayer

from . import passes
from .captured import captured_tensors
from .graph import RULE_NAME, address_of, as_constants, takes_any_gradient
from .precision import autocast_is_on, without_autocast

Tensor = paddle.Tensor
_register_hook = Tensor.register_hook


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
    try:
        outputs = MetaOptRule.apply(tuple(recorded.operands), recorded)
        if recorded.error is not None:
            raise recorded.error
        recorded.mark(outputs)
        return outputs
    except BaseException:
        recorded.forget()
        raise


class _Recorded:
    """What a node remembers between its forward and its backward."""

    def __init__(self, compute, operands, live, pullback):
        self.compute = compute
        self.operands = [operands[position] for position in live]
        needed, are_all = captured_tensors(pullback)
        if not are_all:
            needed += [operand for operand in operands if operand is not None]
        self.versions = [(tensor, tensor.inplace_version) for tensor in needed]
        self.live = live
        self.constants = [operand for operand in operands if operand is not None and not requires_grad(operand)]
        self.pullback = pullback
        self.error = None
        self._mark = None

    def forward(self):
        compute, self.compute = self.compute, None
        return compute()

    def mark(self, outputs):
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        outputs = [output for output in outputs if requires_grad(output)]
        if outputs:
            self._mark = passes.Mark(address_of(outputs[0]))
            _register_hook(outputs[0], self._mark.append)

    def run(self, cotangents):
        """The operands' gradients in a pass of the engine."""
        present = passes.current()
        if self._mark is not None and (not passes.runs_copies() if present is None else present.uses_up):
            self._mark.guard_engine(passes.used_up)  # for now Paddle runs it for the last time
        cotangents = passes.as_hooks_gave(cotangents)
        if present is not None and (present.error is not None or self._is_beside(present.on_the_way)):
            return self._no_gradients()
        return self.backward(cotangents)

    def _is_beside(self, way) -> bool:
        return way is not None and self._mark is not None and self._mark.address not in way

    def frozen_since(self) -> list:
        """The operands of which it was said after the forward that they need no gradient. Paddle's own nodes take no
        notice; pullbacks do, for they ask the operands."""
        return [operand for operand in self.operands if operand.stop_gradient]

    def fail(self, error):
        """What is returned in place of gradients, if somebody is there to raise the error after the pass."""
        present = passes.current()
        if present is None:
            if isinstance(error, KeyboardInterrupt):  # it would come out of Paddle as another error
                _thread.interrupt_main()
            raise error
        present.error = error
        return self._no_gradients()

    def backward(self, cotangents):
        if all(cotangent is None for cotangent in cotangents):
            return self._no_gradients()
        gradients = [_fit(operand, g) for operand, g in zip(self.operands, self._pulled_back(cotangents))]
        return gradients if len(gradients) == 1 else _apart(gradients)

    def _no_gradients(self):
        return [_fit(operand, None) for operand in self.operands]

    def _pulled_back(self, cotangents):
        for operand, version in self.versions:
            if operand.inplace_version != version:
                raise RuntimeError(
                    f"a tensor of shape {list(operand.shape)} that a derivative needs was changed by an in-place "
                    "operation after it was used; use the out-of-place operation (relu instead of relu_, "
                    "x = x + y instead of x.add_(y)), or a clone() of the tensor in one of the two places"
                )
        since = [operand for operand in self.constants if requires_grad(operand)]  # Paddle's nodes take no notice
        if since or autocast_is_on():
            with as_constants(since), without_autocast():
                gradients = self.pullback(*cotangents)
        else:
            gradients = self.pullback(*cotangents)
        return [gradients[position] for position in self.live]

    def forget(self):
        """Let go of the graph: an interrupt may leave a node that is never collected."""
        self.compute = self.pullback = self.error = None
        self.operands = self.versions = self.constants = ()


def _apart(gradients):
    """The gradients, of which no two share memory: to the first for a tensor Paddle adds the others in place."""
    seen = set()
    for position, gradient in enumerate(gradients):
        if gradient is not None:
            if gradient.data_ptr() in seen:
                gradients[position] = paddle.assign(gradient)
            else:
                seen.add(gradient.data_ptr())
    return gradients


def _fit(operand, gradient):
    """The gradient, or None for zero, as the node below the operand can take it."""
    if gradient is not None and gradient.dtype != operand.dtype:  # under autocast, an op's operands may differ in type
        gradient = gradient.astype(operand.dtype)
    differentiable = paddle.is_grad_enabled()
    if gradient is not None and not (differentiable and gradient.stop_gradient):
        return gradient
    if takes_any_gradient(operand):
        return gradient
    gradient = paddle.zeros_like(operand) if gradient is None else gradient
    return anchored(gradient) if differentiable else gradient


def anchored(constant):
    """A constant that looks as if it depended on a tensor."""
    if constant.size == 1:
        return constant.detach() * _anchor(constant.dtype)
    return with_pullback(constant.detach, [_anchor(constant.dtype)], lambda g: [None])


@functools.lru_cache(maxsize=None)
def _anchor(dtype):
    """A leaf, one, that stands in graphs for technical reasons; nobody wants its gradient."""
    leaf = paddle.ones([], dtype)
    leaf.stop_gradient = False
    _anchors.append(leaf)
    return leaf


_anchors: list[Tensor] = []


def anchor_addresses() -> set[int]:
    """The addresses of the leaf nodes that stand in graphs for technical reasons."""
    return set(map(address_of, _anchors))


def rooted(output, given=None):
    """`output` through a node from which a pass with ``create_graph=True`` may start: Paddle makes the cotangent that
    it starts from a leaf of the graph, which could not be told from a user's. One that the user has `given` stays what
    it is, for a derivative may be taken of it too."""
    is_constant = not requires_grad(given)

    def pullback(g):
        return [anchored(g) if is_constant and paddle.is_grad_enabled() else g]

    return with_pullback(output.clone, [output], pullback)


class MetaOptRule(PyLayer):
    @staticmethod
    def forward(ctx, operands, recorded):
        try:
            ctx.set_materialize_grads(False)
            ctx.recorded = recorded
            return recorded.forward()
        except BaseException as error:
            recorded.forget()
            recorded.error = error
            return paddle.zeros([1])

    @staticmethod
    def backward(ctx, *cotangents):
        frozen = ()
        try:
            for operand in (frozen := ctx.recorded.frozen_since()):
                operand.stop_gradient = False
            if len(cotangents) == 1 and isinstance(cotangents[0], list):
                cotangents = cotangents[0]
            return (ctx.recorded.run(cotangents),)
        except BaseException as error:
            return (ctx.recorded.fail(error),)
        finally:
            for operand in frozen:
                operand.stop_gradient = True


#: The class name shows in the graph, where the audit finds it.
assert MetaOptRule.__name__ == RULE_NAME
