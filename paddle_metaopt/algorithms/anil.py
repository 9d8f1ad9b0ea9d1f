"""Almost no inner loop."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..outer import Algorithm, MetaOptimizer, Which, adapts_only, itself, require_some_of, required


@dataclass(frozen=True, eq=False)
class ANIL(Algorithm):
    """Adapts the head only (Raghu et al. 2020, https://arxiv.org/abs/1909.09157)."""

    head: Which = required("the Layer that adapts, such as net.classifier, or its parameters")
    adapt: None = itself(None)

    def adapts(self):
        return adapts_only(self.head, "head")

    def require_fit(self, parameters):
        require_some_of(self.head, "head", parameters)

    def fixed_head(self):
        return self.head if isinstance(self.head, paddle.nn.Layer) else None


class ANILOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=ANIL):
    """ANIL with Adam as its outer optimizer.

    The body is computed once per task where that is provably the same as computing it for every inner step. The
    arguments not listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    head : Layer or list of parameters
        What adapts; the rest of the net is meta-learned only.
    """
