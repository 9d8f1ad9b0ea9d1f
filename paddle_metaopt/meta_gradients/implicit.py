"""The derivative of the solution of the inner problem, however it was reached."""

from __future__ import annotations

import paddle

from ..arguments import above_zero, at_least_zero, flag, one_of, whole_number
from ..tensors import leaves_of
from .checkpointed import ExactGradient
from .solvers import conjugate_gradient, neumann_series
from .step_by_step import Cotangents
from .way_back import AsksWhereItEnds, Replaying


class Implicit(Replaying, AsksWhereItEnds):
    """Implicit MAML (Rajeswaran et al. 2019, https://arxiv.org/abs/1909.04630).

    The inner loss gets a proximal term λ/2 |θ' − θ|². At its minimum θ*, by the implicit function theorem,

        dL_query/dθ = (I + H/λ)⁻¹ ∇L_query(θ*),   H the Hessian of the support loss at θ*,

    whatever path led there, so any inner rule will do whose weight decay, if any, is an L2 penalty, which counts as
    part of the support loss; and memory does not grow with the steps. It is as exact as the inner problem and the
    linear system are solved. Where the inner steps have several loss functions, the last one is the one whose minimum
    counts.

    Parameters
    ----------
    proximal : float
        λ, larger than 0.
    solver : {"cg", "neumann"}
        Conjugate gradient, which stops with a warning where I + H/λ is not positive definite; or the series
        Σ (−H/λ)ⁱ, which needs H to be smaller than λ.
    iterations : int
        At most this many; each takes one Hessian-vector product.
    tolerance : float
        Stop when the residual's norm, relative to that of ∇L_query, falls below this.
    hessian : bool
        False takes H for zero: iMAML of first order.

    Attributes
    ----------
    report : SolverReport or None
        Of the last task.
    """

    name = "meta_gradient='implicit'"
    serves_together = True

    def __init__(
        self, proximal: float = 2.0, solver: str = "cg", iterations: int = 5, tolerance: float = 1e-10,
        hessian: bool = True,
    ):  # fmt: skip
        self.proximal = above_zero(self, "proximal", proximal)
        self.solver = one_of(self, "solver", solver, tuple(_SOLVERS))
        self.iterations = whole_number(self, "iterations", iterations, least=1)
        self.tolerance = at_least_zero(self, "tolerance", tolerance)
        self.hessian = flag(self, "hessian", hessian)
        self.report = None

    def require_served(self, plan):
        super().require_served(plan)
        rule = plan.step.rule
        if getattr(rule, "decay_is_decoupled", False) and rule.has_decay():
            raise ValueError(
                f"{self.name} differentiates the minimum of the support loss, where an inner rule with decoupled "
                "weight decay does not come to rest; use weight_decay=0.0, or a rule whose decay is an L2 penalty"
            )

    def remember(self, history, moment):
        history[:] = [moment]

    def solve(self, task, query):
        present = task.moment()
        bar = Cotangents(task)
        loss = bar.add_query(query, present)
        if task.history and self.hessian:
            self._through_solution(task, present.fast, bar)
        return loss, bar.gradients()

    def _through_solution(self, task, fast, bar):
        last = task.history[-1]
        last.loss_again(leaves_of(last.fast))  # raises if the loss is another than then
        inner = ExactGradient(task, last, leaves_of(fast), elsewhere=True)
        names = list(inner.values)  # also those that the query loss does not depend on: the minimum moves as a whole
        right_side = [
            paddle.zeros_like(inner.values[name]) if bar.weights.get(name) is None else bar.weights[name]
            for name in names
        ]

        def system(x):
            """(I + H/λ) x, H with the rule's own L2 penalty"""
            product, _ = inner.pulled(dict(zip(names, x)), again=True)
            shifted = [(1 + task.plan.step.penalty / self.proximal) * v for v in x]
            return [v if product.get(n) is None else v + product[n] / self.proximal for n, v in zip(names, shifted)]

        solution, self.report = _SOLVERS[self.solver](system, right_side, self.iterations, self.tolerance)
        # What the support loss depends on besides moves its minimum: −∂²L/∂ψ∂θ' (H + λI)⁻¹ ∇L_query.
        towards = {name: -x / self.proximal for name, x in zip(names, solution)}
        crossed, direct = inner.pulled(towards)
        bar.replace_weights(dict(zip(names, solution)))
        bar.add_weights({name: g for name, g in crossed.items() if name not in task.adapted})
        bar.add_direct(direct)


_SOLVERS = {"cg": conjugate_gradient, "neumann": neumann_series}
