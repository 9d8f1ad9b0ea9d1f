"""Body-only update in the inner loop."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..inner_rules.rates import Rate
from ..outer import Algorithm, MetaOptimizer, Which, all_but, itself, require_some_of, required


@dataclass(frozen=True, eq=False)
class BOIL(Algorithm):
    """Adapts all but the head (Oh et al. 2021, https://arxiv.org/abs/2008.08882)."""

    head: Which = required("the Layer that stays, such as net.classifier, or its parameters")
    inner_lr: Rate = 0.5
    adapt: None = itself(None)

    def adapts(self):
        return all_but(self.head, "head")

    def require_fit(self, parameters):
        require_some_of(self.head, "head", parameters)


class BOILOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=BOIL):
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
