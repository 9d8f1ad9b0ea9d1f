"""The tasks that an optimizer has begun."""

from __future__ import annotations

import itertools
import weakref

from ..callers import warn
from ..paddle_optimizers import parameters_of


class BegunTasks:
    """The graphs of tasks, as long as something needs them, in the order in which the tasks began."""

    def __init__(self, any_ever: bool = False):
        self._any_ever = any_ever
        self._any_now = self._passed = self._told = False
        self._graphs = weakref.WeakValueDictionary()
        self._numbers = itertools.count()

    def __reduce__(self):
        return BegunTasks, (self._any_ever,)  # a task is not copied

    def add(self, graph) -> None:
        self._any_ever = self._any_now = True
        self._graphs[next(self._numbers)] = graph
        graph.tell_of_pass(self._note)

    def _note(self) -> None:
        self._passed = True

    def end(self) -> None:
        """The weights that they began from move, so they are ended."""
        for graph in list(self._graphs.values()):
            graph.outer_step()
        self._graphs.clear()
        self._any_now = self._passed = False

    def warn_of_plain(self, optimizer) -> None:
        """Warn, once each, of a step with gradients before any task was begun, and of one whose tasks no gradient went
        back through: they are those of a plain loss."""
        if self._passed or all(p.grad is None for p in parameters_of(optimizer)):
            return
        if not self._any_ever:
            self._any_ever = True
            warn(
                f"{type(optimizer).__name__}: a step without a task before it is one of "
                f"{optimizer.combination.outer.__name__} on a plain loss, without an inner loop. To meta-learn, take "
                "it from opt.meta_loss(net, episodes, loss_fn) or from a learner that adapts, "
                "opt.adapter(net).clone(); with paddle.Model, use metaopt.Model in its place"
            )
        elif self._any_now and not self._told:
            self._told = True
            warn(
                f"{type(optimizer).__name__}: no gradient went back through the tasks that were begun for this step. "
                "Was the query loss computed with the net in place of the learner, or after the task's with block? "
                "Gradients that you set yourself are taken as they are"
            )
