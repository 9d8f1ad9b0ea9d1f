"""Tasks whose numbers are not finite."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

from ..errors import DivergedError
from ..meta_gradients import MetaGradient

WHEN_DIVERGED = ("keep", "raise", "drop")


class Divergence:
    """What becomes of the tasks of a meta-batch whose query loss or meta-gradient is not finite.

    Parameters
    ----------
    choice : {"keep", "raise", "drop"}
    """

    def __init__(self, choice: str):
        self._choice = choice
        self._dropped: list = []

    def require_finite(self, found: MetaGradient, what: str = "a task of a batch") -> None:
        """Raise a DivergedError unless it is finite, or kept as it is."""
        if self._choice != "keep" and not found.is_finite():
            raise DivergedError(
                f"meta_loss: {what} diverged: its query loss is {float(found.value):.6g}, and that or its "
                "meta-gradient is not finite; lower inner_lr, clip the inner gradients by inner_grad_clip=, or leave "
                "such tasks out of the mean by diverged='drop'"
            )

    @contextmanager
    def of(self, number: int):
        """A context for the task of this number, which may be dropped there; gives what is to judge its results."""
        try:
            yield lambda found: self.require_finite(found, f"episodes[{number}]")
        except DivergedError:
            if self._choice != "drop":
                raise
            self._dropped.append(number)

    def left_of(self, count: int) -> int:
        """How many of so many tasks were not dropped, with a warning that names the others.

        Raises
        ------
        DivergedError
            If none is left.
        """
        if self._dropped:
            named = ", ".join(f"episodes[{number}]" for number in sorted(self._dropped))
            if len(self._dropped) == count:
                raise DivergedError(f"meta_loss: all tasks diverged, so that diverged='drop' leaves none: {named}")
            warnings.warn(
                f"meta_loss: left out of the mean, for the query loss or the meta-gradient is not finite: {named}, of "
                f"{count} tasks",
                RuntimeWarning,
                stacklevel=4,
            )
        return count - len(self._dropped)
