"""The Adam family: steps scaled by running moments of the gradient."""

from __future__ import annotations

import paddle

from ..arguments import above_zero, at_least_zero, flag, fraction
from .rule import InnerRule, sqrt


class _Moments(InnerRule):
    """Remembers running means of the gradient and of something squared, and how many steps were taken."""

    serves_complex = False

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
        self.beta1 = fraction(self, "beta1", beta1, tensor=True)
        self.beta2 = fraction(self, "beta2", beta2, tensor=True)
        self.epsilon = above_zero(self, "epsilon", epsilon, tensor=True)
        self.weight_decay = at_least_zero(self, "weight_decay", weight_decay, tensor=True)

    def slots(self, p):
        return paddle.zeros_like(p), paddle.zeros_like(p), 0

    def first_moment(self, m, g):
        return self.beta1 * m + (1 - self.beta1) * g

    def second_moment(self, v, g):
        return self.beta2 * v + (1 - self.beta2) * g * g


class Adam(_Moments):
    """Kingma & Ba 2015, https://arxiv.org/abs/1412.6980.

    Parameters
    ----------
    beta1, beta2 : float or Tensor
        Decay of the moments.
    epsilon : float or Tensor
    weight_decay : float or Tensor
        Factor of an L2 penalty.
    amsgrad : bool
        Scale by the largest second moment so far (Reddi et al. 2018, https://arxiv.org/abs/1904.09237).
    """

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, amsgrad: bool = False):
        super().__init__(beta1, beta2, epsilon, weight_decay)
        self.amsgrad = flag(self, "amsgrad", amsgrad)

    def slots(self, p):
        return (*super().slots(p), paddle.zeros_like(p))

    def step(self, p, g, rate, m, v, steps, largest):
        m, v, steps = self.first_moment(m, g), self.second_moment(v, g), steps + 1
        largest = paddle.maximum(largest, v) if self.amsgrad else v
        scale = sqrt(largest / (1 - self.beta2**steps)) + self.epsilon
        return p - rate * (m / (1 - self.beta1**steps)) / scale, (m, v, steps, largest)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101).

    Parameters
    ----------
    beta1, beta2, epsilon, amsgrad
        As for `Adam`.
    weight_decay : float or Tensor
        The fraction of a weight, times the learning rate, that a step takes away.
    """

    decay_is_decoupled = True

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01, amsgrad: bool = False):
        super().__init__(beta1, beta2, epsilon, weight_decay, amsgrad)


class Adamax(_Moments):
    """Adam with the largest gradient in place of the second moment (Kingma & Ba 2015, section 7.1).

    Parameters
    ----------
    beta1, beta2, epsilon, weight_decay : float or Tensor
    """

    def step(self, p, g, rate, m, largest, steps):
        m, steps = self.first_moment(m, g), steps + 1
        largest = paddle.maximum(paddle.abs(g), self.beta2 * largest + self.epsilon)
        return p - rate / (1 - self.beta1**steps) * m / largest, (m, largest, steps)


class NAdam(_Moments):
    """Adam with Nesterov's momentum (Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ).

    Parameters
    ----------
    beta1, beta2, epsilon : float or Tensor
    momentum_decay : float or Tensor
    weight_decay : float or Tensor
    """

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8, momentum_decay=0.004, weight_decay=0.0):
        super().__init__(beta1, beta2, epsilon, weight_decay)
        self.momentum_decay = at_least_zero(self, "momentum_decay", momentum_decay, tensor=True)

    def slots(self, p):
        return (*super().slots(p), 1.0)

    def step(self, p, g, rate, m, v, steps, product):
        m, v, steps = self.first_moment(m, g), self.second_moment(v, g), steps + 1
        mu, next_mu = self._momentum(steps), self._momentum(steps + 1)
        product = product * mu
        ahead = next_mu * m / (1 - product * next_mu) + (1 - mu) * g / (1 - product)
        scale = sqrt(v / (1 - self.beta2**steps)) + self.epsilon
        return p - rate * ahead / scale, (m, v, steps, product)

    def _momentum(self, steps):
        return self.beta1 * (1 - 0.5 * 0.96 ** (steps * self.momentum_decay))


class RAdam(_Moments):
    """Adam that waits until the second moment's variance can be rectified (Liu et al. 2020,
    https://arxiv.org/abs/1908.03265).

    Parameters
    ----------
    beta1, beta2, epsilon, weight_decay : float or Tensor
    """

    def step(self, p, g, rate, m, v, steps):
        m, v, steps = self.first_moment(m, g), self.second_moment(v, g), steps + 1
        direction = m / (1 - self.beta1**steps)
        longest = 2 / (1 - self.beta2) - 1
        length = longest - 2 * steps * self.beta2**steps / (1 - self.beta2**steps)
        if length > 5:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            direction = direction * rectified**0.5 * (1 - self.beta2**steps) ** 0.5 / (sqrt(v) + self.epsilon)
        return p - rate * direction, (m, v, steps)
