"""Graphs that go on from another one's values, for a pass of Paddle's engine looks at all that lies below a tensor.

What a graph goes on from are leaves to Paddle. The library takes gradients through them, by a pass for each graph; in a
pass of anybody else a part of the derivative would end there, so it is refused.
"""

from __future__ import annotations

import functools
import threading
import weakref
from functools import partial
from typing import Callable

from .graph import address_of, listed, reachable
from .passes import Mark
from .undo import Undo


class Joint:
    """A tensor at which a graph ends, and the leaf of the same value that another one goes on from.

    Attributes
    ----------
    end, begin : Tensor
    """

    def __init__(self, end):
        self.end = end
        self.begin = end.detach()
        self.begin.stop_gradient = False
        mark = Mark(address_of(self.begin))
        self.begin.register_hook(mark.append)
        mark.guard_engine(_begins)


#: The leaves that graphs go on from, by address, as long as they live.
_begins: weakref.WeakValueDictionary[int, Mark] = weakref.WeakValueDictionary()


class _Passes(threading.local):
    by_us = False
    foreign = 0


_passes = _Passes()


def by_us() -> Undo:
    """A context in which the passes of this thread are the library's own."""
    ended = Undo(partial(setattr, _passes, "by_us", _passes.by_us))
    _passes.by_us = True
    return ended


def foreign_passes() -> int:
    """How many passes, none of the library's own, were begun in this thread while the engine was guarded."""
    return _passes.foreign


def noticing(run: Callable) -> Callable:
    """What stands in for a function of Paddle's engine, whose first argument is what a pass begins at."""

    @functools.wraps(run)
    def noticed(outputs, *others):
        if not _passes.by_us:
            _passes.foreign += 1
            _refuse_joints(outputs)
        return run(outputs, *others)

    return noticed


def _refuse_joints(outputs):
    if _begins and any(address in _begins for address, _ in reachable(listed(outputs))):
        raise RuntimeError(
            "a gradient would go back through earlier inner steps of a meta_loss, which keeps their graphs to itself; "
            "take it in a task of your own, with adapter.clone() or adapter.task()"
        )
