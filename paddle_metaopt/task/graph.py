"""A task's place in Paddle's graph: where its fast weights begin, and what a backward through there may do."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Sequence

import paddle

from ..double_grad import guard_engine, with_pullback
from ..double_grad.guarded_backward import know_leaves
from ..double_grad.passes import current, in_backward, takes_gradients_for
from ..double_grad.undo import Undo
from ..errors import NeedsMetaLossError, StaleTaskError
from ..vmap import inside


class TaskGraph:
    """What the nodes of a task's graph know of their task.

    Parameters
    ----------
    way_name : str or None
        The way back, if a plain backward does not serve it.
    processes : Processes or None
        Those that gradients are averaged over after a ``backward()``.
    """

    def __init__(self, way_name=None, processes=None):
        self.stale = False
        self._processes = processes
        self._trained = []
        self._on_outer_step = self._on_pass = lambda: None
        self._way_name = way_name
        self._ours = False
        self._guard = None
        self.watch()

    def start(self, parameters: dict, learned: Sequence = ()) -> dict:
        """Fast weights equal to the parameters, through nodes that notice a stale task; `learned` are the other leaves
        that the task depends on."""
        know_leaves([*parameters.values(), *learned])
        self._trained += [*parameters.values(), *learned]

        # A node for each: Paddle mixes up gradients for several outputs of one node.
        with paddle.enable_grad():
            return {name: with_pullback(own.clone, [own], self._let_through) for name, own in parameters.items()}

    def begin_at(self, values: dict, fast: dict) -> dict:
        """Other values to begin with for some of the fast weights; constants among them are nodes too."""

        def node(name, value):
            return with_pullback(value.clone, [getattr(fast[name], "stacked", fast[name])], self._stop_here)

        with paddle.enable_grad():
            return {
                name: inside(partial(node, name), value) if value.stop_gradient else value
                for name, value in values.items()
            }

    def cut(self, values: dict, parameters: dict) -> dict:
        """Fast weights of these values whose way back `meta_loss` alone knows."""

        def pullback(g):
            self.check()
            if not takes_gradients_for(self._trained):
                return [None]
            self._check_way()
            raise ValueError(
                f"a loss depends on the fast weights of an earlier inner step, through which {self._way_name} can't go "
                "back; detach them, or use meta_gradient='unrolled'"
            )

        def cut_off(name, value):
            return with_pullback(value.clone, [parameters[name]], pullback)

        with paddle.enable_grad():
            return {name: inside(partial(cut_off, name), value) for name, value in values.items()}

    def differentiated_by_us(self) -> Undo:
        """From now on a backward through the task's nodes is the library's own, until the context returned is left."""
        ended = Undo(partial(setattr, self, "_ours", self._ours))
        self._ours = True
        return ended

    def _let_through(self, g):
        self.check()
        self._check_way()
        self.passed(self._trained)
        return [g]

    def _stop_here(self, g):
        self._let_through(g)
        return [None]

    def _check_way(self):
        if self._way_name is not None and not self._ours and takes_gradients_for(self._trained):
            raise NeedsMetaLossError(
                f"backward() on the query loss does not give the meta-gradient of {self._way_name}; use "
                "learner.meta_loss(lambda: loss_fn(learner(x), y)).backward(), or opt.meta_loss(net, episodes, loss_fn)"
            )

    def watch(self):
        """Have the errors of `check` keep their type, until a backward has passed or the graph is gone."""
        if self._guard is None:
            self._guard = guard_engine()

    def check(self):
        if self.stale:
            raise StaleTaskError(
                "what is learned has changed since this task began (opt.step(), or opt.set_state_dict()), so its "
                "derivatives would be wrong; start a new task after each step"
            )

    def tell_of_outer_step(self, method):
        """Have a method called when the weights that the task began from have moved; it is held weakly."""
        self._on_outer_step = weakref.WeakMethod(method)

    def tell_of_pass(self, function):
        """Have a function called when a gradient has gone through."""
        self._on_pass = function

    def outer_step(self):
        """The weights have moved: end the task, if it still runs."""
        self.stale = True
        on_outer_step = self._on_outer_step()
        if on_outer_step is not None:
            on_outer_step()

    def passed(self, tensors: list):
        """A gradient went through, to these leaves; after a ``backward()`` Paddle is as it was, whoever still refers to
        the task, unless another one would have to be averaged as well."""
        if self._processes is not None and current() is None:
            raise RuntimeError(
                "these gradients are averaged over the processes after a backward() that the library knows of; call "
                "loss.backward(), not a copy of paddle.autograd.backward or paddle.grad that was imported by its name"
            )
        self._on_pass()
        if in_backward():
            if self._processes is None:
                self._guard = None
            else:
                self._processes.after_backward(tensors)
