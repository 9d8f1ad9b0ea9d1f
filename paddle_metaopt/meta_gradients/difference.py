"""Reptile's way back: no derivative at all."""

from __future__ import annotations

import paddle

from .unrolled import WayBack


class Displacement(WayBack):
    """θ − θ_K: the outer step moves towards where the inner loop went (Nichol et al. 2018,
    https://arxiv.org/abs/1803.02999)."""

    name = "Reptile"
    takes_second_derivatives = False
    follows_path = False
    differentiates_query = False

    def solve(self, task, query):
        if len(task.meta_parameters()) > len(task.own_weights):
            raise ValueError(
                "inputs: Reptile takes no derivative, so a tensor outside the net gets none; leave it out, or use "
                "another algorithm"
            )
        value = query()
        with paddle.no_grad():
            fast = task.present().fast
            moved = {name: task.own_weights[name] - fast[name] for name in task.adapted}
        return value, [moved.get(name) for name in task.own_weights]
