"""What a task asks of a way back from the query loss to what is meta-learned."""

from __future__ import annotations

from ..double_grad import ANY_ORDER
from ..tensors import detached, leaves_of


class WayBack:
    """A way back: what the inner steps leave behind, and how the meta-gradient is taken from it.

    The steps of this base class leave their graph behind; `Replaying` has them taken again instead. A subclass gives
    `solve`, and another answer where its own is another.
    """

    #: How an error calls it.
    name = ""

    #: The highest order of derivative that it takes, of what an inner loss depends on.
    order: float = ANY_ORDER

    #: λ of the term λ/2 |θ' − θ|² that the inner losses are given.
    proximal: float = 0.0

    #: Whether what was computed for one step may serve the others: its graph is there as long as the task.
    steps_share: bool = True

    def require_served(self, plan) -> None:
        """Raise a ValueError for a plan of the optimizer's that it can't serve."""

    def require_function(self) -> None:
        """Raise a ValueError if a loss that was computed already does not do for an inner step."""

    def require_before_query(self) -> None:
        """Raise a ValueError if an inner step can't be taken inside the query function."""

    @property
    def refusal(self) -> str | None:
        """What a plain ``backward()`` on the query loss does not give the meta-gradient of; None if it gives it."""
        return self.name

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
        """Put the moment before a step, which was taken, to those that are kept."""
        history.append(moment)

    def buffer(self, name: str, value):
        """What becomes of a tensor with a derivative that a forward pass put in the place of a buffer."""
        return value

    def finish(self, buffers) -> None:
        """The task has ended, and leaves these buffers."""
        buffers.leave_behind()

    def solve(self, task, query) -> tuple:
        """The query loss, and its gradients for ``task.meta_parameters()``, None where it does not depend on one.

        ``query()`` computes the loss on the weights of the task; ``query(as_number=True)`` where no derivative of it is
        taken.
        """
        raise NotImplementedError


def query_points(task) -> list:
    """(moment, weight) for each place where the query loss counts."""
    steps = task.residence.steps
    if task.plan.query_weights is None or not steps:
        return [(task.moment(), 1.0)]
    after = [*task.history[1:], task.moment()]
    return [(moment, weight) for moment, weight in zip(after, task.plan.query_weights(steps)) if weight]


class ForwardOnly(WayBack):
    """No way back: the steps leave numbers behind, and nothing remains of a task. For evaluation."""

    name = "evaluation"
    order = 1

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


class AsksWhereItEnds(WayBack):
    """A way that depends on where the inner loop ends, not on how it got there."""

    def require_served(self, plan):
        if plan.learned:
            raise ValueError(
                f"{self.name} asks where the inner loop ends, not how it got there, so {', '.join(plan.learned)} would "
                "get no gradient; use numbers there, or another algorithm or way back, such as 'unrolled'"
            )
        if not plan.adapt_steps:
            raise ValueError(f"adapt_steps: {self.name} is nothing without inner steps; expected at least 1")


class Replaying(WayBack):
    """A way that takes inner steps again, which needs functions that compute their losses."""

    steps_share = False

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
