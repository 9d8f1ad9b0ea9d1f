"""Where a task stood before each inner step, so that the step can be taken again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import paddle

from .double_grad.undo import Undo


@dataclass
class Moment:
    """A task between two inner steps.

    Attributes
    ----------
    step : int
        How many inner steps were taken before.
    fast : dict of str to Tensor
        The fast weights, of all trainable parameters.
    state : dict
        The inner rule's.
    buffers : dict of str to Tensor
        Their values then.
    surroundings : Surroundings or None
        What else a forward pass reads, if the step may be taken again.
    loss : callable or None
        Computes the loss of the step that followed.
    value : float or None
        What it gave.
    """

    step: int
    fast: dict
    state: dict
    buffers: dict = field(default_factory=dict)
    surroundings: Surroundings | None = None
    loss: Callable | None = None
    value: float | None = None


class Surroundings:
    """The train flags of a net and the random states of Paddle, numpy and Python, as they are now."""

    def __init__(self, net):
        self._modes = [(layer, layer.training) for layer in net.sublayers(include_self=True)]
        self._paddle = paddle.get_rng_state()
        self._numpy = np.random.get_state()
        self._python = random.getstate()

    def kept(self) -> Undo:
        """A context after which they are as they were."""
        return Undo(self.restore)

    def restore(self):
        for layer, training in self._modes:
            layer.training = training
        paddle.set_rng_state(self._paddle)
        np.random.set_state(self._numpy)
        random.setstate(self._python)
