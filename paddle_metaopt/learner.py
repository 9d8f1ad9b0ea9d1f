"""The inner loop: a task's fast weights, the net on them, and their steps."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import Callable

import paddle

from .double_grad import activate, guard_engine, with_pullback
from .double_grad.audit import explain, leaf_addresses, unverified_nodes
from .double_grad.graph import address_of
from .errors import NotTwiceDifferentiableError, StaleTaskError
from .fast_weights import Slots
from .feature_reuse import FeatureReuse
from .inner_rules import clip_gradients
from .meta_gradients import with_gradients
from .plan import Plan


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
        Whether the graph back to the net's weights is kept. Evaluation does without.
    on_end : callable, optional
        Called with the task's buffers, by name, when the task ends.

    Raises
    ------
    ValueError
        If nothing of the net adapts.
    """

    def __init__(self, net, plan: Plan, tracked: bool = True, on_end: Callable = None):
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
        self._slots = slots
        self._adapted = adapted
        self._rates = {name: plan.rate_of(slots.parameters[name]) for name in adapted}
        self._buffers_of_task = {name: buffer.clone().detach() for name, buffer in slots.buffers.items()}
        self._graph = _TaskGraph(self)
        start = _start_of_graph if tracked else _start_without_graph
        self._fast = start(slots.parameters, self._graph)
        self._rule_state = plan.inner_rule.init({name: self._fast[name] for name in adapted})
        self._reuse = FeatureReuse(self) if plan.head is not None else None
        self._open_blocks = []
        self._last_call = None  # to find the layer that an error speaks of
        self._leaves = set()
        self._inputs = []
        # Also when the learner is just dropped, so not a method of its own.
        self._end = weakref.finalize(self, _end_task, activate(), on_end, self._buffers_of_task)
        self._end.atexit = False

    def forward(self, *inputs, **kwargs):
        """The net's output on the fast weights."""
        self._check_running()
        self._last_call = inputs, kwargs
        with self._swapped():
            return self.net(*inputs, **kwargs)

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
            self._step(loss)
            return
        if not callable(loss):
            raise TypeError(f"adapt: expected a scalar Tensor or a function that returns one, got {loss!r}")
        steps = self.plan.adapt_steps if steps is None else steps
        if not isinstance(steps, int) or steps < 0:
            raise ValueError(f"steps: expected an integer of at least 0, got {steps!r}")
        for _ in range(steps):
            self._step(self._computed(loss))

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
        value, gradients = self.plan.way.solve(self, lambda: self._checked_query(query))
        return value.detach(), gradients

    def meta_parameters(self) -> list:
        """What a meta-gradient is taken for: the net's trainable parameters and the named inputs."""
        return [*self._slots.parameters.values(), *self._inputs]

    def end(self):
        """End the task: its losses can still go backward, but it can't be used any more."""
        self._end()

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

    def _computed(self, loss: Callable):
        value = loss()
        if not isinstance(value, paddle.Tensor):
            raise TypeError(f"the loss function must return a Tensor, got {value!r}")
        return value

    def _step(self, loss):
        if loss.size != 1:
            raise ValueError(f"the loss must be a scalar, got shape {list(loss.shape)}; reduce it, e.g. by mean()")
        names = [name for name in self._adapted if not self._fast[name].stop_gradient]
        second_order = self._tracked and self.plan.way.tracks_inner_gradients
        fast = [self._fast[name] for name in names]
        gradients = [None] * len(fast)
        if not loss.stop_gradient:
            if second_order:
                self._audit(loss, fast)
                self._leaves.update(self._leaves_of(loss))
            gradients = paddle.grad(
                loss, fast, create_graph=second_order, retain_graph=True, allow_unused=True,
                no_grad_vars=self._reuse.boundaries() if self._reuse is not None else None,
            )  # fmt: skip
        found = {name: g for name, g in zip(names, gradients) if g is not None}
        found = clip_gradients(self.plan.inner_grad_clip, found)
        adapted = {name: self._fast[name] for name in self._adapted}
        moved, state = self.plan.inner_rule.update(adapted, found, self._rates, self._rule_state)
        if not self._tracked:
            moved = {name: _leaf(tensor) for name, tensor in moved.items()}
        self._rule_state = state
        self._fast.update(moved)
        if self._open_blocks:
            self._renew_block()

    def _renew_block(self):
        """Put the moved fast weights into the net that an open block runs on."""
        for name in self._adapted:
            for container, key in self._slots.places(name):
                container[key] = self._fast[name]

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
        known = {address_of(tensor) for tensor in self.meta_parameters()}
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


def _end_task(release, on_end, buffers):
    release()
    if on_end is not None:
        on_end(buffers)


class _TaskGraph:
    """What the graph of a task knows of its task: whether the weights it starts from are still the same."""

    def __init__(self, learner):
        self.stale = False
        self._learner = weakref.ref(learner)
        self._guard = None
        self.watch()

    def watch(self):
        """Have the errors of `check` keep their type, until a backward has passed or the graph is gone."""
        if self._guard is None or not self._guard.alive:
            self._guard = weakref.finalize(self, guard_engine())
            self._guard.atexit = False

    def check(self):
        if self.stale:
            raise StaleTaskError(
                "the net's weights have changed since this task began (opt.step()), so its derivatives would be "
                "wrong; start a new task after each step"
            )

    def outer_step(self):
        """The weights have moved: end the task, if it still runs."""
        self.stale = True
        learner = self._learner()
        if learner is not None:
            learner.end()

    def passed(self):
        """A backward went through: it can't be repeated, so nothing is left to guard."""
        self._guard()


def _start_of_graph(parameters: dict, graph: _TaskGraph) -> dict:
    """Fast weights equal to the parameters, through nodes that notice a stale task."""
    if not paddle.is_grad_enabled():
        return _start_without_graph(parameters, graph)

    def pullback(g):
        graph.check()
        if not paddle.is_grad_enabled():
            graph.passed()
        return [g]

    # A node for each: Paddle mixes up gradients for several outputs of one node.
    return {name: with_pullback(tensor.clone, [tensor], pullback) for name, tensor in parameters.items()}


def _start_without_graph(parameters: dict, graph: _TaskGraph) -> dict:
    return {name: _leaf(tensor) for name, tensor in parameters.items()}


def _leaf(tensor):
    leaf = tensor.detach()
    leaf.stop_gradient = False
    return leaf


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
