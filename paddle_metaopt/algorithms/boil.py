"""Body-only update in the inner loop."""

from __future__ import annotations

import paddle

from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class BOIL(MetaOptimizer):
    """Adapts all but the head (Oh et al. 2021, https://arxiv.org/abs/2008.08882)."""

    def _choose(
        self, *, head=None, inner_lr=0.5, adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", buffers="restore", learned_group=None,
    ) -> Plan:  # fmt: skip
        if head is None:
            raise TypeError("head: expected the Layer that stays, such as net.classifier, or its parameters")
        in_head = adapts_only(head, "head")
        return self._make_plan(
            lambda name, p: not in_head(name, p), inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
        )  # fmt: skip


@named
class BOILOptimizer(BOIL, paddle.optimizer.Adam):
    """BOIL with Adam as its outer optimizer.

    The head stays as it is in the inner loop, so that the body has to change what it represents. The arguments not
    listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    head : Layer or list of parameters
        What does not adapt; it is meta-learned only.
    inner_lr : float
        0.5 by default, as in the paper.
    """
