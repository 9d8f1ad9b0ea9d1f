"""A learned inner rate for each parameter and step, for the algorithms that have them."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..inner_rules.rates import checked_rate
from ..outer import Algorithm, Learned
from ..tensors import real_type


@dataclass(frozen=True, eq=False)
class PerStepRates(Algorithm):
    """Learns a rate for each parameter and inner step; steps beyond ``adapt_steps`` use the last one's."""

    inner_lr: float = 0.1
    adapt_steps: int = 5

    def __post_init__(self):
        super().__post_init__()
        if not self.adapt_steps:
            raise ValueError("adapt_steps: a rate is learned for each inner step; expected at least 1")

    def learns(self, weights):
        learned = []
        for p, inner_lr in weights:
            start = paddle.nn.initializer.Constant(checked_rate(inner_lr, "a number, where the learned rates start"))
            rates = paddle.create_parameter([self.adapt_steps], real_type(p), default_initializer=start)
            learned.append(Learned("rates", rates, of=p))
        return learned

    def given_rates(self, groups):
        return {}

    def rate(self, beside, parameter, step):
        return of_step(beside.learned("rates", parameter), step)


def of_step(values, step: int):
    """The values of an inner step, of shape [1, ...]; steps beyond the trained ones have those of the last."""
    position = min(step, values.shape[0] - 1)
    return paddle.slice(values, [0], [position], [position + 1])
