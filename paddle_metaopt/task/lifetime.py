"""How long a task runs."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import Callable

from ..arguments import require_dynamic_mode
from ..double_grad.undo import Undo
from ..errors import StaleTaskError


class Lifetime:
    """That of a task: from now until it is ended or dropped, or its net's weights move.

    Parameters
    ----------
    graph : TaskGraph
        Knows whether the weights moved.
    history : list
        Emptied at the end: its moments' closures usually hold what holds the task.
    release, finish : callable
        What is done at the end, also if it is just dropped, so that they must not refer to the task.
    """

    def __init__(self, graph, history: list, release: Callable, finish: Callable):
        self._graph = graph
        self._history = history
        self._interrupted = False
        self._end = weakref.finalize(self, _end, release, finish)
        self._end.atexit = False
        graph.tell_of_outer_step(self.end)

    def end(self) -> None:
        self._end()
        self._history.clear()

    @property
    def goes_on(self) -> bool:
        return self._end.alive and not self._graph.stale

    def require(self) -> None:
        """Raise a StaleTaskError if the task has ended, or can't go on."""
        require_dynamic_mode()
        self._graph.check()
        if self._interrupted:
            raise StaleTaskError("an inner step of this task was interrupted half-way; start a new task")
        if not self._end.alive:
            raise StaleTaskError("this task has ended; start a new one with adapter.clone() or adapter.task()")

    @contextmanager
    def moving(self):
        """A context for moving weights and state on, which has to be left in the ordinary way for the task to go on."""
        self._interrupted = True
        yield
        self._interrupted = False


def _end(release, finish):
    with Undo(release):
        finish()
