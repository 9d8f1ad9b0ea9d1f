"""Random states: of the CPU's generator, and of the device's."""

from __future__ import annotations

import random

import numpy as np
import paddle
import pytest

from paddle_metaopt.random_states import RandomStates, drawn_next


def drawn() -> list:
    return [float(paddle.rand([])), float(np.random.rand()), random.random()]


def test_all_draw_the_same_again():
    before = RandomStates()
    first = drawn()
    assert before != RandomStates()
    before.restore()

    assert before == RandomStates()
    assert drawn() == first


class State:
    """Printed as Paddle's are: a device, a seed, how far it is, an address, and the engine's state."""

    def __init__(self, device, drawn):
        self.device, self.drawn = device, drawn

    def __str__(self):
        return f"{self.device} 7 {self.drawn} {hex(id(self))} {self.drawn} 312"


@pytest.fixture
def gpus(monkeypatch):
    """How far the generators of two GPUs are, the first of which is current; as Paddle answers there."""
    drawn = [0, 0]

    def put(states):
        drawn[:] = [state.drawn for state in states]

    monkeypatch.setattr(paddle, "get_device", lambda: "gpu:0")
    monkeypatch.setattr(paddle, "get_rng_state", lambda: [State(number, count) for number, count in enumerate(drawn)])
    monkeypatch.setattr(paddle, "set_rng_state", put)
    return drawn


@pytest.mark.parametrize("where", ["cpu", 0, 1])
def test_each_devices_generator_is_among_them(gpus, where):
    before, of_paddle = RandomStates(), drawn_next()
    assert before == RandomStates() and of_paddle == drawn_next()
    if where == "cpu":
        paddle.rand([])
    else:
        gpus[where] += 1
    assert before != RandomStates() and of_paddle != drawn_next()
    before.restore()

    assert gpus == [0, 0]
    assert before == RandomStates() and of_paddle == drawn_next()
