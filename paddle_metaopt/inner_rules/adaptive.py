"""Steps scaled by accumulated squares of the gradient."""

from __future__ import annotations

import paddle

from ..arguments import above_zero, at_least_zero, flag, fraction
from .rule import InnerRule, sqrt


class Adagrad(InnerRule):
    """Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html.

    Parameters
    ----------
    epsilon : float or Tensor
    initial_accumulator_value : float or Tensor
    weight_decay : float or Tensor
    """

    serves_complex = False

    def __init__(self, epsilon=1e-6, initial_accumulator_value=0.0, weight_decay=0.0):
        self.epsilon = above_zero(self, "epsilon", epsilon, tensor=True)
        self.initial_accumulator_value = at_least_zero(
            self, "initial_accumulator_value", initial_accumulator_value, tensor=True
        )
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def slots(self, p):
        return (paddle.zeros_like(p) + self.initial_accumulator_value,)

    def step(self, p, g, rate, squares):
        squares = squares + g * g
        return p - rate * g / (sqrt(squares) + self.epsilon), (squares,)


class Adadelta(InnerRule):
    """Zeiler 2012, https://arxiv.org/abs/1212.5701.

    Parameters
    ----------
    epsilon, rho, weight_decay : float or Tensor
    """

    serves_complex = False

    def __init__(self, epsilon=1e-6, rho=0.95, weight_decay=0.0):
        self.epsilon = above_zero(self, "epsilon", epsilon, tensor=True)
        self.rho = fraction(self, "rho", rho, tensor=True)
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def slots(self, p):
        return paddle.zeros_like(p), paddle.zeros_like(p)

    def step(self, p, g, rate, squares, moves):
        squares = self.rho * squares + (1 - self.rho) * g * g
        move = g * paddle.sqrt((moves + self.epsilon) / (squares + self.epsilon))
        moves = self.rho * moves + (1 - self.rho) * move * move
        return p - rate * move, (squares, moves)


class RMSProp(InnerRule):
    """Tieleman & Hinton 2012; `centered` as in Graves 2013, https://arxiv.org/abs/1308.0850.

    Parameters
    ----------
    rho, epsilon, momentum : float or Tensor
    centered : bool
        Scale by the variance instead of the second moment.
    weight_decay : float or Tensor
    """

    serves_complex = False

    def __init__(self, rho=0.95, epsilon=1e-6, momentum=0.0, centered: bool = False, weight_decay=0.0):
        self.rho = fraction(self, "rho", rho, tensor=True)
        self.epsilon = above_zero(self, "epsilon", epsilon, tensor=True)
        self.momentum = at_least_zero(self, "momentum", momentum, tensor=True)
        self.centered = flag(self, "centered", centered)
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def slots(self, p):
        return paddle.zeros_like(p), paddle.zeros_like(p), paddle.zeros_like(p)

    def step(self, p, g, rate, squares, mean, velocity):
        squares = self.rho * squares + (1 - self.rho) * g * g
        spread = squares
        if self.centered:
            mean = self.rho * mean + (1 - self.rho) * g
            spread = squares - mean * mean
        velocity = self.momentum * velocity + rate * g / paddle.sqrt(spread + self.epsilon)
        return p - velocity, (squares, mean, velocity)
