"""The inner loop: a task's fast weights, the net on them, and their steps."""

from __future__ import annotations

import gc
import weakref
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Callable

import paddle

from .arguments import checked_function, require_dynamic_mode, whole_number
from .buffers import TaskBuffers, copies
from .deployment import adapted_net
from .double_grad import ANY_ORDER, activate, guards
from .double_grad.audit import explain, layer_of, unverified_nodes
from .double_grad.undo import Undo, grad_mode_kept, repair
from .errors import NotTwiceDifferentiableError, ReplayError, StaleTaskError
from .fast_weights import Slots
from .feature_reuse import FeatureReuse
from .history import Moment, Surroundings
from .inner_rates import require_fit
from .inner_rules import clip_gradients
from .leaves import Leaves
from .meta_gradients import with_gradients
from .plan import Plan
from .task_graph import TaskGraph
from .tensors import leaves_of, tensors_in


class _Forward:
    """A learner's ``forward``; for ``paddle.jit.save``, which asks in static mode, that of an adapted net by itself."""

    def __init__(self, function):
        self._function = function

    def __get__(self, learner, owner=None):
        if learner is None:
            return self._function
        if paddle.in_dynamic_mode():
            return self._function.__get__(learner, owner)
        return learner._deploy().forward


class Learner(paddle.nn.Layer):
    """A net during one task: callable like the net, on fast weights that `adapt` moves.

    Made by ``adapter.clone()`` and ``adapter.task()``. The fast weights stand in the net only while the learner is
    called, or for the length of a ``with`` block over it; afterwards the net holds its own tensors again, whatever
    happened.

    Parameters
    ----------
    net : Layer
    plan : Plan
        The optimizer's choices.
    tracked : bool
        Whether the graph back to the net's weights is kept, and the plan's choice of buffers. Evaluation does without.

    Raises
    ------
    ValueError
        If nothing of the net adapts.
    """

    def __init__(self, net, plan: Plan, tracked: bool = True):
        require_dynamic_mode()
        super().__init__()
        slots = _own_slots(net)
        adapted = [name for name, p in slots.parameters.items() if plan.adapts(name, p)]
        if not adapted:
            raise ValueError(
                "nothing adapts: no parameter of the net is trainable, in the optimizer, and chosen by adapt= or head=; "
                "is it another net than the optimizer's, or one of the two a copy? Copy them together"
            )
        vars(self)["net"] = net  # setattr would make it a sublayer
        self.training = net.training
        self.plan = plan
        self._tracked = tracked
        self._replays = tracked and plan.way.replays
        self._slots = slots
        self._adapted = adapted
        derivatives = "refuse" if self._replays else "follow" if tracked else "drop"
        self._task_buffers = TaskBuffers(slots, plan.buffers, derivatives, plan.way_name)
        self._graph = TaskGraph(self.end, None if plan.plain_backward else plan.way_name)
        self._fast = self._graph.start(slots.parameters, plan.learned) if tracked else leaves_of(slots.parameters)
        self._rule_state = plan.inner_rule.init({name: self._fast[name].detach() for name in adapted})
        self._steps = 0
        self._between_steps = True
        self._history = []
        self._reuse = FeatureReuse(self) if plan.head is not None and not self._replays else None
        self._open_blocks = []
        self._made_live = {}  # inputs, by id
        self._last_call = None  # to find the layer that an error speaks of
        self._leaves = Leaves()
        self._inputs = []
        self._solving = False
        self._before_query = None
        self._deployed = None
        # Also when the learner is just dropped, so not a method of its own.
        order = ANY_ORDER if tracked and plan.way.takes_second_derivatives else 1
        self._end = weakref.finalize(self, _end_task, activate(order), self._task_buffers if tracked else None)
        self._end.atexit = False

    def __reduce__(self):
        raise TypeError(
            "a Learner can't be copied or pickled: its fast weights hang in the graph of its task; begin another by "
            "adapter.clone(), or keep the values, learner.state_dict()"
        )

    def __call__(self, *inputs, **kwargs):
        require_dynamic_mode()
        return super().__call__(*inputs, **kwargs)

    def _forward(self, *inputs, **kwargs):
        """The net's output on the fast weights."""
        self._check_running()
        self._last_call = inputs, kwargs
        if self._made_live:
            inputs, kwargs = paddle.utils.map_structure(self._afresh, [inputs, kwargs])
        given = paddle.utils.flatten([inputs, kwargs])
        constants = [t for t in given if isinstance(t, paddle.Tensor) and t.stop_gradient]
        with self._swapped(), self._leaves.watching():
            output = self.net(*inputs, **kwargs)
        for tensor in constants:
            if not tensor.stop_gradient:  # the net's own doing; nobody asked for this gradient
                self._leaves.nobody_asked_for(tensor)
                tensor.stop_gradient = True
                self._made_live[id(tensor)] = tensor
        return output

    forward = _Forward(_forward)

    def to_static_state_dict(self, *args, **kwargs):
        return self._deployed.to_static_state_dict(*args, **kwargs)

    def _deploy(self):
        """A net with the present weights, for Paddle to trace."""
        self._graph.check()
        if self.net._forward_pre_hooks or self.net._forward_post_hooks:
            raise ValueError(
                "paddle.jit.save of a learner leaves out the hooks of its net; save the net itself inside of a block, "
                "with adapter.task() as task: ...; paddle.jit.save(net, ...)"
            )
        values = {**self._fast, **self._task_buffers.at(self._steps)}
        own = {**self._slots.parameters, **self._slots.buffers}
        present = {name: [own[name], self._slots.value(name)] for name in values}
        vars(self)["_deployed"] = adapted_net(self.net, present, values)  # setattr would make it a sublayer
        return self._deployed

    def _afresh(self, value):
        """An input that the net differentiates by, as a leaf of this call's own: the fast weights depend on the one of
        the calls before, and the net wants its gradient at fixed weights."""
        return value.detach() if id(value) in self._made_live else value

    def adapt(self, loss, steps: int = None):
        """Take inner steps.

        Parameters
        ----------
        loss : Tensor or callable
            A scalar loss, for one step; or a function without arguments that computes it anew for each step.
        steps : int, optional
            How many steps, with a callable; the optimizer's ``adapt_steps`` by default.

        Raises
        ------
        ValueError
            If `steps` is given with a tensor, or is negative; if the loss is not a scalar, or does not depend on the
            weights that adapt.
        StaleTaskError
            If the task has ended.
        NotTwiceDifferentiableError
            If a second derivative is needed through an op that has none.
        """
        self._check_running()
        self._check_holds_block()
        if self._solving and self._replays:
            raise ValueError(
                f"adapt inside the query function of meta_loss: {self.plan.way_name} would not see that step; take all "
                "inner steps before"
            )
        if isinstance(loss, paddle.Tensor):
            if steps is not None:
                raise ValueError(
                    "adapt(loss) is one step, for the loss was computed once; for several, pass a function: "
                    "adapt(lambda: loss_fn(learner(x), y), steps=...)"
                )
            if loss.stop_gradient and not paddle.is_grad_enabled():
                raise ValueError(
                    "adapt(loss) under paddle.no_grad(): no graph of the loss was recorded; pass a function, which is "
                    "computed with gradients on there too: adapt(lambda: loss_fn(learner(x), y), steps=1)"
                )
            if self._replays:
                raise ValueError(
                    f"{self.plan.way_name} computes the inner losses anew, so it needs a function: "
                    "adapt(lambda: loss_fn(learner(x), y), steps=1)"
                )
            self._step(lambda: loss)
            return
        if not callable(loss):
            raise TypeError(f"adapt: expected a scalar Tensor or a function that returns one, got {loss!r}")
        steps = self.plan.adapt_steps if steps is None else whole_number("adapt", "steps", steps)
        for _ in range(steps):
            self._step(loss)

    def meta_loss(self, query: Callable, inputs: list = ()):
        """The query loss, as a tensor whose gradient is the meta-gradient, for every way back.

        The task's graph is freed before it returns.

        Parameters
        ----------
        query : callable
            Computes the scalar query loss with the learner, or the net inside a ``task()`` block.
        inputs : list of Tensor, optional
            Leaf tensors outside the net and the optimizer that should get a gradient too.

        Returns
        -------
        Tensor
            A scalar; ``backward()`` adds the meta-gradient to ``.grad`` of the net's parameters.

        Raises
        ------
        ValueError
            If the losses or the inner steps depend on a leaf tensor that nobody named: it would silently get no
            gradient. If the query loss does not depend on the task's weights.
        StaleTaskError, NotTwiceDifferentiableError
        """
        value, gradients = self.solve(query, inputs)
        return with_gradients(value, self.meta_parameters(), gradients, self._graph)

    def solve(self, query: Callable, inputs: list = ()):
        """The query loss and the meta-gradient, as numbers.

        Returns
        -------
        value : Tensor
        gradients : list of Tensor or None
            For each of ``meta_parameters()``; None where it does not matter.
        """
        self._check_running()
        self._check_holds_block()
        checked_function("meta_loss", "query", query, "query(), which computes the query loss")
        self._inputs = self._further(inputs)
        self._before_query = Surroundings(self.net) if self.plan.query_weights is not None else None
        with Undo(partial(setattr, self, "_solving", False)):
            self._solving = True
            with self._graph.differentiated_by_us(), paddle.enable_grad():
                value, found = self.plan.way.solve(self, lambda: self._checked_query(query))
        return value.detach(), found

    def meta_parameters(self) -> list:
        """What a meta-gradient is taken for: the net's trainable parameters, what else is learned, named inputs."""
        return list({id(t): t for t in (*self._slots.parameters.values(), *self.plan.learned, *self._inputs)}.values())

    def _further(self, inputs) -> list:
        if not isinstance(inputs, (list, tuple)):
            raise TypeError(f"inputs: expected a list of leaf tensors, got {inputs!r}")
        for tensor in inputs:
            if not isinstance(tensor, paddle.Tensor) or tensor.stop_gradient or not tensor.is_leaf:
                raise ValueError(
                    "inputs: expected leaf tensors with stop_gradient=False; compute what follows from them inside the "
                    f"loss function. Got {tensor!r}"
                )
        return list(inputs)

    def end(self):
        """End the task: its losses can still go backward, but it can't be used any more."""
        self._end()
        self._history = []  # its closures usually hold this learner

    @property
    def fast_weights(self) -> dict:
        """The present fast weights, by the parameters' names."""
        return dict(self._fast)

    # What a Layer tells of itself is told of the fast weights.

    def parameters(self, include_sublayers=True):
        return list(self._fast.values())

    def named_parameters(self, *args, **kwargs):
        yield from self._fast.items()

    def named_buffers(self, *args, **kwargs):
        with self._swapped():
            found = list(self.net.named_buffers(*args, **kwargs))
        yield from found

    def named_sublayers(self, *args, **kwargs):
        yield from self.net.named_sublayers(*args, **kwargs)

    def state_dict(self, *args, **kwargs):
        with self._swapped():
            return self.net.state_dict(*args, **kwargs)

    def train(self):
        self.net.train()
        self.training = True

    def eval(self):
        self.net.eval()
        self.training = False

    def __enter__(self):
        self._check_running()
        swapped = self._swapped()
        swapped.__enter__()
        self._open_blocks.append(swapped)
        return self

    def __exit__(self, *exception):
        try:
            self._open_blocks.pop().__exit__(*exception)
        finally:
            self.end()

    @contextmanager
    def _swapped(self):
        if self._holds_net():
            yield
            return
        with grad_mode_kept(), self._slots.holding({**self._fast, **self._task_buffers.at(self._steps)}):
            with self._reuse.installed() if self._reuse is not None else nullcontext():
                yield
            self._task_buffers.take(self._steps)

    def _holds_net(self) -> bool:
        """Whether the net runs on this task's weights: its block is open, and no other task's within."""
        return bool(self._open_blocks) and self._slots.value(self._adapted[0]) is self._fast[self._adapted[0]]

    def _check_holds_block(self):
        if self._open_blocks and not self._holds_net():
            raise ValueError(
                "another task's block is open inside this one's: the net runs on its weights; close it first"
            )

    # What the ways back are made of.

    @property
    def adapted(self) -> list:
        """The names of the fast weights that move."""
        return list(self._adapted)

    @property
    def own_weights(self) -> dict:
        """The net's trainable parameters, by name."""
        return dict(self._slots.parameters)

    @property
    def inner_penalty(self) -> float:
        """Factor of the L2 penalty that the inner rule adds to the losses."""
        return float(getattr(self.plan.inner_rule, "weight_decay", 0.0))

    @property
    def history(self) -> list:
        """The moments before each inner step, if the way back or the plan's query weights need them."""
        return list(self._history)

    def present(self) -> Moment:
        return Moment(self._steps, dict(self._fast), self._rule_state)

    def query_points(self) -> list:
        """(moment, weight) for each place where the query loss counts."""
        if self.plan.query_weights is None or not self._steps:
            return [(self.present(), 1.0)]
        after = [*self._history[1:], self.present()]
        return [(moment, weight) for moment, weight in zip(after, self.plan.query_weights(self._steps)) if weight]

    @contextmanager
    def at(self, moment: Moment, fast: dict = None):
        """A context in which the task has the weights and buffers of `moment`, or other fast weights if given.

        Buffers come back as they were before, but for the present moment's, which are used as they are.
        """
        held = self._holds_net()
        with Undo(partial(self._go_back_to, self._fast, held)):
            self._fast = {**moment.fast, **(fast or {})}
            with self._task_buffers.replaced(moment.buffers if moment.step != self._steps else None):
                if not held:
                    yield
                    return
                with self._slots.holding({**self._fast, **self._task_buffers.at(self._steps)}):
                    yield
                    self._task_buffers.take(self._steps)

    def _go_back_to(self, fast: dict, held: bool):
        self._fast = fast
        if held:
            self._renew_block()

    def replayed_loss(self, moment: Moment, fast: dict, elsewhere: bool = False):
        """The loss of the step at `moment`, on these fast weights.

        Raises
        ------
        ReplayError
            If it is another one than then, and the weights are not `elsewhere`.
        """
        with Surroundings(self.net).kept():
            moment.surroundings.restore()
            with self.at(moment, fast):
                loss = self._scalar(moment.loss(), "loss")
        if not elsewhere and not _close(float(loss), moment.value, loss.dtype):
            raise ReplayError(
                f"the loss of inner step {moment.step} was {moment.value:.6g} and is {float(loss):.6g} when computed "
                "again; is it a lambda in a loop that reads the loop's variables late (bind them: lambda x=x, y=y: "
                "...), or does it draw other data each time?"
            )
        return loss

    def inner_gradients(self, loss, fast: dict, differentiable: bool) -> dict:
        """The gradients of a scalar loss for the fast weights, by name, without those that do not matter."""
        names = [name for name in fast if not fast[name].stop_gradient]
        if loss.stop_gradient:
            return {}
        if differentiable:
            self._audit(loss, [fast[name] for name in names])
        with self._graph.differentiated_by_us():
            found = guards.gradients(
                loss, [fast[name] for name in names], create_graph=differentiable, retain_graph=True,
                allow_unused=True, no_grad_vars=self._reuse.boundaries() if self._reuse is not None else None,
            )  # fmt: skip
        return {name: g for name, g in zip(names, found) if g is not None}

    def inner_update(self, step: int, fast: dict, gradients: dict, state: dict) -> tuple:
        """The adapted weights and the rule's state after a step with these gradients."""
        plan, own = self.plan, self._slots.parameters
        if plan.way.proximal:
            gradients = {
                name: g + plan.way.proximal * (fast[name] - own[name].detach()) for name, g in gradients.items()
            }
        if plan.transform is not None:
            gradients = {name: plan.transform(own[name], g) for name, g in gradients.items()}
        exempt = [name for name in gradients if not getattr(own[name], "need_clip", True)]
        gradients = clip_gradients(plan.inner_grad_clip, gradients, exempt)
        rates = {name: _rate_for(own[name], plan.rate_of(own[name], step)) for name in self._adapted}
        return plan.inner_rule.update({name: fast[name] for name in self._adapted}, gradients, rates, state)

    def _scalar(self, value, what: str):
        if not isinstance(value, paddle.Tensor):
            raise TypeError(f"the {what} function must return a Tensor, got {value!r}")
        if value.size != 1:
            raise ValueError(f"the {what} must be a scalar, got shape {list(value.shape)}; reduce it, e.g. by mean()")
        if value.is_complex():
            raise ValueError(f"the {what} must be real, got {value.dtype}; take its real() or abs()")
        return value if value.ndim == 0 else value.reshape([])

    def _step(self, compute: Callable):
        moment = self._moment(compute)
        unrolled = self._tracked and self.plan.way.tracks_inner_gradients
        with paddle.enable_grad():
            with self._leaves.watching():
                loss = self._scalar(compute(), "loss")
            if self._tracked and self.plan.way.watches_inner_losses:
                self._leaves.add(loss, self._fast.values())
            fast = {name: self._fast[name] for name in self._adapted}
            slopes = self.inner_gradients(loss, fast, differentiable=unrolled)
            if not slopes:
                raise ValueError(
                    "the inner loss does not depend on the weights that adapt; was it computed with the net instead of "
                    "the learner, before the last inner step, or under paddle.no_grad()?"
                )
            moved, state = self.inner_update(self._steps, fast, slopes, self._rule_state)
            if self._tracked:
                before = [*self._fast.values(), *slopes.values(), *tensors_in(self._rule_state)]
                self._leaves.add(tensors_in([moved, state]), before)
        if self._replays:
            moment.value = float(loss)
            moved, state = self._graph.cut(moved, self._slots.parameters), _detached(state)
        elif not self._tracked:
            moved, state = leaves_of(moved), _detached(state)
        self._between_steps = False
        if moment is not None:
            if not self.plan.way.replays_every_step:
                self._history.clear()
            self._history.append(moment)
        held = self._holds_net()
        if held:
            self._task_buffers.take(self._steps)
        if not self._replays:
            self._leaves.pass_by(self._fast.values())
        self._rule_state = state
        self._fast.update(moved)
        self._steps += 1
        if held:
            self._renew_block()
        self._between_steps = True

    def _moment(self, compute):
        """The moment before a step, if the way back or the plan's query weights need it."""
        if not self._tracked or not (self._replays or self.plan.query_weights is not None):
            return None
        if self._holds_net():
            self._task_buffers.take(self._steps)
        moment = self.present()
        moment.buffers = copies(self._task_buffers.at(self._steps))
        if self._replays:
            moment.surroundings, moment.loss = Surroundings(self.net), compute
        return moment

    def _renew_block(self):
        """Put the moved fast weights, and the buffers of the step, into the net that an open block runs on."""
        fast = {name: self._fast[name] for name in self._adapted}
        for name, tensor in {**fast, **self._task_buffers.at(self._steps)}.items():
            for container, key in self._slots.places(name):
                container[key] = tensor

    def _audit(self, loss, fast):
        culprits = unverified_nodes(loss, fast)
        if culprits:
            raise NotTwiceDifferentiableError(explain(culprits, self._where(culprits, fast)))

    def _where(self, culprits, fast) -> str:
        if self._last_call is None:
            return ""
        inputs, kwargs = self._last_call
        return layer_of(culprits, fast, self.net, lambda: self(*inputs, **kwargs))

    def _checked_query(self, query):
        if self._before_query is not None:  # each of several draws the same random numbers, in whatever order
            self._before_query.restore()
        with self._leaves.watching():
            loss = self._scalar(query(), "query loss")
        if not self._leaves.add(loss, self._fast.values()) and self.plan.way.differentiates_query:
            raise ValueError(
                "the query loss does not depend on the weights of the task; compute it inside the function, with the "
                "learner, or with the net in a task() block"
            )
        self._leaves.require_named(self.meta_parameters(), self._reuse.anchors() if self._reuse is not None else set())
        return loss

    @property
    def takes_gradients_itself(self) -> bool:
        """Whether the net or the loss function was seen to call ``paddle.grad(..., create_graph=True)``."""
        return self._leaves.net_takes_gradients

    @property
    def is_running(self) -> bool:
        """Whether the task goes on."""
        return self._end.alive and not self._graph.stale

    def _check_running(self):
        require_dynamic_mode()
        self._graph.check()
        if not self._between_steps:
            raise StaleTaskError("an inner step of this task was interrupted half-way; start a new task")
        if not self._end.alive:
            raise StaleTaskError("this task has ended; start a new one with adapter.clone() or adapter.task()")


def _own_slots(net) -> Slots:
    """The slots of a net that runs on its own weights."""
    repair()
    slots = Slots(net)
    if all(p.is_leaf for p in slots.parameters.values()):
        return slots
    gc.collect()  # a block that an interrupt kept from being left ends with its task
    slots = Slots(net)
    if all(p.is_leaf for p in slots.parameters.values()):
        return slots
    raise ValueError("the net runs on the fast weights of an open task() block; begin the new task outside of it")


def _end_task(release, buffers):
    release()
    if buffers is not None:
        buffers.leave_behind()


def _detached(state):
    return paddle.utils.map_structure(lambda x: x.detach() if isinstance(x, paddle.Tensor) else x, state)


def _rate_for(parameter, rate):
    """The rate in the parameter's type; one of one element as a scalar, for it must not add an axis to the weight."""
    if not isinstance(rate, paddle.Tensor):
        return rate
    if rate.dtype != parameter.dtype:
        rate = rate.astype(parameter.dtype)
    require_fit(rate, [parameter])
    return rate.reshape([]) if rate.size == 1 and rate.ndim > parameter.ndim else rate


def _close(first: float, second: float, dtype) -> bool:
    if first != first and second != second:  # both are nan
        return True
    relative, rounding = (1e-9, 1e-15) if dtype == paddle.float64 else (1e-4, 1e-7)
    return abs(first - second) <= relative * abs(second) + rounding
