"""Implicit MAML."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..arguments import at_least_zero, whole_number
from ..inner_rules.rates import Rate
from ..meta_gradients import Implicit
from ..outer import Algorithm, MetaOptimizer, itself


@dataclass(frozen=True, eq=False)
class IMAML(Algorithm):
    """Differentiates the solution of a proximal inner problem (Rajeswaran et al. 2019,
    https://arxiv.org/abs/1909.04630)."""

    proximal: float = 2.0
    solver: str = "cg"
    solver_iterations: int = 5
    solver_tolerance: float = 1e-10
    inner_lr: Rate = 0.1
    adapt_steps: int = 16
    meta_gradient: str = itself("implicit")
    learned_group: None = itself(None)

    def __post_init__(self):
        super().__post_init__()
        whole_number(None, "solver_iterations", self.solver_iterations, least=1)
        at_least_zero(None, "solver_tolerance", self.solver_tolerance)
        self.way()  # checks the rest

    def way(self):
        return Implicit(
            self.proximal, self.solver, self.solver_iterations, self.solver_tolerance, hessian=not self.first_order
        )


class IMAMLOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=IMAML):
    """Implicit MAML with Adam as its outer optimizer.

    The inner loss gets a proximal term λ/2 |θ' − θ|², and the meta-gradient is that of its minimum, found by
    conjugate gradient: memory does not grow with the inner steps, and how the minimum was reached does not matter.
    The meta-gradient comes from ``meta_loss`` only. The arguments not listed here are those of `MAMLOptimizer`, without
    ``meta_gradient`` and ``learned_group``.

    Parameters
    ----------
    proximal : float
        λ; 2 in the paper.
    solver : {"cg", "neumann"}
        See `paddle_metaopt.meta_gradients.Implicit`.
    solver_iterations : int
        At most this many Hessian-vector products; 5 in the paper.
    solver_tolerance : float
        Stop when the relative residual falls below this. ``opt.solver_report`` tells both for the last task.
    inner_lr : float
    adapt_steps : int
        Enough to come near the minimum; 16 in the paper.
    first_order : bool
        Take the Hessian for zero: then the query gradient at the minimum is the meta-gradient.
    """
