"""Back through every inner step as it was taken, with or without its second derivatives."""

from __future__ import annotations

from .way_back import WayBack, query_points


class Unrolled(WayBack):
    """The exact meta-gradient: differentiate through the unrolled inner loop (Finn et al. 2017)."""

    name = "meta_gradient='unrolled'"
    refusal = None
    serves_together = True

    def take_step(self, task, loss):
        task.leaves.add(loss, task.residence.fast.values())
        return task.leaves.graphs.after_step(task, task.moved_by(task.gradients(loss, differentiable=True)))

    def solve(self, task, query):
        loss = 0.0
        for moment, weight in query_points(task):
            with task.residence.at(moment):
                value = query()
            loss = loss + weight * value
        return loss, task.leaves.graphs.gradients(loss, task.meta_parameters)


class FirstOrder(Unrolled):
    """FOMAML: the inner gradients count as constants (Finn et al. 2017, section 5.2)."""

    name = "meta_gradient='first_order'"
    order = 1

    def take_step(self, task, loss):
        return task.leaves.graphs.after_step(task, task.moved_by(task.gradients(loss)))
