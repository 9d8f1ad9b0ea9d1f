"""Reptile: towards where the inner loop went."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..inner_rules.rates import Rate
from ..meta_gradients import Displacement
from ..outer import Algorithm, MetaOptimizer, itself


@dataclass(frozen=True, eq=False)
class Reptile(Algorithm):
    """Moves the weights towards the adapted ones (Nichol et al. 2018, https://arxiv.org/abs/1803.02999)."""

    inner_lr: Rate = 0.02
    adapt_steps: int = 8
    first_order: bool = True
    meta_gradient: str = itself("displacement")
    learned_group: None = itself(None)

    def __post_init__(self):
        super().__post_init__()
        if not self.first_order:
            raise ValueError("first_order=False: Reptile takes no second derivative; leave the argument out")

    def way(self):
        return Displacement()


class ReptileOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=Reptile):
    """Reptile with Adam as its outer optimizer; the paper's own outer step is that of
    ``ReptileOptimizer.over(paddle.optimizer.SGD)``.

    The meta-gradient is θ − θ_K, the way back from where the inner loop ended, and comes from ``meta_loss`` only; the
    query set gives the loss that is reported. Give the examples that the paper would train on as the support set.
    What does not adapt gets no gradient. The arguments are those of `MAMLOptimizer`, without ``meta_gradient`` and
    ``learned_group``; ``first_order`` is always True.

    Parameters
    ----------
    inner_lr : float
    adapt_steps : int
        More than MAML's, 8 by default: with one step Reptile is training on all tasks jointly.
    """
