"""Reptile: towards where the inner loop went."""

from __future__ import annotations

import paddle

from ..meta_gradients import Displacement
from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class Reptile(MetaOptimizer):
    """Moves the weights towards the adapted ones (Nichol et al. 2018, https://arxiv.org/abs/1803.02999)."""

    def _choose(
        self, *, inner_lr=0.02, adapt_steps=8, first_order=True, inner_rule="sgd", inner_grad_clip=None, adapt=None,
        buffers="restore",
    ) -> Plan:  # fmt: skip
        if not first_order:
            raise ValueError("first_order=False: Reptile takes no second derivative; leave the argument out")
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=False,
            rule=inner_rule, grad_clip=inner_grad_clip, way=Displacement(), buffers=buffers,
        )  # fmt: skip


@named
class ReptileOptimizer(Reptile, paddle.optimizer.Adam):
    """Reptile with Adam as its outer optimizer; the paper's own outer step is that of
    ``ReptileOptimizer.over(paddle.optimizer.SGD)``.

    The meta-gradient is θ − θ_K, the way back from where the inner loop ended, and comes from ``meta_loss`` only; the
    query set gives the loss that is reported. Give the examples that the paper would train on as the support set.
    What does not adapt gets no gradient. The arguments are those of `MAMLOptimizer`, without ``meta_gradient``;
    ``first_order`` is always True.

    Parameters
    ----------
    inner_lr : float
    adapt_steps : int
        More than MAML's, 8 by default: with one step Reptile is training on all tasks jointly.
    """
