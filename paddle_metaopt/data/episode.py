"""One task as the learner sees it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Episode(NamedTuple):
    """One task: what to adapt on, and what to be judged on.

    An episode is a plain pair of pairs, so ``(xs, ys), (xq, yq) = episode`` takes it apart.

    Attributes
    ----------
    support : tuple
        ``(x, y)`` of the examples that the inner loop adapts on.
    query : tuple
        ``(x, y)`` of the examples that the meta-loss is measured on.
    """

    support: tuple[Any, Any]
    query: tuple[Any, Any]
