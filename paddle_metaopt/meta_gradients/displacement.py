"""Reptile's way back: no derivative at all."""

from __future__ import annotations

import paddle

from .way_back import AsksWhereItEnds


class Displacement(AsksWhereItEnds):
    """θ − θ_K: the outer step moves towards where the inner loop went (Nichol et al. 2018,
    https://arxiv.org/abs/1803.02999)."""

    name = "Reptile"
    order = 1
    serves_together = True

    def require_served(self, plan):
        super().require_served(plan)
        if plan.begin is not None:
            raise ValueError("Reptile moves the weights towards the adapted ones, so a task has to begin at them")

    def solve(self, task, query):
        if len(task.meta_parameters) > len(task.own):
            raise ValueError(
                "inputs: Reptile takes no derivative, so a tensor outside the net gets none; leave it out, or use "
                "another algorithm"
            )
        value = query(as_number=True)
        with paddle.no_grad():
            start, end = task.start.weights, task.residence.fast
            moved = {name: start[name] - end[name] for name in task.adapted}
        return value, [moved.get(name) for name in task.own]
