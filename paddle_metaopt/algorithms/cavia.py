"""Fast context adaptation."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..inner_rules.rates import Rate
from ..outer import Algorithm, Members, MetaOptimizer, adapts_only, itself, parameters_in, required


@dataclass(frozen=True, eq=False)
class CAVIA(Algorithm):
    """Adapts a context that starts at zero, and nothing else (Zintgraf et al. 2019,
    https://arxiv.org/abs/1810.03642)."""

    inner_lr: Rate = 1.0
    context: Members = required("the Parameter that adapts, such as net.context, or several, or a Layer")
    adapt: None = itself(None)

    def require_fit(self, parameters):
        parameters_in(self.context, "context")

    def adapts_among(self, trained):
        return adapts_only(self.context, "context")  # whether the outer optimizer has it or not

    def begin(self, beside, start, net, support):
        return {parameter: paddle.zeros_like(parameter) for parameter in parameters_in(self.context, "context")}


class CAVIAOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=CAVIA):
    """CAVIA with Adam as its outer optimizer.

    The net takes a context besides its input, a Parameter of its own that is concatenated to a layer's input, say, or
    scales and shifts its features. Each task's context starts at zero and adapts; all else is meta-learned and stays.
    The context itself gets no meta-gradient, so it does not matter whether it is among `parameters`. The arguments not
    listed here are those of `MAMLOptimizer`, without ``adapt``.

    Parameters
    ----------
    context : Parameter, list of Parameter, or Layer
        What adapts.
    inner_lr : float
        1 by default, as in the paper, where it matters little: the net learns how far a context reaches.

    Examples
    --------
    >>> class Net(paddle.nn.Layer):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.context = self.create_parameter([5], default_initializer=paddle.nn.initializer.Constant(0.0))
    ...         self.mlp = metaopt.models.MLP([6, 40, 40, 1])
    ...     def forward(self, x):
    ...         return self.mlp(paddle.concat([x, self.context.expand([x.shape[0], 5])], 1))
    >>> net = Net()
    >>> opt = metaopt.CAVIAOptimizer(1e-3, parameters=net.parameters(), context=net.context)
    """
