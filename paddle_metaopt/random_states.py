"""The random states of Paddle, numpy and Python, and those of tasks that draw each their own."""

from __future__ import annotations

import pickle
import random
import threading

import numpy as np
import paddle
from paddle.base import core  # not public: a generator's next number, and another device's state on 3.1


class _Here(threading.local):
    streams = None


#: What stands for Paddle's generator in this thread, if several tasks draw at once; see `vmap.streams`.
here = _Here()


class RandomStates:
    """The random states of Paddle, numpy and Python, as they are now; equal if they would draw the same."""

    __hash__ = None

    def __init__(self):
        self._paddle, self._next = paddle_states(), drawn_next()
        self._numpy = np.random.get_state()
        self._python = random.getstate()
        self._streams = here.streams
        self._of_tasks = [] if here.streams is None else list(here.streams.states)

    def __eq__(self, other) -> bool:
        first, second = (list(map(id, states._of_tasks)) for states in (self, other))  # others after a draw
        return first == second and self.has_same_shared(other)

    def has_same_shared(self, other) -> bool:
        """Whether they are equal but for the streams of tasks."""
        return self._shared() == other._shared()

    def restore(self) -> None:
        """Have all draw again what they drew from here."""
        set_paddle_states(self._paddle)
        np.random.set_state(self._numpy)
        random.setstate(self._python)
        if self._streams is not None:
            self._streams.states[:] = self._of_tasks

    def _shared(self) -> list:
        return [self._next, pickle.dumps(self._numpy), self._python]


def drawn_next() -> object:
    """What Paddle would draw next: equal to what it was before if nothing was drawn."""
    generator = core.default_cpu_generator()
    state = generator.get_state()
    number = generator.random()
    generator.set_state(state)
    return number if paddle.get_device() == "cpu" else [number, *_without_addresses(paddle.get_rng_state())]


def paddle_states() -> list:
    """Those of the CPU's generator, from which some ops draw on any build, and of the present device's, if it is
    another."""
    of_cpu = core.default_cpu_generator().get_state()
    return [of_cpu] if paddle.get_device() == "cpu" else [of_cpu, *paddle.get_rng_state()]


def set_paddle_states(states: list) -> None:
    of_cpu, *of_device = states
    core.default_cpu_generator().set_state(of_cpu)
    if of_device:
        paddle.set_rng_state(of_device)


def _without_addresses(states) -> list:
    words = [str(state).split(maxsplit=4) for state in states]
    return [[*found[:3], *found[4:]] for found in words]  # the fourth is an address
