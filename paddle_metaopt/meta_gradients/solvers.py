"""Solvers of linear systems of lists of tensors; of several tasks at once, each has its own steps and its own end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
import paddle

from ..callers import warn
from ..tensors import real_parts
from .numbers_of_tasks import dot, factors


@dataclass(frozen=True)
class SolverReport:
    """How a linear system was solved: iterations taken, and the residual's norm relative to the right side's."""

    iterations: int
    residual: float


def conjugate_gradient(system: Callable, right_side: list, iterations: int, tolerance: float) -> tuple:
    """Solve ``system(x) = right_side`` for a symmetric positive definite linear map of lists of tensors.

    Where the map turns out not to be positive definite, it warns, and the solution is the last one before; or, if that
    is worse than none, the right side, as if the map were the identity.
    """
    x = [paddle.zeros_like(b) for b in right_side]
    residual = direction = list(right_side)
    start = squared = dot(residual, residual)
    taken = np.zeros(len(start), int)
    goes_on = np.ones(len(start), bool)
    while True:
        goes_on = goes_on & (taken < iterations) & (squared > tolerance**2 * start)
        if not goes_on.any():
            break
        product = system(direction)
        curvature = dot(direction, product)
        if not (curvature[goes_on] > 0).all():
            warn(
                "conjugate gradient stopped early: along its direction the support loss curves down by more than the "
                "proximal term holds, so the inner solution is no minimum; raise proximal, or take more inner steps",
                RuntimeWarning,
            )
            goes_on = goes_on & (curvature > 0)
        length = _quotient(squared, curvature, goes_on)
        x = _moved(goes_on, x, _sums(x, length, direction))
        residual = _moved(goes_on, residual, _sums(residual, -length, product))
        before, squared = squared, np.where(goes_on, dot(residual, residual), squared)
        direction = _moved(goes_on, direction, _sums(residual, _quotient(squared, before, goes_on), direction))
        taken = taken + goes_on
    useless = (start != 0) & ((taken == 0) | (squared > start))
    if useless.any():
        x = _moved(useless, x, right_side)
        residual = [b - p for b, p in zip(right_side, system(x))]
        squared = np.where(useless, dot(residual, residual), squared)
    return x, _report(taken, squared, start)


def neumann_series(system: Callable, right_side: list, iterations: int, tolerance: float) -> tuple:
    """Solve ``system(x) = right_side`` by the series Σ (I − system)ⁱ right_side."""
    x = list(right_side)
    start = dot(right_side, right_side)
    taken = np.zeros(len(start), int)
    while True:
        residual = [b - p for b, p in zip(right_side, system(x))]
        squared = dot(residual, residual)
        goes_on = (taken < iterations) & ~(squared <= tolerance**2 * start)
        if not goes_on.any():
            return x, _report(taken, squared, start)
        x = _moved(goes_on, x, [a + r for a, r in zip(x, residual)])
        taken = taken + goes_on


def _report(taken, squared, start) -> SolverReport:
    """That of the last task."""
    return SolverReport(int(taken[-1]), float((squared[-1] / start[-1]) ** 0.5) if start[-1] else 0.0)


def _quotient(first, second, where):
    return np.divide(first, second, out=np.zeros_like(first), where=where)


def _sums(first: list, numbers, second: list) -> list:
    """a + number · b for each pair."""
    return [a + n * b for a, n, b in zip(first, factors(numbers, second), second)]


def _moved(moves, before: list, after: list) -> list:
    """The lists of the tasks that move from the one, and of the others from the other."""
    if moves.all():
        return after
    if not moves.any():
        return before
    which = factors(moves, [real_parts(a)[0] for a in after])
    return [paddle.where(m > 0, a, b) for m, a, b in zip(which, after, before)]
