"""The inner loop: a task's fast weights, the net on them, and their steps."""

from __future__ import annotations

import weakref
from contextlib import contextmanager, nullcontext
from typing import Callable

import paddle

from .double_grad import activate
from .double_grad.audit import explain, leaf_addresses, unverified_nodes
from .double_grad.graph import address_of
from .errors import NotTwiceDifferentiableError, ReplayError, StaleTaskError
from .fast_weights import Slots
from .feature_reuse import FeatureReuse
from .history import Moment, Surroundings
from .inner_rules import clip_gradients
from .meta_gradients import with_gradients
from .plan import Plan
from .task_graph import TaskGraph, leaf


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
        super().__init__()
        slots = Slots(net)
        adapted = [name for name, p in slots.parameters.items() if plan.adapts(name, p)]
        if not adapted:
            raise ValueError(
                "nothing adapts: no parameter of the net is trainable, in the optimizer, and chosen by adapt= or head="
            )
        vars(self)["net"] = net  # setattr would make it a sublayer
        self.plan = plan
        self._tracked = tracked
        self._replays = tracked and plan.way.replays
        self._slots = slots
        self._adapted = adapted
        self._buffer_sets = plan.buffers.start(slots.buffers)
        self._buffers_of_task = self._buffer_sets[0]
        self._graph = TaskGraph(self.end, None if plan.plain_backward else plan.way_name)
        self._fast = self._graph.start(slots.parameters) if tracked else _leaves(slots.parameters)
        self._rule_state = plan.inner_rule.init({name: self._fast[name].detach() for name in adapted})
        self._steps = 0
        self._history = []
        self._reuse = FeatureReuse(self) if plan.head is not None and not self._replays else None
        self._open_blocks = []
        self._last_call = None  # to find the layer that an error speaks of
        self._leaves = set()
        self._not_asked_for = set()
        self._inputs = []
        # Also when the learner is just dropped, so not a method of its own.
        self._end = weakref.finalize(
            self, _end_task, activate(), slots, plan.buffers if tracked else None, self._buffer_sets
        )
        self._end.atexit = False

    def forward(self, *inputs, **kwargs):
        """The net's output on the fast weights."""
        self._check_running()
        self._last_call = inputs, kwargs
        given = paddle.utils.flatten([inputs, kwargs])
        constants = [t for t in given if isinstance(t, paddle.Tensor) and t.stop_gradient]
        with self._swapped():
            output = self.net(*inputs, **kwargs)
        for tensor in constants:
            if not tensor.stop_gradient:  # the net's own doing; nobody asked for this gradient
                self._not_asked_for.add(address_of(tensor))
                tensor.stop_gradient = True
        return output

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
            If `steps` is given with a tensor, or is negative, or the loss is not a scalar.
        StaleTaskError
            If the task has ended.
        NotTwiceDifferentiableError
            If a second derivative is needed through an op that has none.
        """
        self._check_running()
        if isinstance(loss, paddle.Tensor):
            if steps is not None:
                raise ValueError(
                    "adapt(loss) is one step, for the loss was computed once; for several, pass a function: "
                    "adapt(lambda: loss_fn(learner(x), y), steps=...)"
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
        steps = self.plan.adapt_steps if steps is None else steps
        if not isinstance(steps, int) or steps < 0:
            raise ValueError(f"steps: expected an integer of at least 0, got {steps!r}")
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
            Tensors outside the net and the optimizer that should get a gradient too.

        Returns
        -------
        Tensor
            A scalar; ``backward()`` adds the meta-gradient to ``.grad`` of the net's parameters.

        Raises
        ------
        ValueError
            If the losses depend on a leaf tensor that nobody named: it would silently get no gradient.
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
        self._inputs = list(inputs)
        with self._graph.differentiated_by_us():
            value, gradients = self.plan.way.solve(self, lambda: self._checked_query(query))
        return value.detach(), gradients

    def meta_parameters(self) -> list:
        """What a meta-gradient is taken for: the net's trainable parameters, what else is learned, named inputs."""
        return [*self._slots.parameters.values(), *self.outside()]

    def outside(self) -> list:
        """What a meta-gradient is taken for besides the net's parameters."""
        return [*self.plan.learned, *self._inputs]

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

    def train(self):
        self.net.train()

    def eval(self):
        self.net.eval()

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
        if self._open_blocks:  # the net runs on the fast weights already
            yield
            return
        with self._holding_present():
            yield

    @contextmanager
    def _holding_present(self):
        with self._slots.holding({**self._fast, **self._buffers_of_task}):
            if self._reuse is None:
                yield
            else:
                with self._reuse.installed():
                    yield

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
        """A context in which the task is as it was at `moment`, on other fast weights if given.

        Buffers and random states come back as they were before; at the present moment, nothing is put back.
        """
        if moment.step == self._steps:
            with self._with_fast({**self._fast, **(fast or {})}):
                yield
            return
        buffers, now = self._buffers_of_task, Surroundings(self.net)
        self._buffers_of_task = {name: value.clone() for name, value in moment.buffers.items()}
        if moment.surroundings is not None:
            moment.surroundings.restore()
        try:
            with self._with_fast({**moment.fast, **(fast or {})}):
                yield
        finally:
            self._buffers_of_task = buffers
            now.restore()

    @contextmanager
    def _with_fast(self, fast):
        own, self._fast = self._fast, fast
        held = self._slots.holding({**fast, **self._buffers_of_task}) if self._open_blocks else nullcontext()
        try:
            with held:
                yield
        finally:
            self._fast = own

    def replayed_loss(self, moment: Moment, fast: dict, elsewhere: bool = False):
        """The loss of the step at `moment`, on these fast weights.

        Raises
        ------
        ReplayError
            If it is another one than then, and the weights are not `elsewhere`.
        """
        with self.at(moment, fast):
            loss = self._computed(moment.loss)
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
        if loss.stop_gradient or not names:
            return {}
        if differentiable:
            self._audit(loss, [fast[name] for name in names])
        with self._graph.differentiated_by_us():
            gradients = paddle.grad(
                loss, [fast[name] for name in names], create_graph=differentiable, retain_graph=True,
                allow_unused=True, no_grad_vars=self._reuse.boundaries() if self._reuse is not None else None,
            )  # fmt: skip
        return {name: g for name, g in zip(names, gradients) if g is not None}

    def inner_update(self, step: int, fast: dict, gradients: dict, state: dict) -> tuple:
        """The adapted weights and the rule's state after a step with these gradients."""
        plan, own = self.plan, self._slots.parameters
        if plan.way.proximal:
            gradients = {
                name: g + plan.way.proximal * (fast[name] - own[name].detach()) for name, g in gradients.items()
            }
        if plan.transform is not None:
            gradients = {name: plan.transform(own[name], g) for name, g in gradients.items()}
        gradients = clip_gradients(plan.inner_grad_clip, gradients)
        rates = {name: plan.rate_of(own[name], step) for name in self._adapted}
        return plan.inner_rule.update({name: fast[name] for name in self._adapted}, gradients, rates, state)

    def _computed(self, loss: Callable):
        value = loss()
        if not isinstance(value, paddle.Tensor):
            raise TypeError(f"the loss function must return a Tensor, got {value!r}")
        return value

    def _step(self, compute: Callable):
        moment = self._moment(compute)
        loss = self._computed(compute)
        if loss.size != 1:
            raise ValueError(f"the loss must be a scalar, got shape {list(loss.shape)}; reduce it, e.g. by mean()")
        fast = {name: self._fast[name] for name in self._adapted}
        unrolled = self._tracked and self.plan.way.tracks_inner_gradients
        if self._tracked and self.plan.way.watches_inner_losses and not loss.stop_gradient:
            self._leaves.update(self._leaves_of(loss))
        gradients = self.inner_gradients(loss, fast, differentiable=unrolled)
        if self._replays:
            moment.value = float(loss)
            with paddle.no_grad():
                moved, state = self.inner_update(self._steps, fast, gradients, self._rule_state)
            moved = self._graph.cut(moved, self._slots.parameters)
        else:
            moved, state = self.inner_update(self._steps, fast, gradients, self._rule_state)
            if not self._tracked:
                moved, state = _leaves(moved), _detached(state)
        self._rule_state = state
        self._fast.update(moved)
        if moment is not None:  # the step succeeded
            if not self.plan.way.replays_every_step:
                self._history.clear()
            self._history.append(moment)
        self._steps += 1
        self._buffers_of_task = self._buffer_sets[min(self._steps, len(self._buffer_sets) - 1)]
        if self._open_blocks:
            self._renew_block()

    def _moment(self, compute):
        """The moment before a step, if the way back or the plan's query weights need it."""
        if not self._tracked or not (self._replays or self.plan.query_weights is not None):
            return None
        moment = self.present()
        moment.buffers = {name: value.clone() for name, value in self._buffers_of_task.items()}
        if self._replays:
            moment.surroundings, moment.loss = Surroundings(self.net), compute
        return moment

    def _renew_block(self):
        """Put the moved fast weights, and the buffers of the step, into the net that an open block runs on."""
        for name, tensor in {**{name: self._fast[name] for name in self._adapted}, **self._buffers_of_task}.items():
            for container, key in self._slots.places(name):
                container[key] = tensor

    def _leaves_of(self, loss):
        # Not past the fast weights: in the graph of their gradients, Paddle's engine has leaves of its own.
        return leaf_addresses(loss, self._fast.values())

    def _audit(self, loss, fast):
        culprits = unverified_nodes(loss, fast)
        if culprits:
            raise NotTwiceDifferentiableError(explain(culprits, self._layer_of(culprits, fast)))

    def _layer_of(self, culprits, fast):
        """Where in the net the culprits stand, by running it once more with an eye on each layer's output."""
        found = []

        def look(name):
            def hook(layer, inputs, output):
                outputs = [t for t in paddle.utils.flatten(output) if isinstance(t, paddle.Tensor)]
                live = [t for t in paddle.utils.flatten(inputs) if isinstance(t, paddle.Tensor) and not t.stop_gradient]
                names = set(unverified_nodes(outputs, [*live, *fast]).values())
                if not found and names & set(culprits.values()):
                    found.append(f" in layer {name!r} ({type(layer).__name__})")

            return hook

        hooks = [layer.register_forward_post_hook(look(name)) for name, layer in self.net.named_sublayers()]
        try:
            if self._last_call is not None:
                inputs, kwargs = self._last_call
                self(*inputs, **kwargs)
        except Exception:  # only the error's wording is at stake
            pass
        finally:
            for hook in hooks:
                hook.remove()
        return found[0] if found else ""

    def _checked_query(self, query):
        loss = self._computed(query)
        if loss.size != 1:
            raise ValueError(f"the query loss must be a scalar, got shape {list(loss.shape)}; reduce it by mean()")
        known = {address_of(tensor) for tensor in self.meta_parameters()} | self._not_asked_for
        if self._reuse is not None:
            known |= self._reuse.anchors()
        if (self._leaves | self._leaves_of(loss)) - known:
            raise ValueError(
                "the losses depend on a leaf tensor that needs a gradient and is neither a parameter of the net nor "
                "named; name it, meta_loss(query, inputs=[tensor]), or set its stop_gradient to True"
            )
        return loss

    def _check_running(self):
        self._graph.check()
        if not self._end.alive:
            raise StaleTaskError("this task has ended; start a new one with adapter.clone() or adapter.task()")


def _end_task(release, slots, keeper, buffer_sets):
    release()
    if keeper is not None:
        keeper.keep(slots.buffers, buffer_sets)


def _leaves(tensors: dict) -> dict:
    return {name: leaf(tensor) for name, tensor in tensors.items()}


def _detached(state):
    return paddle.utils.map_structure(lambda x: x.detach() if isinstance(x, paddle.Tensor) else x, state)


def _close(first: float, second: float, dtype) -> bool:
    if first != first and second != second:  # both are nan
        return True
    tolerance = 1e-9 if dtype == paddle.float64 else 1e-4
    return abs(first - second) <= tolerance * max(1.0, abs(second))


class InnerAdapter:
    """Adapts a net to tasks by the choices of its optimizer.

    Parameters
    ----------
    net : Layer
    optimizer : MetaOptimizer

    Attributes
    ----------
    model : Learner
        The present learner of `adapt` and `step`, made on first access.
    """

    def __init__(self, net, optimizer):
        if not isinstance(net, paddle.nn.Layer):
            raise TypeError(f"net: expected a paddle.nn.Layer, got {net!r}")
        if not callable(getattr(optimizer, "_begin_task", None)):
            raise TypeError(f"optimizer: expected a MetaOptimizer, such as MAMLOptimizer(...), got {optimizer!r}")
        self.net = net
        self.optimizer = optimizer
        self._model = None

    def clone(self) -> Learner:
        """A new learner that starts from the net's weights, its graph kept to them."""
        return self.optimizer._begin_task(self.net)

    def task(self) -> Learner:
        """A new learner to be used in a ``with`` block, inside which the net itself runs on the fast weights."""
        return self.clone()

    @property
    def model(self) -> Learner:
        if self._model is None:
            self._model = self.clone()
        return self._model

    def adapt(self, train_loss):
        """One inner step of the present learner from a loss, or ``adapt_steps`` from a function."""
        self.model.adapt(train_loss)

    def step(self, validation_loss):
        """One outer step: backward, ``step`` and ``clear_grad`` of the optimizer; ends the present learner."""
        validation_loss.backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self._model = None
