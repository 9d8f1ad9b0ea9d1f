"""The random states of Paddle, numpy and Python."""

from __future__ import annotations

import pickle
import random

import numpy as np
import paddle
from paddle.base import core  # on Paddle 3.1, set_rng_state can't be told a device


class RandomStates:
    """The random states of Paddle, numpy and Python, as they are now; equal if they would draw the same."""

    __hash__ = None

    def __init__(self):
        self._paddle = _states()
        self._numpy = np.random.get_state()
        self._python = random.getstate()

    def __eq__(self, other) -> bool:
        return self._to_compare() == other._to_compare()

    def restore(self) -> None:
        """Have all three draw again what they drew from here."""
        of_cpu, *of_device = self._paddle
        core.default_cpu_generator().set_state(of_cpu)
        if of_device:
            paddle.set_rng_state(of_device)
        np.random.set_state(self._numpy)
        random.setstate(self._python)

    def _to_compare(self) -> list:
        return [_comparable(self._paddle), pickle.dumps(self._numpy), self._python]


def paddle_random_state() -> list:
    """Paddle's random state now, equal to another that would draw the same."""
    return _comparable(_states())


def _states() -> list:
    """Of the CPU's generator, from which some ops draw on any build, and of the current device's, if it is another."""
    of_cpu = core.default_cpu_generator().get_state()
    return [of_cpu] if paddle.get_device() == "cpu" else [of_cpu, *paddle.get_rng_state()]


def _comparable(states: list) -> list:
    words = [str(state).split(maxsplit=4) for state in states]
    return [[*found[:3], *found[4:]] for found in words]  # the fourth is an address
