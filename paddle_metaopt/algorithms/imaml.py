"""Implicit MAML."""

from __future__ import annotations

import paddle

from ..arguments import at_least_zero, whole_number
from ..meta_gradients import Implicit
from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class IMAML(MetaOptimizer):
    """Differentiates the solution of a proximal inner problem (Rajeswaran et al. 2019,
    https://arxiv.org/abs/1909.04630)."""

    def _choose(
        self, *, proximal=2.0, solver="cg", solver_iterations=5, solver_tolerance=1e-10, inner_lr=0.1, adapt_steps=16,
        first_order=False, inner_rule="sgd", inner_grad_clip=None, adapt=None, buffers="restore",
    ) -> Plan:  # fmt: skip
        whole_number(None, "solver_iterations", solver_iterations, least=1)
        at_least_zero(None, "solver_tolerance", solver_tolerance)
        way = Implicit(proximal, solver, solver_iterations, solver_tolerance, hessian=not first_order)
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=False,
            rule=inner_rule, grad_clip=inner_grad_clip, way=way, buffers=buffers,
        )  # fmt: skip


@named
class IMAMLOptimizer(IMAML, paddle.optimizer.Adam):
    """Implicit MAML with Adam as its outer optimizer.

    The inner loss gets a proximal term λ/2 |θ' − θ|², and the meta-gradient is that of its minimum, found by
    conjugate gradient: memory does not grow with the inner steps, and how the minimum was reached does not matter.
    It comes from ``meta_loss`` only. The arguments not listed here are those of `MAMLOptimizer`, without
    ``meta_gradient``.

    Parameters
    ----------
    proximal : float
        λ; 2 in the paper.
    solver : {"cg", "neumann"}
        See `paddle_metaopt.meta_gradients.Implicit`.
    solver_iterations : int
        At most so many Hessian-vector products; 5 in the paper.
    solver_tolerance : float
        Stop when the relative residual falls below. ``opt.solver_report`` tells both for the last task.
    inner_lr : float
    adapt_steps : int
        Enough to come near the minimum; 16 in the paper.
    first_order : bool
        Take the Hessian for zero: then the query gradient at the minimum is the meta-gradient.
    """
