"""Whose weights and buffers a net runs on: its own, or those of a task at a moment."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import partial
from typing import Callable

from ..double_grad.undo import Undo, grad_mode_kept, hold_open, latest, repair
from .buffers import TaskBuffers
from .moment import Moment
from .slots import Slots


class Residence:
    """A task's present weights and buffers, and when the net runs on them.

    Parameters
    ----------
    slots : Slots
        Of the net.
    buffers : TaskBuffers
    fast : dict of str to Tensor
        The weights that the task begins with.
    around : callable
        Gives a context for the net to run in while it is on the task's weights.

    Attributes
    ----------
    fast : dict of str to Tensor
        The present fast weights; all trainable parameters have one.
    steps : int
        How many inner steps were taken.
    is_at_the_end : bool
        Whether the weights are those after the last of them, not of a moment before.
    """

    def __init__(self, slots: Slots, buffers: TaskBuffers, fast: dict, around: Callable):
        self._slots = slots
        self._task_buffers = buffers
        self._around = around
        self._open_blocks = []
        self.fast = fast
        self.steps = 0
        self.is_at_the_end = True

    @contextmanager
    def entered(self):
        """A context in which the net runs on the task's weights and buffers."""
        if self.holds_net():
            yield
            return
        with grad_mode_kept(), self._slots.holding(self._present()):
            with self._around():
                yield
            self.take_buffers()

    def open_block(self):
        """From now on the net runs on them, until `close_block`."""
        block, before = self.entered(), latest()
        block.__enter__()
        hold_open(before)
        self._open_blocks.append(block)

    def close_block(self, *exception):
        self._open_blocks.pop().__exit__(*exception)

    def holds_net(self) -> bool:
        """Whether the net runs on this task's weights: its block is open, and no other task's within."""
        name = next(iter(self.fast))
        return bool(self._open_blocks) and self._slots.value(name) is self.fast[name]

    def require_innermost(self):
        """Raise a ValueError if another task's block is open inside this one's."""
        if self._open_blocks and not self.holds_net():
            raise ValueError(
                "another task's block is open inside this one's: the net runs on its weights; close it first"
            )

    def take_buffers(self):
        """Take over what forward passes put in the place of buffers."""
        self._task_buffers.take(self.steps)

    def forget_buffers(self):
        """Nothing is to remain of the buffers when the task ends."""
        self._task_buffers.forget()

    def copied_buffers(self) -> dict:
        """Copies of the present buffers."""
        if self.holds_net():
            self.take_buffers()
        return self._task_buffers.copied(self.steps)

    def passing_look(self):
        """A context in which the net may run, and its buffers are afterwards as they were."""
        return self._task_buffers.replaced(self._task_buffers.at(self.steps))

    def move(self, moved: dict):
        """An inner step was taken: these weights are others now."""
        held = self.holds_net()
        if held:
            self.take_buffers()
        self.fast.update(moved)
        self.steps += 1
        if held:
            self._put(moved)

    @contextmanager
    def at(self, moment: Moment, fast: dict | None = None):
        """A context in which the task has the weights and buffers of `moment`, or other fast weights if given.

        Buffers come back as they were before, but for the present moment's, which are used as they are.
        """
        held = self.holds_net()
        with Undo(partial(self._go_back_to, self.fast, self.is_at_the_end, held), self._slots.containers):
            self.is_at_the_end = moment.step == self.steps
            self.fast = {**moment.fast, **(fast or {})}
            with self._task_buffers.replaced(moment.buffers or None):
                if not held:
                    yield
                    return
                with self._slots.holding(self._present()):
                    yield
                    self.take_buffers()

    def for_a_copy(self) -> tuple:
        """By name, the tensors that may stand in the net now, and what a copy of it holds in their place."""
        values = self._present()
        own = {**self._slots.parameters, **self._slots.buffers}
        return {name: [own[name], self._slots.value(name)] for name in values}, values

    def _go_back_to(self, fast: dict, is_at_the_end: bool, held: bool):
        self.fast, self.is_at_the_end = fast, is_at_the_end
        if held:
            self._put(fast)

    def _put(self, fast: dict):
        """Put weights, and the buffers of the step, into the net that an open block runs on."""
        for name, tensor in {**fast, **self._task_buffers.at(self.steps)}.items():
            for container, key in self._slots.places(name):
                container[key] = tensor

    def _present(self) -> dict:
        return {**self.fast, **self._task_buffers.at(self.steps)}


def own_slots(net) -> Slots:
    """The slots of a net that runs on its own weights.

    Raises
    ------
    ValueError
        If it runs on a task's.
    """
    repair()
    slots = Slots(net)
    if not _has_fast_weights(slots):
        return slots
    gc.collect()  # a block that an interrupt kept from being left ends with its task
    slots = Slots(net)
    if not _has_fast_weights(slots):
        return slots
    raise ValueError("the net runs on the fast weights of an open task() block; begin the new task outside of it")


def _has_fast_weights(slots: Slots) -> bool:
    """Frozen ones are none, whatever Paddle made of them: the state of a quantizer, say, comes out of an op."""
    return not all(p.is_leaf or p.stop_gradient for p in slots.parameters.values())
