"""Random streams of tasks: each draws its own, and the same whether they run at once or one after the other."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

import paddle

from ..double_grad.undo import Undo
from ..random_states import drawn_next, here, paddle_states, set_paddle_states


class Streams:
    """A stream of Paddle's random numbers for each of several tasks.

    Parameters
    ----------
    begins : list
        Where each begins: a seed, or what `random_states.paddle_states` gave.

    Attributes
    ----------
    states : list
        Where they are; the same object as at first for one that was not drawn from.
    """

    def __init__(self, begins: list):
        self._begins = begins
        self.states = list(begins)

    @property
    def drew(self) -> list:
        """Of each, whether anything was drawn from it."""
        return [state is not begin for state, begin in zip(self.states, self._begins)]

    def each(self, function: Callable) -> list:
        """``function(task)`` for each task, in which Paddle draws from the stream of that one."""
        with paddle_kept():
            return [self._of(task, function) for task in range(len(self.states))]

    def _of(self, task: int, function: Callable) -> Any:
        state = self.states[task]
        paddle.seed(state) if isinstance(state, int) else set_paddle_states(state)
        before = drawn_next()
        result = function(task)
        if drawn_next() != before:
            self.states[task] = paddle_states()
        return result


class OneStream:
    """Paddle's own stream, from which so many tasks draw one after the other."""

    states: list = []

    def __init__(self, tasks: int):
        self._tasks = tasks

    def each(self, function: Callable) -> list:
        return [function(task) for task in range(self._tasks)]


def drawing_from(streams) -> Undo:
    """From now on what is drawn at random is drawn for each task, from `streams`, or once if None, until the context
    returned is left."""
    before = Undo(partial(setattr, here, "streams", here.streams))
    here.streams = streams
    return before


def for_each(function: Callable, tasks: int) -> list:
    """``function(task)`` for each task, which draws from its own stream; if it draws, it is called once more."""
    streams = here.streams
    with drawing_from(None):
        if type(streams) is not Streams:
            return [function(task) for task in range(tasks)]
        with paddle_kept():
            before = drawn_next()
            first = function(0)
            draws = drawn_next() != before
        return streams.each(function) if draws else [first, *map(function, range(1, tasks))]


def paddle_kept() -> Undo:
    """A context after which Paddle draws what it would draw now."""
    return Undo(partial(set_paddle_states, paddle_states()))
