"""T-nets: layers that are learned across tasks, and shape the inner gradients within one."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..outer import Algorithm, MetaOptimizer, Which, all_but, itself, require_some_of, required


@dataclass(frozen=True, eq=False)
class TNet(Algorithm):
    """Adapts all but the layers that warp what passes them (Lee & Choi 2018, https://arxiv.org/abs/1801.05558)."""

    warp: Which = required("the Layers that stay in the inner loop, such as [net.warp1, net.warp2]")
    adapt: None = itself(None)

    def adapts(self):
        return all_but(self.warp, "warp")

    def require_fit(self, parameters):
        require_some_of(self.warp, "warp", parameters)


class TNetOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=TNet):
    """T-nets with Adam as their outer optimizer.

    Layers between those of a net, linear and of as many outputs as inputs in the paper, are meta-learned and do not
    adapt. They transform the features, and so the gradients that the layers before them adapt by: a learned metric for
    the inner steps. The arguments not listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    warp : Layer, or list of Layer or Parameter
        What does not adapt.
    """
