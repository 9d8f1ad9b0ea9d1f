"""The tasks that an optimizer has begun."""

from __future__ import annotations

import itertools
import warnings
import weakref

from ..paddle_optimizers import parameters_of


class BegunTasks:
    """The graphs of tasks, as long as something needs them, in the order in which the tasks began."""

    def __init__(self, any_ever: bool = False):
        self._any_ever = any_ever
        self._graphs = weakref.WeakValueDictionary()
        self._numbers = itertools.count()

    def __reduce__(self):
        return BegunTasks, (self._any_ever,)  # a task is not copied

    def add(self, graph) -> None:
        self._any_ever = True
        self._graphs[next(self._numbers)] = graph

    def end(self) -> None:
        """The weights that they began from move, so they are ended."""
        for graph in list(self._graphs.values()):
            graph.outer_step()
        self._graphs.clear()

    def warn_if_none(self, optimizer) -> None:
        """Warn, once, of a step with gradients before any task was begun: they are those of a plain loss."""
        if self._any_ever or all(p.grad is None for p in parameters_of(optimizer)):
            return
        self._any_ever = True
        warnings.warn(
            f"{type(optimizer).__name__}: a step without a task before it is one of "
            f"{optimizer.combination.outer.__name__} on a plain loss, without an inner loop. To meta-learn, take it "
            "from opt.meta_loss(net, episodes, loss_fn) or from a learner that adapts, opt.adapter(net).clone(); with "
            "paddle.Model, use metaopt.Model in its place",
            UserWarning,
            stacklevel=4,
        )
