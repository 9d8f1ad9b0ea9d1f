"""A random stream for each task of a meta-batch, whichever way its tasks run."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import Any, Callable

import paddle

from ..random_states import drawn_next, paddle_states, set_paddle_states
from ..vmap import Streams


class TaskStreams:
    """Streams of Paddle's random numbers for the tasks of a meta-batch, by their numbers in it.

    The first is that of Paddle's global generator, as for a task by itself, and goes on when the context that this is
    is left; what the global generator would draw next seeds the others. Tasks that draw nothing leave it alone. Where
    making the episodes draws as well, which is over when the first task begins, that goes its own way, and the first
    stream is seeded like the others.
    """

    def __init__(self):
        self._origin = drawn_next()
        self._drew = False
        self._first = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._first is not None and self._is_at_the_origin():
            set_paddle_states(self._first)
        elif self._drew:
            paddle.rand([1])

    @contextmanager
    def of(self, tasks):
        """A context for what these tasks do; gives their streams."""
        streams = Streams([self._begin_of(task) for task in tasks])
        yield streams
        drew = streams.drew
        self._drew = self._drew or any(drew)
        if tasks[0] == 0 and drew[0]:
            self._first = streams.states[0]

    def alone(self, task: int, function: Callable) -> Any:
        """``function()``, which draws from the stream of this task."""
        with self.of([task]) as streams:
            (found,) = streams.each(lambda _: function())
        return found

    def _begin_of(self, task: int):
        if task == 0 and self._is_at_the_origin():
            return paddle_states()
        digest = hashlib.sha256(f"{self._origin} {task}".encode()).digest()
        return int.from_bytes(digest[:4], "big")  # Paddle's generator reads no more of a seed

    def _is_at_the_origin(self) -> bool:
        return drawn_next() == self._origin
