"""Inner rates and decay generated from the state of the weights."""

from __future__ import annotations

from dataclasses import dataclass

import paddle
from paddle import nn

from ..arguments import at_least_zero
from ..inner_rules import InnerRule
from ..outer import MetaOptimizer, itself
from .per_step_rates import PerStepRates, of_step


@dataclass(frozen=True, eq=False)
class ALFA(PerStepRates):
    """Lets a small net set each parameter's rate and decay in each inner step (Baik et al. 2020,
    https://arxiv.org/abs/2011.00209)."""

    inner_decay: float = 5e-4
    inner_lr: float = 0.01
    adapt: None = itself(None)
    inner_rule: str = itself("generated")

    def rule(self, weights):
        if not weights:
            raise ValueError("parameters: all of them are frozen, so nothing adapts")
        if any(weight.parameter.is_complex() for weight in weights):
            raise TypeError(
                "parameters: ALFA makes rates of the means of real weights and gradients, and some of these are "
                "complex; freeze those, or use another algorithm"
            )
        decay = at_least_zero(None, "inner_decay", self.inner_decay)
        return GeneratedSteps(len(weights), self.adapt_steps, decay, weights[0].parameter.dtype)


class GeneratedSteps(InnerRule):
    """θᵢ ← (1 − bᵢ βᵢ α) θᵢ − aᵢ α gᵢ, where a and b come from a net that sees the means of all gᵢ and θᵢ.

    Parameters
    ----------
    weights : int
        How many weights adapt.
    steps : int
        How many inner steps have decays βᵢ of their own.
    decay : float
        Where the decays start.
    dtype : DataType
        Of the net and the decays.
    """

    def __init__(self, weights: int, steps: int, decay: float, dtype):
        self.net = nn.Sequential(nn.Linear(2 * weights, 2 * weights), nn.ReLU(), nn.Linear(2 * weights, 2 * weights))
        self.net.to(dtype=dtype)
        self.net[2].weight.set_value(paddle.zeros_like(self.net[2].weight))
        self.net[2].bias.set_value(paddle.ones_like(self.net[2].bias))
        start = nn.initializer.Constant(decay)
        self.decays = paddle.create_parameter([steps, weights], dtype, default_initializer=start)

    def init(self, params):
        return {"step": 0}

    def update(self, params, grads, rates, state):
        count = self.decays.shape[1]
        if len(params) != count:
            raise ValueError(
                f"ALFA was made for {count} trainable parameters, and this net adapts {len(params)}; make an "
                "optimizer for this net, after freezing the parameters that should not adapt"
            )
        zero = paddle.zeros([], self.decays.dtype)
        seen = [grads[name].mean() if name in grads else zero for name in params]
        seen = paddle.stack([x.astype(zero.dtype) for x in [*seen, *(p.mean() for p in params.values())]])
        made = self.net(seen.unsqueeze(0))[0]
        decays = made[count:] * of_step(self.decays, state["step"])[0]
        moved = dict(params)
        for position, (name, p) in enumerate(params.items()):
            if name in grads:
                decay, factor = (value[position].astype(p.dtype) for value in (decays, made))
                moved[name] = p * (1 - decay * rates[name]) - factor * rates[name] * grads[name]
        return moved, {"step": state["step"] + 1}


class ALFAOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=ALFA):
    """ALFA with Adam as its outer optimizer.

    Every parameter's rate and weight decay in an inner step are a learned number for that step times what a small net
    makes of the means of all gradients and weights. The net is learned with the rest, ``opt.learned``; at first its
    factors are 1, so that an inner step is MAML's with a little weight decay. Everything that the optimizer trains
    adapts. The arguments not listed here are those of `MAMLOptimizer`, without ``adapt`` and ``inner_rule``.

    Parameters
    ----------
    inner_lr : float
        Where the rates start; a parameter group may carry its own.
    inner_decay : float
        Where the decays start, relative to the rates; 0.0005 in the authors' code.
    adapt_steps : int
        Inner steps in training, each with rates and decays of its own; 5 by default.
    """
