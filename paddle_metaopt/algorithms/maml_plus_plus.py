"""MAML++: what makes MAML train stably."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import paddle

from ..arguments import whole_number
from ..meta_gradients import FirstOrder
from ..outer import MetaOptimizer
from ..task.buffers import Policy
from .per_step_rates import PerStepRates


@dataclass(frozen=True, eq=False)
class MAMLPlusPlus(PerStepRates):
    """MAML with learned rates per layer and step, a query loss after every step at first, and statistics for each
    step (Antoniou et al. 2019, https://arxiv.org/abs/1810.09502)."""

    buffers: Policy = "last"
    iterations_per_epoch: int = 500
    multi_step_loss_epochs: int = 15
    first_order_epochs: int = 0

    statistics_per_step = True

    def __post_init__(self):
        super().__post_init__()
        if self.first_order and self.first_order_epochs:
            raise ValueError("first_order=True takes all epochs in first order; leave first_order_epochs out")
        whole_number(None, "iterations_per_epoch", self.iterations_per_epoch, least=1)
        whole_number(None, "multi_step_loss_epochs", self.multi_step_loss_epochs)
        whole_number(None, "first_order_epochs", self.first_order_epochs)

    def now(self, plan, outer_steps):
        epoch = self.epoch(outer_steps)
        if epoch < self.multi_step_loss_epochs:
            plan = replace(plan, query_weights=partial(self.query_weights, epoch))
        if epoch < self.first_order_epochs:
            plan = replace(plan, way=FirstOrder())
        return plan

    def epoch(self, outer_steps: int) -> int:
        return outer_steps // self.iterations_per_epoch

    def query_weights(self, epoch: int, steps: int) -> list:
        """Equal at first, and moving to the last step epoch by epoch."""
        least = 0.03 / steps
        each = max(1 / steps - epoch / (steps * self.multi_step_loss_epochs), least)
        return [each] * (steps - 1) + [1 - each * (steps - 1)]


class CountsEpochs(MetaOptimizer):
    """A meta-optimizer whose algorithm changes from one epoch to another."""

    @property
    def epoch(self) -> int:
        """How many epochs, of ``iterations_per_epoch`` outer steps each, are over."""
        return self.algorithm.epoch(self.outer_steps)


class MAMLPlusPlusOptimizer(CountsEpochs, paddle.optimizer.Adam, algorithm=MAMLPlusPlus):
    """MAML++ with Adam as its outer optimizer.

    * Every parameter has a learned inner rate for each step, in ``opt.learned`` by name; steps beyond
      ``adapt_steps`` use the last one's.
    * For the first epochs the query loss after every inner step counts, with weights that move to the last step;
      the meta-gradient comes from ``meta_loss`` then.
    * The inner gradients can be taken as constants for the first epochs.
    * BatchNorm has running statistics for each inner step, used by ``evaluate(..., statistics="running")``. They
      belong to the buffers by name, so a copy of the net has them too; for another net make another optimizer.

    The paper's cosine schedule of the outer rate is Paddle's: ``learning_rate=CosineAnnealingDecay(1e-3, T_max)``. The
    arguments not listed here are those of `MAMLOptimizer`.

    Parameters
    ----------
    inner_lr : float
        Where the rates start; a parameter group may carry its own.
    adapt_steps : int
        Inner steps in training, each with rates and statistics of its own.
    iterations_per_epoch : int
        How many outer steps make an epoch; the count is saved with the state.
    multi_step_loss_epochs : int
        For how many epochs the loss of every step counts; 15 in the authors' miniImageNet runs, 10 on Omniglot.
    first_order_epochs : int
        For how many epochs the inner gradients count as constants; 50 in the paper, which saves time. 0 by default.
    buffers : str
        As for `MAMLOptimizer`, but "last" by default: the statistics of each step go on from task to task.
    learned_group : dict, optional
        Options of the parameter group of the rates, as Paddle's groups have them.
    """
