"""A meta-batch: as one program where that gives the same numbers, and one task after the other elsewhere."""

from __future__ import annotations

import warnings
import weakref
from typing import Any, Callable

from ..double_grad.scope import patches_kept
from ..errors import VectorizeError
from ..meta_gradients import MetaGradient
from ..vmap import CannotBatch
from .blame import where_of
from .episodes import each_of, episode_parts
from .one_by_one import solved_one_by_one
from .together import in_groups, solved_together


class MetaBatches:
    """How an optimizer runs its meta-batches.

    What could not run as one program once, a net in the same modes with the same loss function, is not tried again.
    """

    def __init__(self):
        self._one_by_one: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def __reduce__(self):
        return MetaBatches, ()  # nets are copied beside it

    def mean(
        self, optimizer, net, episodes, loss_fn: Callable, inputs: list, vectorize: Any, tasks_at_once: int | None
    ) -> MetaGradient:
        """The mean query loss of the episodes, and its meta-gradient; see `MetaOptimizer.meta_loss`."""
        with patches_kept():
            parts = (
                episode_parts(episode, net, adapts=optimizer.adapt_steps > 0) for episode in each_of(episodes)
            )
            if vectorize is not False:
                parts = list(parts)
            count, parts = _counted(parts)
            total = self._total(optimizer, net, parts, loss_fn, inputs, vectorize, tasks_at_once)
        if total is None:
            raise ValueError("meta_loss: there are no episodes")
        return total / count()

    def _total(self, optimizer, net, parts, loss_fn, inputs, vectorize, tasks_at_once):
        if vectorize is False or self._goes_one_by_one(net, loss_fn) and vectorize is not True:
            return solved_one_by_one(optimizer, net, parts, loss_fn, inputs)
        why = optimizer.plan.why_not_together()
        if why is not None:
            if vectorize is True:
                raise VectorizeError(f"vectorize=True: {why} runs its tasks one by one; leave the argument out")
            return solved_one_by_one(optimizer, net, parts, loss_fn, inputs)
        total = None
        for group in in_groups(list(parts), tasks_at_once, optimizer.adapt_steps):
            found = self._together(optimizer, net, group, loss_fn, inputs, vectorize)
            total = found if total is None else total + found
        return total

    def _together(self, optimizer, net, group, loss_fn, inputs, vectorize):
        if len(group) > 1 and (vectorize is True or not self._goes_one_by_one(net, loss_fn)):
            try:
                return solved_together(optimizer, net, group, loss_fn, inputs)
            except CannotBatch as error:
                where = where_of(error)
                if vectorize is True:
                    raise VectorizeError(
                        f"vectorize=True: the tasks can't run as one program: {error}{where}; leave the argument out "
                        "to have them run one after the other"
                    ) from error
                warnings.warn(
                    f"the tasks run one after the other, for they can't run as one program: {error}{where}. "
                    "vectorize=False says so beforehand",
                    UserWarning,
                    stacklevel=5,
                )
                self._one_by_one.setdefault(net, set()).add(_circumstances(net, loss_fn))
        return solved_one_by_one(optimizer, net, group, loss_fn, inputs)

    def _goes_one_by_one(self, net, loss_fn) -> bool:
        known = self._one_by_one.get(net)
        return known is not None and _circumstances(net, loss_fn) in known


def _circumstances(net, loss_fn) -> tuple:
    return id(loss_fn), tuple(layer.training for layer in net.sublayers(include_self=True))


def _counted(parts):
    """A function that tells how many parts have gone by, and an iterator of them."""
    seen = []

    def each():
        for part in parts:
            seen.append(None)
            yield part

    return lambda: len(seen), each()
