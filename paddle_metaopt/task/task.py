"""One task, as the ways back see it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Callable

from ..double_grad import activate
from ..meta_gradients import StepGraphs
from ..tensors import detached_copies, tensors_in
from ..vmap import batched_gradients, spread_all
from .body_reuse import BodyReuse
from .buffers import BufferKeeper, TaskBuffers
from .diagnosis import checked_inputs, refuse_unverified, require_adapted, require_slopes
from .graph import TaskGraph
from .inputs import Inputs
from .leaves import Leaves
from .lifetime import Lifetime
from .moment import Moment, Replay, Surroundings
from .plan import Plan
from .residence import Residence, own_slots
from .start import Start, begun_elsewhere


class Task:
    """A net's adaptation to one task: where it began, where it stands, and its inner steps.

    Parameters
    ----------
    net : Layer
    plan : Plan
    keeper : BufferKeeper
        Gives the buffers to begin with, and takes those that remain.
    support : pair or None
        The support set, for a plan whose tasks begin at weights that depend on it.
    tasks : int, optional
        It stands for so many at once, within `vmap.batching`.
    processes : Processes, optional
        Those that what is learned, and what remains of the buffers, is averaged over.
    by_solve : bool
        Whether all gradients for what is meta-learned are taken by `Learner.solve`, none by a plain ``backward()``.

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
        Which leaf tensors the task depends on.
    start : Start
    history : list of Moment
        Those that the way back needs, oldest first.
    lifetime : Lifetime
    meta_parameters : list of Tensor
        What a meta-gradient is taken for.

    Raises
    ------
    ValueError
        If nothing of the net adapts.
    """

    def __init__(
        self, net, plan: Plan, keeper: BufferKeeper, support=None, tasks: int | None = None, processes=None,
        by_solve: bool = False,
    ):  # fmt: skip
        slots = own_slots(net)
        self.plan = plan
        self.own = slots.parameters
        self.adapted = require_adapted([name for name, p in self.own.items() if plan.adapts(name, p)])
        self.graph = TaskGraph(plan.refusal_of_backward, processes)
        self.leaves = Leaves(StepGraphs(apart=by_solve))
        self.start = Start(detached_copies(self.own) if plan.way.looks_back else self.own)
        self.history = []
        self._net = net
        self._inputs = Inputs(self.leaves)
        self.meta_parameters = asked_for(self)
        if processes is not None:
            keeper.share(slots.buffers, processes)
        buffers = TaskBuffers(slots, keeper, plan.way.buffer, tasks)
        self._for_all = partial(spread_all, tasks=tasks) if tasks else dict
        fast = self._for_all(plan.way.start(self.graph, self.own, plan.learned.values()))
        around = nullcontext
        if plan.head is not None and plan.adapt_steps > 1 and plan.way.steps_share:
            around = BodyReuse(net, plan.head, slots, fast, self.adapted, keeper.keeps).installed
        if processes is not None:
            around = partial(_within, processes.quiet, around)
        self.residence = Residence(slots, buffers, fast, around)
        release = activate(plan.way.order)
        self.lifetime = Lifetime(self.graph, self.history, release, partial(plan.way.finish, buffers))
        try:
            if plan.begin is not None:
                self._begin_elsewhere(support)
            self._state = plan.step.before({name: fast[name] for name in self.adapted})
        except BaseException:
            self.lifetime.end()
            raise

    def _begin_elsewhere(self, support):
        with self.leaves.watching():
            values = self._for_all(begun_elsewhere(self.plan.begin, self._net, self.residence, self.own, support))
        way, fast = self.plan.way, self.residence.fast
        self.leaves.add([x for x in values.values() if not x.stop_gradient], fast.values())
        begun = way.begun(self.graph, values, fast)
        # The others anew: an inner gradient for them is one at a fixed value of what follows from them here.
        others = way.start(self.graph, {name: p for name, p in self.own.items() if name not in values}, ())
        fast.update(begun, **self._for_all(others))
        self.start.move(begun)

    def call(self, inputs, kwargs):
        """The net's output on the fast weights."""
        self.lifetime.require()
        with self._inputs.of_a_call(inputs, kwargs) as given, self.residence.entered(), self.leaves.watching():
            inputs, kwargs = given
            return self._net(*inputs, **kwargs)

    def moment(self, compute: Callable | None = None, kept: bool = False) -> Moment:
        """Where the task stands, with the buffers as they are now if it is `kept` to come back to; the step on the loss
        that `compute` gives may be taken again from there."""
        moment = Moment(self.residence.steps, dict(self.residence.fast), self._state)
        if kept or compute is not None:
            moment.buffers = self.residence.copied_buffers()
        if compute is not None:
            moment.replay = Replay(compute, self.residence, Surroundings(self._net))
        return moment

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
            found = batched_gradients(
                loss, weights, create_graph=differentiable, retain_graph=True, allow_unused=True,
                only_on_the_way=len(names) < len(self.own),
            )  # fmt: skip
        return {name: g for name, g in zip(names, found) if g is not None}

    def _run_again(self):
        if self._inputs.last is not None:
            self.call(*self._inputs.last)

    def moved_by(self, gradients: dict) -> tuple:
        """The weights that adapt and the rule's state after an inner step from here, with a note of the leaves that
        they depend on."""
        require_slopes(gradients)
        fast = {name: self.residence.fast[name] for name in self.adapted}
        moved, state = self.plan.step(self.own, self.start.weights, fast, gradients, self._state, self.residence.steps)
        if not self.plan.step.is_closed(self.own, self.residence.steps):
            before = [*self.residence.fast.values(), *gradients.values(), *tensors_in(self._state)]
            self.leaves.add(tensors_in([moved, state]), before)
        return moved, state

    def move(self, moved: dict, state: dict) -> None:
        """The inner step was taken: it stands here now."""
        if self.plan.way.steps_share:  # else their nodes go, and others may come to stand at the same addresses
            self.leaves.pass_by(self.residence.fast.values())
        self._state = state
        self.residence.move(moved)


def asked_for(task: Task, inputs: list = ()) -> list:
    """What a meta-gradient is taken for: the net's trainable parameters, what else is learned, and named inputs."""
    wanted = (*task.own.values(), *task.plan.learned.values(), *checked_inputs("meta_loss", inputs))
    return list({id(tensor): tensor for tensor in wanted}.values())


@contextmanager
def _within(outer: Callable, inner: Callable):
    """The contexts that both give, as one."""
    with outer(), inner():
        yield
