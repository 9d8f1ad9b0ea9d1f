"""Back through the inner loop one step at a time, each step taken again; memory for one step, however many there are.

With θ' = u(θ, g, s), g = ∇L(θ), a cotangent θ̄' goes back in two parts: through the update u by Paddle's engine, which
gives ḡ, and through the gradient g, where ḡ becomes the gradient of <g, ḡ> with respect to all that L depends on.
"""

from __future__ import annotations

import paddle

from ..tensors import added, leaf, leaves_of, tensors_in
from .unrolled import WayBack


class Replayed(WayBack):
    """Base of the ways that take each inner step again; a subclass says how a gradient is differentiated."""

    replays = True

    def solve(self, task, query):
        points = {moment.step: (moment, weight) for moment, weight in task.query_points()}
        total = 0.0
        bar = Cotangents(task)
        for moment in [task.present(), *reversed(task.history)]:
            if moment.step < len(task.history):
                self._through_step(task, moment, bar)
            if moment.step in points:
                total = total + self._add_query(task, query, *points[moment.step], bar)
        return total, bar.gradients()

    def _add_query(self, task, query, moment, weight, bar):
        fast = leaves_of(moment.fast)
        with task.at(moment, fast):
            loss = query()
        gradients = paddle.grad(loss, [*fast.values(), *task.meta_parameters()], allow_unused=True)
        scaled = [None if g is None else g * weight for g in gradients]
        bar.add_weights(dict(zip(fast, scaled)))
        bar.add_direct(scaled[len(fast) :])
        return loss.detach() * weight

    def _through_step(self, task, moment, bar):
        fast = leaves_of(moment.fast)
        gradient = self.inner_gradient(task, moment, fast)
        numbers = {name: leaf(g) for name, g in gradient.values.items()}
        state, slots = _with_leaves(moment.state)
        before = {name: leaf(fast[name]) for name in task.adapted}
        with paddle.enable_grad():
            after, new_state = task.inner_update(moment.step, before, numbers, state)
        pairs = [(after[name], bar.weights.get(name)) for name in task.adapted]
        pairs += list(zip(tensors_in(new_state), bar.state)) if bar.state else []
        pairs = [(y, g) for y, g in pairs if g is not None and not y.stop_gradient]
        wrt = [*before.values(), *numbers.values(), *slots, *task.meta_parameters()]
        pulled = [None] * len(wrt)
        if pairs:
            pulled = paddle.grad([y for y, _ in pairs], wrt, [g for _, g in pairs], allow_unused=True)
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
        <values, towards> for the fast weights, by name, and for ``task.meta_parameters()``."""
        raise NotImplementedError


class Checkpointed(Replayed):
    """The exact meta-gradient in the memory of one inner step, for the price of taking each step twice.

    The idea is gradient checkpointing (Chen et al. 2016, https://arxiv.org/abs/1604.06174), with a checkpoint before
    every step.
    """

    name = "meta_gradient='checkpointed'"

    def inner_gradient(self, task, moment, fast):
        return ExactGradient(task, moment, fast)


class ExactGradient:
    """The gradient of a step's loss, with its derivative by Paddle's engine."""

    def __init__(self, task, moment, fast, elsewhere=False):
        loss = task.replayed_loss(moment, fast, elsewhere)
        self._task, self._fast = task, fast
        self._live = task.inner_gradients(loss, {name: fast[name] for name in task.adapted}, differentiable=True)
        self.values = {name: g.detach() for name, g in self._live.items()}

    def pulled(self, towards: dict, again: bool = False) -> tuple:
        live = [(self._live[name], u) for name, u in towards.items() if not self._live[name].stop_gradient]
        wrt = [*self._fast.values(), *self._task.meta_parameters()]
        if not live:
            return {}, []
        found = paddle.grad([g for g, _ in live], wrt, [u for _, u in live], retain_graph=again, allow_unused=True)
        return dict(zip(self._fast, found)), found[len(self._fast) :]


class Cotangents:
    """The gradient of what was passed so far, for the fast weights, for the rule's state, and for what is
    meta-learned where it entered directly: a rate, or a loss that looks at the net's own weights."""

    def __init__(self, task):
        self._own = list(task.own_weights)
        self.weights = {}
        self.state = []
        self._direct = [None] * len(task.meta_parameters())

    def replace_weights(self, found: dict):
        self.weights.update(found)

    def add_weights(self, found: dict):
        for name, g in found.items():
            self.weights[name] = added(self.weights.get(name), g)

    def add_direct(self, found: list):
        if found:
            self._direct = [added(a, b) for a, b in zip(self._direct, found)]

    def gradients(self) -> list:
        through_start = [added(self.weights.get(name), g) for name, g in zip(self._own, self._direct)]
        return [*through_start, *self._direct[len(self._own) :]]


def _with_leaves(state) -> tuple:
    """The state with leaves for its tensors, and those leaves."""
    flat = paddle.utils.flatten(state)
    fresh = [leaf(x) if isinstance(x, paddle.Tensor) else x for x in flat]
    return paddle.utils.pack_sequence_as(state, fresh), [x for x in fresh if isinstance(x, paddle.Tensor)]
