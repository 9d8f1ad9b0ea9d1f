"""Back through the inner loop one step at a time, each step taken again; memory for one step, however many there are.

With θ' = u(θ, g, s), g = ∇L(θ), a cotangent θ̄' goes back in two parts: through the update u by Paddle's engine, which
gives ḡ, and through the gradient g, where ḡ becomes the gradient of <g, ḡ> with respect to all that L depends on.
"""

from __future__ import annotations

import paddle

from ..tensors import added, leaf, leaves_of, tensors_in
from ..vmap import batched_gradients
from .way_back import Replaying, query_points


class StepByStep(Replaying):
    """Base of the ways that take each inner step again; a subclass says how a gradient is differentiated."""

    def solve(self, task, query):
        points = {moment.step: (moment, weight) for moment, weight in query_points(task)}
        total = 0.0
        bar = Cotangents(task)
        for moment in [task.moment(), *reversed(task.history)]:
            if moment.step < len(task.history):
                self._through_step(task, moment, bar)
            if moment.step in points:
                total = total + bar.add_query(query, *points[moment.step])
        return total, bar.gradients()

    def _through_step(self, task, moment, bar):
        fast = leaves_of(moment.fast)
        gradient = self.inner_gradient(task, moment, fast)
        numbers = {name: leaf(g) for name, g in gradient.values.items()}
        state, slots = _with_leaves(moment.state)
        before = {name: leaf(fast[name]) for name in task.adapted}
        with paddle.enable_grad(), moment.update_again():
            after, new_state = task.plan.step(task.own, task.start.weights, before, numbers, state, moment.step)
        pairs = [(after[name], bar.weights.get(name)) for name in task.adapted]
        pairs += list(zip(tensors_in(new_state), bar.state)) if bar.state else []
        pairs = [(y, g) for y, g in pairs if g is not None and not y.stop_gradient]
        wrt = [*before.values(), *numbers.values(), *slots, *task.meta_parameters]
        pulled = [None] * len(wrt)
        if pairs:
            outputs, cotangents = zip(*pairs)
            pulled = batched_gradients(outputs, wrt, grad_outputs=cotangents, allow_unused=True)
        pulled = iter(pulled)
        through_update = {name: next(pulled) for name in before}
        towards = {name: next(pulled) for name in numbers}
        bar.state = [next(pulled) for _ in slots]
        bar.replace_weights(through_update)
        bar.add_direct(list(pulled))
        towards = {name: g for name, g in towards.items() if g is not None}
        if towards:
            weights, direct = gradient.pulled(towards)
            bar.add_weights(weights)
            bar.add_direct(direct)

    def inner_gradient(self, task, moment, fast):
        """The inner gradient at `fast`: its ``values`` by name, and ``pulled(towards)``, the gradients of
        <values, towards> for the fast weights, by name, and for ``task.meta_parameters``."""
        raise NotImplementedError


class Cotangents:
    """The gradient of what was passed so far, for the fast weights, for the rule's state, and for what is
    meta-learned where it entered directly: a rate, or a loss that looks at the net's own weights."""

    def __init__(self, task):
        self._task = task
        self.weights = {}
        self.state = []
        self._direct = [None] * len(task.meta_parameters)

    def add_query(self, query, moment, weight: float = 1.0):
        """Add the gradient of the query loss at a moment; returns the loss, times its weight."""
        fast = leaves_of(moment.fast)
        with self._task.residence.at(moment, fast):
            loss = query()
        gradients = batched_gradients(loss, [*fast.values(), *self._task.meta_parameters], allow_unused=True)
        if weight != 1.0:
            gradients = [None if g is None else g * weight for g in gradients]
        self.add_weights(dict(zip(fast, gradients)))
        self.add_direct(gradients[len(fast) :])
        return loss.detach() * weight

    def replace_weights(self, found: dict):
        self.weights.update(found)

    def add_weights(self, found: dict):
        for name, g in found.items():
            self.weights[name] = added(self.weights.get(name), g)

    def add_direct(self, found: list):
        if found:
            self._direct = [added(a, b) for a, b in zip(self._direct, found)]

    def gradients(self) -> list:
        """For ``task.meta_parameters``, now that the way has come back to where the task began."""
        through_start = self._task.start.pulled_back(self.weights, self._task.meta_parameters)
        return [added(a, b) for a, b in zip(through_start, self._direct)]


def _with_leaves(state) -> tuple:
    """The state with leaves for its tensors, and those leaves."""
    flat = paddle.utils.flatten(state)
    fresh = [leaf(x) if isinstance(x, paddle.Tensor) else x for x in flat]
    return paddle.utils.pack_sequence_as(state, fresh), [x for x in fresh if isinstance(x, paddle.Tensor)]
