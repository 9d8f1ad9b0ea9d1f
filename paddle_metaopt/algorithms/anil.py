"""Almost no inner loop."""

from __future__ import annotations

import paddle

from ..groups import parameters_of
from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class ANIL(MetaOptimizer):
    """Adapts the head alone (Raghu et al. 2020, https://arxiv.org/abs/1909.09157)."""

    def _choose(
        self, *, head=None, inner_lr=0.01, adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", buffers="restore", learned_group=None,
    ) -> Plan:  # fmt: skip
        if head is None:
            raise TypeError("head: expected the Layer that adapts, such as net.classifier, or its parameters")
        in_head = adapts_only(head, "head")
        if in_head is not head and not any(in_head("", p) for p in parameters_of(self)):
            raise ValueError("head: none of its parameters is in the optimizer; is it the head of another net?")
        return self._make_plan(
            in_head, inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
            head=head if isinstance(head, paddle.nn.Layer) else None,
        )  # fmt: skip


@named
class ANILOptimizer(ANIL, paddle.optimizer.Adam):
    """ANIL with Adam as its outer optimizer.

    The body is computed once per task where that is provably the same as computing it for every inner step. The
    arguments not listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    head : Layer or list of parameters
        What adapts; the rest of the net is meta-learned only.
    """
