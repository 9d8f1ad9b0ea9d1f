"""A learning rate for every weight, learned with it."""

from __future__ import annotations

from dataclasses import dataclass

import paddle
from paddle.nn import initializer

from ..inner_rules.rates import checked_rate
from ..outer import Algorithm, Learned, MetaOptimizer
from ..tensors import real_type


@dataclass(frozen=True, eq=False)
class MetaSGD(Algorithm):
    """MAML with a learned rate for each element (Li et al. 2017, https://arxiv.org/abs/1707.09835)."""

    inner_lr: float | tuple[float, float] = (0.005, 0.1)

    def learns(self, weights):
        learned = []
        for p, inner_lr in weights:
            low, high = _range(inner_lr)
            # Uniform rounds its ends to float32.
            start = initializer.Constant(low) if low == high else initializer.Uniform(low, high)
            rates = paddle.create_parameter(p.shape, real_type(p), default_initializer=start)
            learned.append(Learned("rates", rates, of=p))
        return learned

    def given_rates(self, groups):
        return {}

    def rate(self, beside, parameter, step):
        return beside.learned("rates", parameter)


def _range(inner_lr) -> tuple:
    kinds = "a number or a range (low, high), where the learned rates start"
    if isinstance(inner_lr, (tuple, list)) and len(inner_lr) == 2:
        low, high = (checked_rate(rate, kinds) for rate in inner_lr)
        if low > high:
            raise ValueError(f"inner_lr: expected (low, high), got {inner_lr!r}")
        return low, high
    rate = checked_rate(inner_lr, kinds)
    return rate, rate


class MetaSGDOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=MetaSGD):
    """Meta-SGD with Adam as its outer optimizer.

    Every element of every weight has an inner learning rate of its own, which is meta-learned with the weights by
    the same ``step()`` and may become negative; ``opt.learned`` has them by name. The arguments not listed here are
    those of `MAMLOptimizer`. With ``first_order=True`` the rates still get their gradient, −⟨query gradient, inner
    gradient⟩ for each element.

    Parameters
    ----------
    inner_lr : (float, float) or float
        The rates are drawn uniformly from this range at the start, (0.005, 0.1) as in the paper; or all are this. A
        parameter group may carry its own.
    adapt_steps : int
        One in the paper.
    learned_group : dict, optional
        Options of the parameter group of the rates, as Paddle's groups have them: ``{"learning_rate": 0.1}`` is a
        factor on the optimizer's rate. Weight decay is 0 there by default.
    """
