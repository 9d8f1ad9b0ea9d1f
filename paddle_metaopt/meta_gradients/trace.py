"""What the inner steps of a task leave behind for its way back: their graph, moments to come back to, or nothing."""

from __future__ import annotations

from ..tensors import detached, leaves_of


class Kept:
    """The inner steps leave their graph."""

    #: Whether what was computed for one step may serve the others: its graph is there as long as the task.
    steps_share: bool = True

    def start(self, graph, own: dict, learned) -> dict:
        """The fast weights that a task begins with, equal to the net's own."""
        return graph.start(own, learned)

    def begun(self, graph, values: dict, fast: dict) -> dict:
        """Other values for some of them, as an algorithm has its tasks begin."""
        return graph.begin_at(values, fast)

    def before_step(self, task, compute):
        """The moment before an inner step, whose loss `compute` gives, if it will be needed again."""
        return task.moment(kept=True) if task.plan.query_weights is not None else None

    def take_step(self, task, loss) -> tuple:
        """The moved weights and the rule's state, as the next inner step begins with them."""
        task.leaves.add(loss, task.residence.fast.values())
        return task.moved_by(task.gradients(loss))

    def remember(self, history: list, moment) -> None:
        """Add the moment before a step that was taken to those that are kept."""
        history.append(moment)

    def buffer(self, name: str, value):
        """What becomes of a tensor with a derivative that a forward pass put in the place of a buffer."""
        return value

    def finish(self, buffers) -> None:
        """The task has ended, with these buffers."""
        buffers.leave_behind()

    def require_function(self) -> None:
        """Raise a ValueError if a loss that was computed already does not do for an inner step."""

    def require_before_query(self) -> None:
        """Raise a ValueError if an inner step can't be taken inside the query function."""


class Cut(Kept):
    """The inner steps leave moments to come back to: each can be taken again, which needs functions for the losses."""

    steps_share = False

    def before_step(self, task, compute):
        return task.moment(compute)

    def take_step(self, task, loss):
        moved, state = super().take_step(task, loss)
        return task.graph.cut(moved, task.own), detached(state)

    def buffer(self, name, value):
        raise ValueError(
            f"buffer {name!r} was assigned a tensor that carries a derivative from one call to the next, which "
            f"{self.name} can't follow; detach it, or use meta_gradient='unrolled'"
        )

    def require_function(self):
        raise ValueError(
            f"{self.name} computes the inner losses anew, so it needs a function: "
            "adapt(lambda: loss_fn(learner(x), y), steps=1)"
        )

    def require_before_query(self):
        raise ValueError(
            f"adapt inside the query function of meta_loss: {self.name} would not see that step; take all inner steps "
            "before"
        )


class Dropped(Kept):
    """The inner steps leave numbers, and the task leaves nothing."""

    def start(self, graph, own, learned):
        return leaves_of(own)

    def begun(self, graph, values, fast):
        return leaves_of(values)

    def before_step(self, task, compute):
        return None

    def take_step(self, task, loss):
        moved, state = task.moved_by(task.gradients(loss))
        return leaves_of(moved), detached(state)

    def buffer(self, name, value):
        return value.detach()

    def finish(self, buffers):
        pass
