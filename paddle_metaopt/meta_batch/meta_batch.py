"""A meta-batch: as one program where that gives the same numbers, and one task after the other elsewhere."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Callable

from paddle import nn

from ..arguments import checked_function, checked_layer, checked_vectorize, one_of, require_dynamic_mode, whole_number
from ..callers import warn
from ..double_grad.scope import patches_kept
from ..errors import VectorizeError
from ..meta_gradients import MetaGradient
from ..task import checked_inputs
from ..tensors import added
from ..vmap import CannotBatch, origin_of
from .divergence import WHEN_DIVERGED, DivergedTogether, Divergence
from .episodes import each_of, episode_parts
from .one_by_one import solved_one_by_one
from .processes import unwrapped
from .solved import none_solved
from .task_streams import TaskStreams
from .together import in_groups, solved_together
from .traces import Traces


def checked_choices(owner: str, inputs, vectorize, tasks_at_once, diverged) -> dict:
    """How a meta-batch is to run, by name; what is none of the choices raises a ValueError or TypeError."""
    checked_vectorize(owner, vectorize)
    if tasks_at_once is not None:
        whole_number(owner, "tasks_at_once", tasks_at_once, least=1)
    one_of(owner, "diverged", diverged, WHEN_DIVERGED)
    inputs = checked_inputs(owner, inputs)
    return {"inputs": inputs, "vectorize": vectorize, "tasks_at_once": tasks_at_once, "diverged": diverged}


@dataclass
class Trial:
    """Whether the tasks of a meta-batch are tried as one program.

    Attributes
    ----------
    goes_on : bool
        They are, until it turns out that they can't.
    is_demanded : bool
        Then that is an error.
    least : int
        The fewest tasks that are run as one program.
    """

    goes_on: bool
    is_demanded: bool
    least: int = 2


class MetaBatches:
    """How an optimizer runs its meta-batches.

    What could not run as one program once, a net in the same modes with a loss function of the same code, is not tried
    again.
    """

    def __init__(self):
        self._one_by_one: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
        self._joined: weakref.WeakSet = weakref.WeakSet()

    def __reduce__(self):
        return MetaBatches, ()  # nets are copied beside it

    def join(self, net, learned: dict) -> tuple:
        """A net without its DataParallel, and the processes of this, or None; what is `learned` besides the net begins
        alike in all of them, as the net does."""
        layer, processes = unwrapped(net)
        if processes is not None and net not in self._joined:
            processes.begin_alike(list(learned.values()))
            self._joined.add(net)
        return layer, processes

    def mean(
        self, optimizer, net, episodes, loss_fn: Callable, inputs: list = (), vectorize: Any = "auto",
        tasks_at_once: int | None = None, score: Callable | None = None, diverged: str = "keep",
    ) -> MetaGradient:  # fmt: skip
        """The mean query loss of the episodes, and its meta-gradient, with the score of each; see
        `MetaOptimizer.meta_loss`."""
        require_dynamic_mode()
        checked_layer("meta_loss", "net", net)
        checked_function("meta_loss", "loss_fn", loss_fn, "loss_fn(net_output, y)")
        checked_choices("meta_loss", inputs, vectorize, tasks_at_once, diverged)
        plan = optimizer.plan
        divergence = Divergence(diverged)
        _, processes = self.join(net, optimizer.learned)
        given = {"net": net, "loss_fn": loss_fn, "inputs": inputs, "score": score, "divergence": divergence}
        together, alone = (partial(solved, optimizer, **given) for solved in (solved_together, solved_one_by_one))
        adapts = plan.adapt_steps > 0
        total, count = None, 0
        with patches_kept(), TaskStreams() as streams:
            # All at first, for making them may draw random numbers.
            tasks = list(enumerate(episode_parts(episode, net, adapts=adapts) for episode in each_of(episodes)))
            trial = self.trial(net, loss_fn, plan, vectorize)
            if trial.goes_on:
                groups = in_groups(tasks, tasks_at_once, plan.adapt_steps, optimizer.algorithm.buffers == "last")
            else:
                groups = [[task] for task in tasks]
            for group in groups:
                found = self.run(group, trial, streams, net, loss_fn, together, alone)
                total = added(total, found)
                count += len(group)
        if not count and processes is None:
            raise ValueError("meta_loss: there are no episodes")
        left = divergence.left_of(count, may_be_none=processes is not None)  # another process may have some
        total = total or none_solved(optimizer, net, inputs)
        if score is not None:
            total = replace(total, scores={number: total.scores.get(number, float("nan")) for number in range(count)})
        return total / left if processes is None else total.over(processes, left)

    def trial(self, net, loss_fn, plan, vectorize) -> Trial:
        """Whether tasks of this plan are to be tried as one program.

        Raises
        ------
        VectorizeError
            With ``vectorize=True``, if they can't.
        """
        if vectorize is False:
            return Trial(goes_on=False, is_demanded=False)
        why = plan.why_not_together()
        if why is not None and vectorize is True:
            raise VectorizeError(f"vectorize=True: {why} runs its tasks one by one; leave the argument out")
        goes_on = why is None and (vectorize is True or not (_is_slower(net) or self._is_known_not_to(net, loss_fn)))
        return Trial(goes_on, is_demanded=vectorize is True, least=1 if any(_layers(net, _CONVOLUTIONS)) else 2)

    def run(
        self, group: list, trial: Trial, streams: TaskStreams, net, loss_fn, together: Callable, alone: Callable
    ) -> Any:
        """``together(tasks=group, streams=streams, accept=...)``, which calls ``accept()`` before it leaves anything
        behind; or ``alone(tasks=group, streams=streams)`` for too few tasks, and where the other can't be: that leaves
        the net and the random states as they were then. By halves where a task diverged."""
        given = {"tasks": group, "streams": streams}
        if len(group) < trial.least or not trial.goes_on:
            return alone(**given)
        before, diverged = Traces(net, loss_fn), False
        try:
            before.require_all_kept()
            return together(accept=before.require_none_left, **given)
        except DivergedTogether:
            before.put_back()
            diverged = True
        except CannotBatch as error:
            before.put_back()
            where = origin_of(error)
            if trial.is_demanded:
                raise VectorizeError(
                    f"vectorize=True: the tasks can't run as one program: {error}{where}; leave the argument out "
                    "to have them run one after the other"
                ) from error
            if len(group) > 1:
                warn(
                    f"the tasks run one after the other, for they can't run as one program: {error}{where}. "
                    "vectorize=False says so beforehand"
                )
            trial.goes_on = False
            self._one_by_one.setdefault(net, set()).add(_circumstances(net, loss_fn))
        if not diverged or len(group) == 1:
            return alone(**given)
        halves = group[: len(group) // 2], group[len(group) // 2 :]
        return added(*(self.run(half, trial, streams, net, loss_fn, together, alone) for half in halves))

    def _is_known_not_to(self, net, loss_fn) -> bool:
        known = self._one_by_one.get(net)
        return known is not None and _circumstances(net, loss_fn) in known


#: Where the kernels of `vmap` are faster than Paddle's for a single task as well.
_CONVOLUTIONS = nn.Conv1D, nn.Conv2D

#: From so many units on Paddle's fused kernels, which run one task at a time, are faster than the ops they stand for.
_RECURRENT, _WIDE = (nn.LSTM, nn.GRU, nn.SimpleRNN), 64


def _is_slower(net) -> bool:
    """Whether its tasks are slower as one program."""
    return any(layer.hidden_size >= _WIDE for layer in _layers(net, _RECURRENT))


def _layers(net, kinds: tuple):
    return (layer for layer in net.sublayers(include_self=True) if isinstance(layer, kinds))


def _circumstances(net, loss_fn) -> tuple:
    function = loss_fn  # by its code, for a lambda, a method or a partial is another object each time
    while isinstance(function, partial):
        function = function.func
    kind = type(function)
    code = getattr(function, "__code__", None) or getattr(kind.__call__, "__code__", None)
    return kind, code, tuple(layer.training for layer in net.sublayers(include_self=True))
