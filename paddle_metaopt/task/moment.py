"""Where a task stood before each inner step, so that the step can be taken again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable

import paddle

from ..double_grad.undo import Undo
from ..errors import ReplayError
from ..random_states import RandomStates
from ..tensors import scalar
from ..vmap import numbers_in


@dataclass
class Moment:
    """A task between two inner steps.

    Attributes
    ----------
    step : int
        How many inner steps were taken before.
    fast : dict of str to Tensor
        The fast weights, of all trainable parameters.
    state : dict
        The inner rule's.
    buffers : dict of str to Tensor
        Their values then.
    replay : Replay or None
        How to compute the loss of the step that followed again, if that is wanted.
    """

    step: int
    fast: dict
    state: dict
    buffers: dict = field(default_factory=dict)
    replay: Replay | None = None

    def loss_again(self, fast: dict, elsewhere: bool = False):
        """The loss of the step that followed, on these fast weights.

        Raises
        ------
        ReplayError
            If it is another one than then, and the weights are not `elsewhere`; or if its data have come to an end.
        """
        replay = self.replay
        with replay.surroundings.now().kept():
            replay.surroundings.restore()
            with replay.residence.at(self, fast):
                loss = scalar(self._computed_again(), "loss")
        if not elsewhere:
            for first, second in zip(numbers_in(replay.loss), numbers_in(loss)):  # of each task
                self._require_the_same(first, second, loss.dtype)
        return loss

    @contextmanager
    def update_again(self):
        """A context in which the inner rule draws what it drew in the step that followed."""
        with self.replay.surroundings.now().kept():
            self.replay.before_update.restore()
            yield

    def _computed_again(self):
        try:
            return self.replay.compute()
        except StopIteration:
            raise ReplayError(
                f"the loss of inner step {self.step} reads on in an iterator, which has no more when the step is taken "
                "again; call adapt for each batch: for x, y in batches: learner.adapt(lambda x=x, y=y: ..., steps=1)"
            ) from None

    def _require_the_same(self, first: float, second: float, dtype):
        if not _close(second, first, dtype):
            raise ReplayError(
                f"the loss of inner step {self.step} was {first:.6g} and is {second:.6g} when computed "
                "again; is it a lambda in a loop that reads the loop's variables late (bind them: lambda x=x, y=y: "
                "...), or does it draw other data each time?"
            )


@dataclass
class Replay:
    """What computes a step's loss again.

    Attributes
    ----------
    compute : callable
        Gives the loss.
    residence : Residence
        Where the net stands.
    surroundings : Surroundings
        What else a forward pass reads, as it was.
    loss : Tensor or None
        What `compute` gave the first time.
    before_update : Surroundings or None
        As they were when the inner rule, which may draw random numbers too, was asked.
    """

    compute: Callable
    residence: Any
    surroundings: Surroundings
    loss: paddle.Tensor | None = None
    before_update: Surroundings | None = None


class Surroundings:
    """The train flags of a net and the random states of Paddle, numpy and Python, as they are now."""

    def __init__(self, net):
        self._net = net
        self._modes = [(layer, layer.training) for layer in net.sublayers(include_self=True)]
        self._random = RandomStates()

    def now(self) -> Surroundings:
        """Those of the same net as they are now."""
        return Surroundings(self._net)

    def kept(self) -> Undo:
        """A context after which they are as they were."""
        return Undo(self.restore)

    def restore(self):
        for layer, training in self._modes:
            layer.training = training
        self._random.restore()


def _close(first: float, second: float, dtype) -> bool:
    if first == second or (first != first and second != second):  # inf, or nan
        return True
    relative, rounding = (1e-9, 1e-15) if dtype == paddle.float64 else (1e-4, 1e-7)
    return abs(first - second) <= relative * abs(second) + rounding
