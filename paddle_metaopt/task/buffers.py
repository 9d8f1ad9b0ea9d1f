"""What of a net's buffers, BatchNorm's statistics above all, a task starts from, sees, and leaves behind."""

from __future__ import annotations

from functools import partial
from typing import Callable, Literal, get_args

import paddle

from ..double_grad.undo import Undo
from ..vmap import CannotBatch, of_each, one_after_the_other, put_into, repeated

Policy = Literal["restore", "last", "mean"]
POLICIES = get_args(Policy)


class BufferKeeper:
    """The policy of ``buffers=``.

    Parameters
    ----------
    policy : {"restore", "last", "mean"}
        What remains after a task: nothing, what the last one left, or the mean over the tasks since the outer step.
    steps : int, optional
        Keep buffers for each of this many inner steps, and for the query after them, instead of the net's.
    """

    def __init__(self, policy: str, steps: int | None = None):
        self.policy = policy
        self._steps = steps
        self._kept = {}  # (name, step) to tensor, where each step has its own
        self._sums = {}  # id of where it goes to (where it goes, sum, count)
        self._processes = None

    @property
    def keeps(self) -> bool:
        """Whether anything remains after a task."""
        return self.policy != "restore"

    def __getstate__(self):
        return {**vars(self), "_sums": list(self._sums.values()), "_processes": None}

    def __setstate__(self, state):
        vars(self).update(state, _sums={id(entry[0]): entry for entry in state["_sums"]})

    @property
    def _sets(self) -> range:
        return range(1 if self._steps is None else self._steps + 1)

    def start(self, own: dict) -> list:
        """Copies of the net's buffers for a task: one set, or one for each inner step and the query."""
        return [copies({n: self._kept.get((n, step), value) for n, value in own.items()}) for step in self._sets]

    def share(self, own: dict, processes) -> None:
        """Average what remains of the net's buffers, at the next outer step, over `processes` too, some of which may
        have had no task."""
        if self.policy == "restore":
            return
        self._processes = processes
        for step in self._sets:
            for name, value in own.items():
                if value is not None and value.is_dense():
                    kept = self._goes_to(name, step, value)
                    self._sums.setdefault(id(kept), (kept, paddle.zeros_like(kept), 0))

    def keep(self, own: dict, sets: list) -> None:
        """Take what a task left behind; a buffer that was empty before it stays so."""
        if self.policy == "restore":
            return
        for step, values in enumerate(sets):
            for name, value in values.items():
                if value is None or own[name] is None or value is own[name]:
                    continue
                kept = self._goes_to(name, step, own[name])
                if self.policy == "last" or not value.is_floating_point():
                    put_into(kept, one_after_the_other(kept, value))
                    if self._processes is not None:
                        self._sums[id(kept)] = kept, kept.clone(), 1
                    continue
                for left in of_each(value):
                    _, total, count = self._sums.get(id(kept), (kept, 0.0, 0))
                    self._sums[id(kept)] = kept, total + left.detach(), count + 1

    def _goes_to(self, name: str, step: int, own):
        """The tensor that keeps a buffer."""
        return own if self._steps is None else self._kept.setdefault((name, step), own.clone())

    def outer_step(self) -> None:
        """Write the means."""
        sums, self._sums = list(self._sums.values()), {}
        processes, self._processes = self._processes, None
        if processes is not None and sums:
            targets, totals, counts = zip(*sums)
            *totals, counts = processes.summed([*totals, paddle.to_tensor(counts, "float64")])
            sums = zip(targets, totals, counts.tolist())
        for kept, total, count in sums:
            if count:
                kept.set_value((total / count).astype(kept.dtype))

    def state(self) -> list:
        return [[name, step, value.clone()] for (name, step), value in self._kept.items()]

    def set_state(self, state: list) -> None:
        self._sums, self._processes = {}, None  # tasks before the state was restored count no more
        self._kept = {(name, int(step)): paddle.assign(value) for name, step, value in state}  # or a numpy array


class TaskBuffers:
    """The buffers of one task.

    They begin when the net first runs, so that a task before, which ends when its name is given to this one, has
    left its own. A forward pass may change them in place, through which no derivative goes, or assign a new tensor.

    Parameters
    ----------
    slots : Slots
    keeper : BufferKeeper
    with_derivative : callable
        ``with_derivative(name, tensor)`` gives what to keep of a tensor with a derivative that was assigned.
    tasks : int, optional
        They are those of so many tasks at once.
    """

    def __init__(self, slots, keeper: BufferKeeper, with_derivative: Callable, tasks: int | None = None):
        self._slots = slots
        self._tasks = tasks
        self._keeper = keeper
        self._with_derivative = with_derivative
        self._sets = []
        self._other = None

    def at(self, step: int) -> dict:
        """Name to tensor, or None for an empty one, at an inner step."""
        if self._other is not None:
            return self._other
        if not self._sets:
            self._sets = self._keeper.start(self._slots.buffers)
            if self._tasks is not None and self._keeper.keeps:
                self._sets = [{name: repeated(b, self._tasks) for name, b in values.items()} for values in self._sets]
        return self._sets[min(step, len(self._sets) - 1)]

    def take(self, step: int) -> None:
        """Take over what a forward pass put in the place of a buffer.

        Raises
        ------
        ValueError
            If that can't be followed back, or can't be kept after the task.
        """
        present = self.at(step)
        for name, before in present.items():
            value = self._slots.value(name)
            if value is before:
                continue
            if self._tasks is not None and self._keeper.policy == "last":
                raise CannotBatch(f"buffer {name!r} goes on from one task to the next")
            if value is not None and not value.stop_gradient:
                value = self._with_derivative(name, value)
            grew = before is not None and value is not None and before.shape != value.shape
            if grew and self._keeper.policy != "restore":
                raise ValueError(
                    f"buffer {name!r} was assigned a tensor of shape {list(value.shape)} in place of "
                    f"{list(before.shape)}, which buffers={self._keeper.policy!r} can't keep; use buffers='restore'"
                )
            present[name] = value

    def copied(self, step: int) -> dict:
        """Copies of them at an inner step."""
        return copies(self.at(step))

    def replaced(self, values: dict | None) -> Undo:
        """From now on the buffers are copies of these, if given, until the context returned is left."""
        before = Undo(partial(setattr, self, "_other", self._other))
        if values is not None:
            self._other = copies(values)
        return before

    def forget(self) -> None:
        """Nothing of them is to remain."""
        self._sets = []

    def leave_behind(self) -> None:
        """What the keeper's policy says remains of them."""
        self._keeper.keep(self._slots.buffers, self._sets)


def copies(buffers: dict) -> dict:
    """Buffers with the same values; a derivative goes through. A sparse one, which Paddle can't copy nor change in
    place, stays itself."""
    return {name: value.clone() if value is not None and value.is_dense() else value for name, value in buffers.items()}
