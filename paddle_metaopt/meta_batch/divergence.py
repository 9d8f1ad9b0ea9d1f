"""Tasks whose numbers are not finite."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

from ..callers import warn
from ..errors import DivergedError
from ..meta_gradients import MetaGradient

WHEN_DIVERGED = ("keep", "raise", "drop")


class DivergedTogether(DivergedError):
    """Of several tasks at once, one diverged, or more."""


class Divergence:
    """What becomes of the tasks of a meta-batch whose query loss or meta-gradient is not finite.

    Parameters
    ----------
    choice : {"keep", "raise", "drop"}
    """

    def __init__(self, choice: str):
        self._choice = choice
        self._dropped: list = []

    def judge_together(self, found: MetaGradient) -> None:
        """Raise a DivergedTogether if what came of several tasks is not finite, and not to be kept."""
        if self._refuses(found):
            raise DivergedTogether

    def _judge(self, number: int, found: MetaGradient) -> None:
        if self._refuses(found):
            raise DivergedError(
                f"meta_loss: episodes[{number}] diverged: its query loss is {float(found.value):.6g}, and that or its "
                "meta-gradient is not finite; lower inner_lr, clip the inner gradients by inner_grad_clip=, or leave "
                "such tasks out of the mean by diverged='drop'"
            )

    def _refuses(self, found: MetaGradient) -> bool:
        return self._choice != "keep" and not found.is_finite()

    @contextmanager
    def of(self, number: int):
        """A context for the task of this number, which may be dropped there; gives what is to judge its results."""
        try:
            yield partial(self._judge, number)
        except DivergedError:
            if self._choice != "drop":
                raise
            self._dropped.append(number)

    def left_of(self, count: int, may_be_none: bool = False) -> int:
        """How many of so many tasks were not dropped, with a warning that names the others.

        Raises
        ------
        DivergedError
            If none is left, and one has to be.
        """
        if self._dropped:
            named = ", ".join(f"episodes[{number}]" for number in sorted(self._dropped))
            if len(self._dropped) == count and not may_be_none:
                raise DivergedError(f"meta_loss: all tasks diverged, so that diverged='drop' leaves none: {named}")
            warn(
                f"meta_loss: left out of the mean, for the query loss or the meta-gradient is not finite: {named}, of "
                f"{count} tasks",
                RuntimeWarning,
            )
        return count - len(self._dropped)
