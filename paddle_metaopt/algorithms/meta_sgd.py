"""A learning rate for every weight, learned with it."""

from __future__ import annotations

import paddle

from ..inner_rates import checked_rate
from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class MetaSGD(MetaOptimizer):
    """MAML with a learned rate for each element (Li et al. 2017, https://arxiv.org/abs/1707.09835)."""

    def _choose(
        self, *, inner_lr=(0.005, 0.1), adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", adapt=None, buffers="restore", learned_group=None,
    ) -> Plan:  # fmt: skip
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=0.0, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
            rate_of=lambda p, step: self._learned_of("rates", p),
        )  # fmt: skip

    def _learned_for(self, starts, choices):
        rates = []
        for p, inner_lr in starts:
            start = paddle.nn.initializer.Uniform(*_range(inner_lr))
            rates.append(("rates", p, paddle.create_parameter(p.shape, p.dtype, default_initializer=start)))
        return rates


def _range(inner_lr) -> tuple:
    kinds = "a number or a range (low, high), where the learned rates start"
    if isinstance(inner_lr, (tuple, list)) and len(inner_lr) == 2:
        low, high = (checked_rate(rate, kinds) for rate in inner_lr)
        if low > high:
            raise ValueError(f"inner_lr: expected (low, high), got {inner_lr!r}")
        return low, high
    rate = checked_rate(inner_lr, kinds)
    return rate, rate


@named
class MetaSGDOptimizer(MetaSGD, paddle.optimizer.Adam):
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
