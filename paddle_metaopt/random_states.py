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
        self._paddle = _states_by_device()
        self._numpy = np.random.get_state()
        self._python = random.getstate()

    def __eq__(self, other) -> bool:
        return self._to_compare() == other._to_compare()

    def restore(self) -> None:
        """Have all three draw again what they drew from here."""
        for device, states in self._paddle.items():
            paddle.set_rng_state(states, device)
        np.random.set_state(self._numpy)
        random.setstate(self._python)

    def _to_compare(self) -> list:
        return [_comparable(self._paddle), pickle.dumps(self._numpy), self._python]


def paddle_random_state() -> dict:
    """Paddle's random state now, equal to another that would draw the same."""
    return _comparable(_states_by_device())


def _states_by_device() -> dict:
    """Those of the CPU, where some ops draw on any build, and of the kind of device that is current."""
    kinds = {"cpu", paddle.get_device().partition(":")[0]}
    return {kind: paddle.get_rng_state(kind) for kind in kinds}


def _comparable(by_device: dict) -> dict:
    return {device: [_without_address(state) for state in states] for device, states in by_device.items()}


def _without_address(state) -> list:
    words = str(state).split(maxsplit=4)
    return [*words[:3], *words[4:]]  # the fourth is one
