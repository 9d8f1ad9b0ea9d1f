"""MAML++: what makes MAML train stably."""

from __future__ import annotations

from dataclasses import replace

import paddle

from ..arguments import whole_number
from ..inner_rates import checked_rate
from ..meta_gradients import FirstOrder
from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class MAMLPlusPlus(MetaOptimizer):
    """MAML with learned rates per layer and step, a query loss after every step at first, and statistics for each
    step (Antoniou et al. 2019, https://arxiv.org/abs/1810.09502)."""

    def _choose(
        self, *, inner_lr=0.1, adapt_steps=5, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", adapt=None, buffers="last", learned_group=None, iterations_per_epoch=500,
        multi_step_loss_epochs=15, first_order_epochs=0,
    ) -> Plan:  # fmt: skip
        if first_order and first_order_epochs:
            raise ValueError("first_order=True takes all epochs in first order; leave first_order_epochs out")
        self._iterations_per_epoch = whole_number(self, "iterations_per_epoch", iterations_per_epoch, least=1)
        self._multi_step_loss_epochs = whole_number(self, "multi_step_loss_epochs", multi_step_loss_epochs)
        self._first_order_epochs = whole_number(self, "first_order_epochs", first_order_epochs)
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=0.0, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
            rate_of=lambda p, step: self._rate(self._learned_of("rates", p), step), statistics_per_step=True,
        )  # fmt: skip

    def _learned_for(self, starts, choices):
        steps = choices["adapt_steps"]
        if not steps:
            raise ValueError("adapt_steps: MAML++ learns a rate for each inner step; expected at least 1")
        rates = []
        for p, inner_lr in starts:
            start = paddle.nn.initializer.Constant(checked_rate(inner_lr, "a number, where the learned rates start"))
            rates.append(("rates", p, paddle.create_parameter([steps], p.dtype, default_initializer=start)))
        return rates

    @staticmethod
    def _rate(rates, step):
        position = min(step, rates.shape[0] - 1)
        return paddle.slice(rates, [0], [position], [position + 1])

    @property
    def epoch(self) -> int:
        """How many times ``iterations_per_epoch`` outer steps were taken."""
        return self._outer_steps // self._iterations_per_epoch

    @property
    def _plan(self):
        plan = self._fixed_plan
        if self.epoch < self._multi_step_loss_epochs:
            plan = replace(plan, query_weights=self._query_weights)
        if self.epoch < self._first_order_epochs:
            plan = replace(plan, way=FirstOrder())
        return plan

    def _query_weights(self, steps: int) -> list:
        """Equal at first, and moving to the last step epoch by epoch."""
        least = 0.03 / steps
        each = max(1 / steps - self.epoch / (steps * self._multi_step_loss_epochs), least)
        return [each] * (steps - 1) + [1 - each * (steps - 1)]


@named
class MAMLPlusPlusOptimizer(MAMLPlusPlus, paddle.optimizer.Adam):
    """MAML++ with Adam as its outer optimizer.

    * Every parameter has a learned inner rate for each step, in ``opt.learned`` by name; steps beyond
      ``adapt_steps`` use the last one's.
    * For the first epochs the query loss after every inner step counts, with weights that move to the last step;
      the meta-gradient comes from ``meta_loss`` then.
    * The inner gradients can be taken as constants for the first epochs.
    * BatchNorm has running statistics for each inner step, used by ``evaluate(..., statistics="running")``.

    The paper's cosine schedule of the outer rate is Paddle's: ``learning_rate=CosineAnnealingDecay(1e-3, T_max)``. The
    arguments not listed here are those of `MAMLOptimizer`.

    Parameters
    ----------
    inner_lr : float
        Where the rates start; a parameter group may carry its own.
    adapt_steps : int
        Inner steps in training, each with rates and statistics of its own.
    iterations_per_epoch : int
        Outer steps that make an epoch; the count is saved with the state.
    multi_step_loss_epochs : int
        For how many epochs the loss of every step counts; 15 in the authors' miniImageNet runs, 10 on Omniglot.
    first_order_epochs : int
        For how many epochs the inner gradients count as constants; 50 in the paper, which saves time. 0 by default.
    buffers : str
        As for `MAMLOptimizer`, but "last" by default: the statistics of each step go on from task to task.
    learned_group : dict, optional
        Options of the parameter group of the rates, as Paddle's groups have them.
    """
