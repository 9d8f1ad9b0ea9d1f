"""The tasks that an optimizer has begun."""

from __future__ import annotations

import itertools
import weakref


class BegunTasks:
    """The graphs of tasks, as long as something needs them, in the order in which the tasks began.

    Attributes
    ----------
    any_ever : bool
        Whether there was one.
    """

    def __init__(self):
        self.any_ever = False
        self._graphs = weakref.WeakValueDictionary()
        self._numbers = itertools.count()

    def __reduce__(self):
        return _without_tasks, (self.any_ever,)  # a task is not copied

    def add(self, graph) -> None:
        self.any_ever = True
        self._graphs[next(self._numbers)] = graph

    def end(self) -> None:
        """The weights that they began from move, so they are ended."""
        for graph in list(self._graphs.values()):
            graph.outer_step()
        self._graphs.clear()


def _without_tasks(any_ever: bool) -> BegunTasks:
    made = BegunTasks()
    made.any_ever = any_ever
    return made
