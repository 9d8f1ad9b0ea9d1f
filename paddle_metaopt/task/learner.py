"""What a user holds of a task: the net on fast weights, and their steps."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Sequence

import paddle

from ..arguments import checked_function, require_dynamic_mode, whole_number
from ..double_grad.undo import Undo
from ..meta_gradients import MetaGradient
from ..tensors import scalar
from ..vmap import summed
from .deployment import adapted_net
from .diagnosis import checked_solution, one_loss, refuse_attribute_of, refuse_to_load, require_dependence
from .moment import Surroundings
from .task import Task, asked_for


class _Forward:
    """A learner's ``forward``; for ``paddle.jit.save``, which asks in static mode, that of an adapted net by itself."""

    def __get__(self, learner, owner=None):
        if learner is None:
            return self
        return learner.run if paddle.in_dynamic_mode() else learner.deployed().forward


class Learner(paddle.nn.Layer):
    """A net during one task: callable like the net, on fast weights that `adapt` moves.

    Made by ``adapter.clone()`` and ``adapter.task()``. The fast weights stand in the net only while the learner is
    called, or for the length of a ``with`` block over it; afterwards the net holds its own tensors again, whatever
    happened.

    Parameters
    ----------
    net : Layer
    task : Task
        Of that net, just begun.
    """

    def __init__(self, net, task: Task):
        super().__init__()
        vars(self).update(net=net, task=task, _solving=False, _deployed=None)  # setattr would make the nets sublayers
        self.training = net.training

    def __reduce__(self):
        raise TypeError(
            "a Learner can't be copied or pickled: its fast weights hang in the graph of its task; begin another by "
            "adapter.clone(), or keep the values, learner.state_dict()"
        )

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        require_dynamic_mode()
        return super().__call__(*inputs, **kwargs)

    def __getattr__(self, name):
        refuse_attribute_of(vars(self).get("net"), name)
        return super().__getattr__(name)

    forward = _Forward()

    def run(self, *inputs, **kwargs):
        """The net's output on the fast weights."""
        return self.task.call(inputs, kwargs)

    def adapt(self, loss: paddle.Tensor | Callable[[], paddle.Tensor], steps: int | None = None) -> None:
        """Take inner steps.

        Parameters
        ----------
        loss : Tensor or callable
            A scalar loss, for one step; or a function without arguments that computes it anew for each step.
        steps : int, optional
            How many steps, with a callable; the optimizer's ``adapt_steps`` by default.

        Raises
        ------
        TypeError, ValueError
            If `loss` is neither a real scalar that depends on the weights that adapt, nor a function that gives one; if
            `steps` is given with a tensor, or is negative.
        StaleTaskError
            If the task has ended.
        NotTwiceDifferentiableError
            If a second derivative is needed through an op that has none.
        """
        self._require_ready()
        if isinstance(loss, paddle.Tensor):
            if steps is not None:
                raise ValueError(
                    "adapt(loss) is one step, for the loss was computed once; for several, pass a function: "
                    "adapt(lambda: loss_fn(learner(x), y), steps=...)"
                )
            compute, steps = one_loss(loss), 1
            self.task.plan.way.require_function()
        elif callable(loss):
            compute = loss
            steps = self.task.plan.adapt_steps if steps is None else whole_number("adapt", "steps", steps)
        else:
            raise TypeError(f"adapt: expected a scalar Tensor or a function that returns one, got {loss!r}")
        for _ in range(steps):
            self._advance(compute)

    def _advance(self, compute: Callable):
        task, way = self.task, self.task.plan.way
        moment = way.before_step(task, compute)
        with paddle.enable_grad():
            with task.leaves.watching():
                loss = scalar(compute(), "loss")
            if moment is not None and moment.replay is not None:
                moment.replay.loss, moment.replay.before_update = loss.detach(), Surroundings(self.net)
            moved, state = way.take_step(task, loss)
        with task.lifetime.moving():
            if moment is not None:
                way.remember(task.history, moment)
            task.move(moved, state)

    def meta_loss(self, query: Callable[[], paddle.Tensor], inputs: Sequence[paddle.Tensor] = ()) -> paddle.Tensor:
        """The query loss, as a tensor whose gradient is the meta-gradient, for every way back.

        It holds nothing of the task's graph, which goes with the learner.

        Parameters
        ----------
        query : callable
            Computes the scalar query loss with the learner, or the net inside a ``task()`` block.
        inputs : list of Tensor, optional
            Leaf tensors outside the net that should get a gradient too, be they in the optimizer or not.

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
        return self.solve(query, inputs).as_loss()

    def solve(self, query: Callable, inputs: Sequence[paddle.Tensor] = ()) -> MetaGradient:
        """As `meta_loss`, but the query loss and the meta-gradient as numbers, to be added to those of other tasks."""
        self._require_ready()
        checked_function("meta_loss", "query", query, "query(), which computes the query loss")
        task = self.task
        task.meta_parameters = asked_for(task, inputs)
        several = task.plan.query_weights is not None or task.plan.way.compares_queries
        surroundings = Surroundings(self.net) if several else None  # each draws the same random numbers
        with Undo(partial(vars(self).update, _solving=False)):
            vars(self)["_solving"] = True
            with task.graph.differentiated_by_us(), paddle.enable_grad():
                solved = task.plan.way.solve(task, partial(self._query_loss, query, surroundings))
        value, found = checked_solution(solved, task)
        return MetaGradient(summed(value.detach()), task.meta_parameters, [summed(g) for g in found], task.graph)

    def _query_loss(self, query, surroundings, as_number=False):
        task = self.task
        if surroundings is not None:
            surroundings.restore()
        with task.leaves.watching():
            loss = scalar(query(), "query loss")
        depends = task.leaves.add(loss, task.residence.fast.values())
        require_dependence(depends or as_number)
        task.leaves.require_named(task.meta_parameters)
        return loss

    def _require_ready(self):
        self.task.lifetime.require()
        self.task.residence.require_innermost()
        if self._solving:
            self.task.plan.way.require_before_query()

    def end(self, forget: bool = False) -> None:
        """End the task: its losses can still go backward, but it can't be used any more; `forget` has nothing remain of
        its buffers."""
        if forget:
            self.task.residence.forget_buffers()
        self.task.lifetime.end()

    @property
    def is_running(self) -> bool:
        """Whether the task goes on."""
        return self.task.lifetime.goes_on

    @property
    def fast_weights(self) -> dict[str, paddle.Tensor]:
        """The present fast weights, by the parameters' names."""
        return dict(self.task.residence.fast)

    def __enter__(self) -> Learner:
        self.task.lifetime.require()
        self.task.residence.open_block()
        return self

    def __exit__(self, *exception) -> None:
        try:
            self.task.residence.close_block(*exception)
        finally:
            self.end()

    # What a Layer tells of itself is told of the fast weights.

    def parameters(self, include_sublayers=True):
        return list(self.task.residence.fast.values())

    def named_parameters(self, *args, **kwargs):
        yield from self.task.residence.fast.items()

    def named_buffers(self, *args, **kwargs):
        with self.task.residence.entered():
            found = list(self.net.named_buffers(*args, **kwargs))
        yield from found

    def named_sublayers(self, *args, **kwargs):
        yield from self.net.named_sublayers(*args, **kwargs)

    def state_dict(self, *args, **kwargs):
        with self.task.residence.entered():
            return self.net.state_dict(*args, **kwargs)

    set_state_dict = load_state_dict = load_dict = set_dict = refuse_to_load

    def train(self):
        self.net.train()
        self.training = True

    def eval(self):
        self.net.eval()
        self.training = False

    # For paddle.jit.save.

    def deployed(self):
        """A net of its own with the present weights, for Paddle to trace."""
        self.task.graph.check()
        if self.net._forward_pre_hooks or self.net._forward_post_hooks:
            raise ValueError(
                "paddle.jit.save of a learner leaves out the hooks of its net; save the net itself inside of a block, "
                "with adapter.task() as task: ...; paddle.jit.save(net, ...)"
            )
        vars(self)["_deployed"] = adapted_net(self.net, *self.task.residence.for_a_copy())
        return self._deployed

    def to_static_state_dict(self, *args, **kwargs):
        return self._deployed.to_static_state_dict(*args, **kwargs)
