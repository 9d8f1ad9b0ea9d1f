"""What a task asks of a way back from the query loss to what is meta-learned."""

from __future__ import annotations

from ..double_grad import ANY_ORDER
from ..tensors import detached_copies
from .trace import Cut, Dropped, Kept


class WayBack(Kept):
    """A way back: how the meta-gradient follows from what the inner steps left behind; here they leave their graph.

    A subclass gives `solve`, and overrides what it answers in another way.
    """

    #: What errors call it.
    name = ""

    #: The highest order of derivatives that it takes of an inner loss.
    order: float = ANY_ORDER

    #: Whether it compares several query losses, which have to draw the same random numbers then.
    compares_queries: bool = False

    #: Whether it serves a batch of tasks at once.
    serves_together: bool = False

    #: Whether it asks where the task began, when it has ended: the net's own weights may have moved meanwhile.
    looks_back: bool = False

    #: λ of the term λ/2 |θ' − θ|² that the inner losses are given.
    proximal: float = 0.0

    @property
    def refusal(self) -> str | None:
        """Whose meta-gradient a plain ``backward()`` on the query loss does not give; None if it gives it."""
        return self.name

    def require_served(self, plan) -> None:
        """Raise a ValueError for a plan of the optimizer's that it can't serve."""

    def solve(self, task, query) -> tuple:
        """The query loss, and its gradients for ``task.meta_parameters``, None where it does not depend on one.

        ``query()`` computes the loss on the weights of the task; ``query(as_number=True)`` where no derivative of it is
        taken.
        """
        raise NotImplementedError(f"{type(self).__name__}: expected a method solve(task, query)")


class Replaying(Cut, WayBack):
    """A way back that takes inner steps again."""


class ForwardOnly(Dropped, WayBack):
    """No way back, for evaluation."""

    name = "evaluation"
    order = 1
    serves_together = True

    def start(self, graph, own, learned):
        """In memory of their own: a net may change its weights in place, as ``nn.Embedding(max_norm=)`` does."""
        return super().start(graph, detached_copies(own), learned)


class AsksWhereItEnds(WayBack):
    """A way back that depends on where the inner loop ends, not on how it got there."""

    looks_back = True

    def require_served(self, plan):
        if plan.learned:
            raise ValueError(
                f"{self.name} asks where the inner loop ends, not how it got there, so {', '.join(plan.learned)} would "
                "get no gradient; use numbers there, or another algorithm or way back, such as 'unrolled'"
            )
        if not plan.adapt_steps:
            raise ValueError(f"adapt_steps: {self.name} is nothing without inner steps; expected at least 1")


def query_points(task) -> list:
    """(moment, weight) for each place where the query loss counts."""
    steps = task.residence.steps
    if task.plan.query_weights is None or not steps:
        return [(task.moment(), 1.0)]
    after = [*task.history[1:], task.moment()]
    return [(moment, weight) for moment, weight in zip(after, task.plan.query_weights(steps)) if weight]
