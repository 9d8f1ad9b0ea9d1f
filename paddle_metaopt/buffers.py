"""What of a net's buffers, BatchNorm's statistics above all, a task starts from and leaves behind."""

from __future__ import annotations

POLICIES = ("restore", "last", "mean")


class BufferKeeper:
    """The policy of ``buffers=``.

    Parameters
    ----------
    policy : {"restore", "last", "mean"}
        What remains after a task: nothing, what the last one left, or the mean over the tasks since the outer step.
    steps : int, optional
        Keep buffers of their own for so many inner steps and the query after them, instead of the net's.
    """

    def __init__(self, policy: str, steps: int | None = None):
        if policy not in POLICIES:
            raise ValueError(f"buffers: expected one of {', '.join(map(repr, POLICIES))}, got {policy!r}")
        self.policy = policy
        self._steps = steps
        self._kept = {}  # (name, step) to tensor, where each step has its own
        self._sums = {}  # id of where it goes to (where it goes, sum, count)

    def start(self, own: dict) -> list:
        """Copies of the net's buffers for a task: one set, or one for each inner step and the query."""
        sets = 1 if self._steps is None else self._steps + 1
        return [
            {name: self._kept.get((name, step), value).clone().detach() for name, value in own.items()}
            for step in range(sets)
        ]

    def keep(self, own: dict, sets: list) -> None:
        """Take what a task left behind."""
        if self.policy == "restore":
            return
        for step, values in enumerate(sets):
            for name, value in values.items():
                kept = own[name] if self._steps is None else self._kept.setdefault((name, step), own[name].clone())
                if self.policy == "last" or not value.is_floating_point():
                    kept.set_value(value)
                else:
                    _, total, count = self._sums.get(id(kept), (kept, 0.0, 0))
                    self._sums[id(kept)] = kept, total + value.detach(), count + 1

    def outer_step(self) -> None:
        """Write the means."""
        for kept, total, count in self._sums.values():
            kept.set_value(total / count)
        self._sums = {}

    def state(self) -> list:
        return [[name, step, value.clone()] for (name, step), value in self._kept.items()]

    def set_state(self, state: list) -> None:
        self._kept = {(name, int(step)): value.clone() for name, step, value in state}
