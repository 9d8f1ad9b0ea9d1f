"""The random states of Paddle, numpy and Python."""

from __future__ import annotations

import pickle
import random

import numpy as np
import paddle


class RandomStates:
    """The random states of Paddle, numpy and Python, as they are now; equal if they would draw the same."""

    __hash__ = None

    def __init__(self):
        self._paddle = paddle.get_rng_state()
        self._numpy = np.random.get_state()
        self._python = random.getstate()

    def __eq__(self, other) -> bool:
        return self._to_compare() == other._to_compare()

    def restore(self) -> None:
        """Have all three draw again what they drew from here."""
        paddle.set_rng_state(self._paddle)
        np.random.set_state(self._numpy)
        random.setstate(self._python)

    def _to_compare(self) -> list:
        return [_without_addresses(self._paddle), pickle.dumps(self._numpy), self._python]


def paddle_random_state() -> list:
    """Paddle's random state now, equal to another that would draw the same."""
    return _without_addresses(paddle.get_rng_state())


def _without_addresses(states) -> list:
    words = [str(state).split(maxsplit=4) for state in states]
    return [[*found[:3], *found[4:]] for found in words]  # the fourth is an address
