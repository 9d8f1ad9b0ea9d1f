"""One task: the inner steps, and what the ways back work with."""

from __future__ import annotations

import weakref
from contextlib import nullcontext
from functools import partial
from typing import Callable

import paddle

from ..arguments import checked_function, require_dynamic_mode
from ..double_grad import activate, guards
from ..double_grad.undo import Undo
from ..errors import StaleTaskError
from ..meta_gradients import MetaGradient
from ..tensors import scalar, tensors_in
from .body_reuse import BodyReuse
from .buffers import BufferKeeper, TaskBuffers
from .diagnosis import refuse_unverified, require_leaf_inputs, require_slopes
from .graph import TaskGraph
from .inputs import Inputs
from .leaves import Leaves
from .moment import Moment, Replay, Surroundings
from .plan import Plan
from .residence import Residence, own_slots
from .start import Start, begun_elsewhere


class Task:
    """A net's adaptation to one task, from where the task begins to the meta-gradient.

    Parameters
    ----------
    net : Layer
    plan : Plan
    keeper : BufferKeeper
        Gives the buffers to begin with, and takes those that remain.
    support : pair or None
        The support set, for a plan whose tasks begin at weights that depend on it.

    Attributes
    ----------
    plan : Plan
    own : dict of str to Parameter
        The net's trainable parameters.
    adapted : list of str
        The names of those whose fast weights move.
    graph : TaskGraph
    residence : Residence
        The present fast weights.
    leaves : Leaves
    history : list of Moment
        Those that the way back needs, oldest first.

    Raises
    ------
    ValueError
        If nothing of the net adapts.
    """

    def __init__(self, net, plan: Plan, keeper: BufferKeeper, support=None):
        slots = own_slots(net)
        self.plan = plan
        self.own = slots.parameters
        self.adapted = [name for name, p in self.own.items() if plan.adapts(name, p)]
        if not self.adapted:
            raise ValueError(
                "nothing adapts: no parameter of the net is trainable, in the optimizer, and chosen by adapt= or head=; "
                "is it another net than the optimizer's, or one of the two a copy? Copy them together"
            )
        self.graph = TaskGraph(self.end, plan.refusal_of_backward)
        self.leaves = Leaves()
        self.history = []
        self._net = net
        self._inputs = Inputs(self.leaves)
        self._named = []
        self._interrupted = False
        self._solving = False
        buffers = TaskBuffers(slots, keeper, plan.way.buffer)
        fast = plan.way.start(self.graph, self.own, plan.learned.values())
        reuses = plan.head is not None and plan.adapt_steps > 1 and plan.way.steps_share
        reuse = BodyReuse(net, plan.head, slots, fast, self.adapted, keeper.keeps).installed if reuses else nullcontext
        self.residence = Residence(slots, buffers, fast, reuse)
        # Also when the task is just dropped, so not a method of its own.
        self._end = weakref.finalize(self, _end, activate(plan.way.order), partial(plan.way.finish, buffers))
        self._end.atexit = False
        self._start = Start(self.own)
        if plan.begin is not None:
            try:
                self._begin_elsewhere(support)
            except BaseException:
                self.end()
                raise
        self._state = plan.step.before({name: fast[name] for name in self.adapted})

    def _begin_elsewhere(self, support):
        with self.leaves.watching():
            values = begun_elsewhere(self.plan.begin, self._net, self.residence, self.own, support)
        fast = self.residence.fast
        self.leaves.add(values.values(), fast.values())
        fast.update(self.plan.way.begun(self.graph, values, fast))
        self._start.move({name: fast[name] for name in values})

    def call(self, inputs, kwargs):
        """The net's output on the fast weights."""
        self.require_running()
        with self._inputs.of_a_call(inputs, kwargs) as given, self.residence.entered(), self.leaves.watching():
            inputs, kwargs = given
            return self._net(*inputs, **kwargs)

    def advance(self, compute: Callable):
        """Take an inner step on the loss that `compute` gives."""
        way = self.plan.way
        moment = way.before_step(self, compute)
        with paddle.enable_grad():
            with self.leaves.watching():
                loss = scalar(compute(), "loss")
            moved, state = way.take_step(self, loss)
        self._interrupted = True
        if moment is not None:
            if moment.replay is not None:
                moment.replay.loss = loss.detach()
            way.remember(self.history, moment)
        if way.steps_share:  # else their nodes go, and others may come to stand at the same addresses
            self.leaves.pass_by(self.residence.fast.values())
        self._state = state
        self.residence.move(moved)
        self._interrupted = False

    def solve(self, query: Callable, inputs: list = ()) -> MetaGradient:
        """The query loss and the meta-gradient as numbers, for `meta_parameters`."""
        self.require_ready()
        checked_function("meta_loss", "query", query, "query(), which computes the query loss")
        self._named = require_leaf_inputs(inputs)
        # Of several query losses, each draws the same random numbers, in whatever order.
        surroundings = Surroundings(self._net) if self.plan.query_weights is not None else None
        with Undo(partial(setattr, self, "_solving", False)):
            self._solving = True
            with self.graph.differentiated_by_us(), paddle.enable_grad():
                value, found = self.plan.way.solve(self, partial(self._query_loss, query, surroundings))
        return MetaGradient(value.detach(), self.meta_parameters(), found, self.graph)

    def _query_loss(self, query, surroundings, as_number=False):
        if surroundings is not None:
            surroundings.restore()
        with self.leaves.watching():
            loss = scalar(query(), "query loss")
        depends = self.leaves.add(loss, self.residence.fast.values())
        if not depends and not as_number:
            raise ValueError(
                "the query loss does not depend on the weights of the task; compute it inside the function, with the "
                "learner, or with the net in a task() block"
            )
        self.leaves.require_named(self.meta_parameters())
        return loss

    def end(self):
        """End the task: its losses can still go backward, but it can't be used any more."""
        self._end()
        self.history = []  # its closures usually hold the learner

    @property
    def is_running(self) -> bool:
        return self._end.alive and not self.graph.stale

    def require_running(self):
        """Raise a StaleTaskError if the task has ended, or can't go on."""
        require_dynamic_mode()
        self.graph.check()
        if self._interrupted:
            raise StaleTaskError("an inner step of this task was interrupted half-way; start a new task")
        if not self._end.alive:
            raise StaleTaskError("this task has ended; start a new one with adapter.clone() or adapter.task()")

    def require_ready(self):
        """Raise if no inner step, and no meta-gradient, can be taken now."""
        self.require_running()
        self.residence.require_innermost()
        if self._solving:
            self.plan.way.require_before_query()

    # What the ways back are made of.

    def meta_parameters(self) -> list:
        """What a meta-gradient is taken for: the net's trainable parameters, what else is learned, named inputs."""
        return list({id(t): t for t in (*self.own.values(), *self.plan.learned.values(), *self._named)}.values())

    def present(self) -> Moment:
        """Where the task stands; its buffers are the present ones."""
        return Moment(self.residence.steps, dict(self.residence.fast), self._state)

    def moment(self, compute: Callable | None = None) -> Moment:
        """Where the task stands, to come back to; the step on the loss that `compute` gives may be taken again."""
        moment = self.present()
        moment.buffers = self.residence.copied_buffers()
        if compute is not None:
            moment.replay = Replay(compute, self.residence, Surroundings(self._net))
        return moment

    def query_points(self) -> list:
        """(moment, weight) for each place where the query loss counts."""
        steps = self.residence.steps
        if self.plan.query_weights is None or not steps:
            return [(self.present(), 1.0)]
        after = [*self.history[1:], self.present()]
        return [(moment, weight) for moment, weight in zip(after, self.plan.query_weights(steps)) if weight]

    def moved_by(self, gradients: dict) -> tuple:
        """The weights that adapt and the rule's state after an inner step from here, with a note of the leaves that
        they depend on."""
        require_slopes(gradients)
        fast = {name: self.residence.fast[name] for name in self.adapted}
        moved, state = self.stepped(fast, gradients, self._state, self.residence.steps)
        before = [*self.residence.fast.values(), *gradients.values(), *tensors_in(self._state)]
        self.leaves.add(tensors_in([moved, state]), before)
        return moved, state

    def stepped(self, fast: dict, gradients: dict, state: dict, step: int) -> tuple:
        """The same from anywhere."""
        return self.plan.step(self.own, self._start.weights, fast, gradients, state, step)

    def gradients(self, loss, fast: dict | None = None, differentiable: bool = False) -> dict:
        """The gradients of a scalar loss for the weights that adapt, the present ones or `fast`, by name, without those
        that do not matter."""
        fast = self.residence.fast if fast is None else fast
        names = [name for name in self.adapted if not fast[name].stop_gradient]
        if loss.stop_gradient:
            return {}
        weights = [fast[name] for name in names]
        if differentiable:
            refuse_unverified(loss, weights, self._net, self._run_again)
        with self.graph.differentiated_by_us():
            found = guards.gradients(loss, weights, create_graph=differentiable, retain_graph=True, allow_unused=True)
        return {name: g for name, g in zip(names, found) if g is not None}

    def _run_again(self):
        if self._inputs.last is not None:
            self.call(*self._inputs.last)

    def back_from_start(self, cotangents: dict) -> list:
        """The gradients for `meta_parameters`, from those for the weights that the task began with."""
        return self._start.pulled_back(cotangents, self.meta_parameters())


def _end(release, finish):
    with Undo(release):
        finish()
