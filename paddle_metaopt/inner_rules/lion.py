"""Steps of one size, in the direction of a sign."""

from __future__ import annotations

import paddle

from ..arguments import at_least_zero, fraction
from .rule import InnerRule


class Lion(InnerRule):
    """θ ← θ − α sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g (Chen et al. 2023, https://arxiv.org/abs/2302.06675).

    A sign has no slope, so no derivative goes through the gradients: their part of the exact meta-gradient is zero.

    Parameters
    ----------
    beta1, beta2 : float or Tensor
        How much the remembered mean counts for the direction, and how much of it stays.
    weight_decay : float or Tensor
        The fraction of a weight, times the learning rate, that a step takes away.
    """

    decay_is_decoupled = True
    serves_complex = False

    def __init__(self, beta1=0.9, beta2=0.99, weight_decay=0.0):
        self.beta1 = fraction(self, "beta1", beta1, tensor=True)
        self.beta2 = fraction(self, "beta2", beta2, tensor=True)
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def slots(self, p):
        return (paddle.zeros_like(p),)

    def step(self, p, g, rate, m):
        g = g.detach()
        direction = paddle.sign(self.beta1 * m + (1 - self.beta1) * g).detach()
        return p - rate * direction, ((self.beta2 * m + (1 - self.beta2) * g).detach(),)
