"""Gradient descent, with and without momentum."""

from __future__ import annotations

import paddle

from ..arguments import at_least_zero, flag
from .rule import InnerRule


class SGD(InnerRule):
    """θ ← θ − α g, the inner rule of MAML (Finn et al. 2017, https://arxiv.org/abs/1703.03400).

    Parameters
    ----------
    weight_decay : float or Tensor
        Factor of an L2 penalty.
    """

    def __init__(self, weight_decay=0.0):
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def step(self, p, g, rate):
        return p - rate * g, ()


class Momentum(InnerRule):
    """v ← μ v + g, θ ← θ − α v; with Nesterov's momentum θ ← θ − α (g + μ v).

    Parameters
    ----------
    momentum : float or Tensor
    use_nesterov : bool
    weight_decay : float or Tensor
    """

    def __init__(self, momentum=0.9, use_nesterov: bool = False, weight_decay=0.0):
        self.momentum = at_least_zero(self, "momentum", momentum, tensor=True)
        self.use_nesterov = flag(self, "use_nesterov", use_nesterov)
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def slots(self, p):
        return (paddle.zeros_like(p),)

    def step(self, p, g, rate, velocity):
        velocity = self.momentum * velocity + g
        direction = g + self.momentum * velocity if self.use_nesterov else velocity
        return p - rate * direction, (velocity,)
