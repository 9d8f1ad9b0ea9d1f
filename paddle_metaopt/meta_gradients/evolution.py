"""The meta-gradient of a smoothed loss, estimated from its values alone."""

from __future__ import annotations

import paddle

from ..arguments import above_zero, flag, whole_number
from ..random_states import RandomStates
from ..tensors import detached, leaves_of
from .way_back import Replaying


class Evolution(Replaying):
    """Evolution strategies, ES-MAML (Song et al. 2020, https://arxiv.org/abs/1910.01215).

    With F(θ) the query loss after the inner loop that begins at θ, and directions ε from a standard normal
    distribution, the meta-gradient is the mean over them of

        F(θ + σ ε) ε / σ,   or antithetic   (F(θ + σ ε) − F(θ − σ ε)) ε / 2σ,

    an unbiased estimate of the gradient of the mean of F(θ + σ ε). Nothing is differentiated but the inner losses,
    once, so an op without a second derivative, or a query loss with steps in it, does no harm; but the error falls only
    with the root of the number of directions, each of which takes the inner loop again, twice if antithetic.

    Each trainable parameter is moved, also one that the net does not use, whose gradient is noise: freeze those.

    Parameters
    ----------
    sigma : float
        σ, larger than 0.
    directions : int
        How many are drawn for a task, from its own stream of Paddle's random numbers.
    antithetic : bool
        Whether each is taken both ways, which costs twice as much and gains far more.

    Raises
    ------
    ValueError
        By the optimizer, if something is learned besides the net's weights, or the algorithm has tasks begin elsewhere.
    """

    name = "meta_gradient=Evolution(...)"
    order = 1
    compares_queries = True
    looks_back = True
    serves_together = True

    def __init__(self, sigma: float = 0.05, directions: int = 32, antithetic: bool = True):
        self.sigma = above_zero(self, "sigma", sigma)
        self.directions = whole_number(self, "directions", directions, least=1)
        self.antithetic = flag(self, "antithetic", antithetic)

    def require_served(self, plan):
        if plan.learned or plan.begin is not None:
            besides = ", ".join(plan.learned) or "begin"
            raise ValueError(
                f"{self.name} moves the net's weights alone, so it serves neither what else is learned nor tasks that "
                f"begin elsewhere: {besides}"
            )

    def solve(self, task, query):
        if len(task.meta_parameters) > len(task.own):
            raise ValueError(f"inputs: {self.name} moves the net's weights alone, so a tensor outside gets no gradient")
        for moment in task.history:
            moment.loss_again(leaves_of(moment.fast))  # raises if the loss is another than then
        value, there = query(as_number=True), task.moment(kept=True)
        estimate = dict.fromkeys(task.own, 0.0)
        for _ in range(self.directions):
            noise = {name: _standard_normal(p) for name, p in task.own.items()}
            chance = RandomStates()
            slope = self._loss(task, query, there, noise, self.sigma) / self.sigma
            if self.antithetic:
                slope = (slope - self._loss(task, query, there, noise, -self.sigma) / self.sigma) / 2
            chance.restore()
            estimate = {name: g + slope * noise[name] / self.directions for name, g in estimate.items()}
        return value, list(estimate.values())

    def _loss(self, task, query, there, noise, distance):
        """The query loss after the inner loop that begins at θ + distance · noise."""
        fast = {name: start + distance * noise[name] for name, start in task.start.weights.items()}
        state = task.plan.step.before({name: fast[name] for name in task.adapted})
        for moment in task.history:
            fast = leaves_of(fast)
            gradients = task.gradients(moment.loss_again(fast, elsewhere=True), fast)
            adapted = {name: fast[name] for name in task.adapted}
            with moment.update_again():
                moved, state = task.plan.step(task.own, fast, adapted, gradients, state, moment.step)
            fast.update(moved)
            state = detached(state)
        with task.residence.at(there, leaves_of(fast)):
            return query(as_number=True).detach()


def _standard_normal(like):
    """Numbers of variance 1; if they are complex, of either part."""
    noise = paddle.randn(like.shape, like.dtype)
    return noise * 2**0.5 if noise.is_complex() else noise
