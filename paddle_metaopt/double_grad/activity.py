"""In which threads the rules are on, and for derivatives of which order: beyond what Paddle's own nodes have, rules
stand in."""

from __future__ import annotations

import math
import os
import threading
import weakref

#: The order for which Paddle's own nodes are never enough.
ANY_ORDER = math.inf


class _Activations:
    """Those of one thread; `highest` is the order that they want."""

    def __init__(self):
        self._by_id = {}
        self.highest = 0

    def add(self, activation, order):
        # An interrupt may have kept one from ending.
        self._by_id = {key: entry for key, entry in list(self._by_id.items()) if entry[0]() is not None}
        self._by_id[id(activation)] = weakref.ref(activation), order
        self._renew()

    def drop(self, activation):
        self._by_id.pop(id(activation), None)
        self._renew()

    def _renew(self):
        self.highest = max((order for _, order in list(self._by_id.values())), default=0)


class _Thread(threading.local):
    """One for each thread, and gone with it; its `activations` are reached from others, to end them."""

    def __init__(self):
        self.activations = _Activations()


#: ``here.activations`` are those of this thread.
here = _Thread()


def is_active() -> bool:
    """Whether the rules are on in this thread."""
    return here.activations.highest > 0


def order_wanted() -> float:
    """The highest order of derivative that is wanted in this thread; 0 where the rules are off."""
    return here.activations.highest


class Activation:
    """The rules are on in the thread that makes it, until it is called, from any thread, or gone.

    Parameters
    ----------
    holds : list of callable
        What ends with it.
    order : int or ANY_ORDER
        The highest order of derivative that is wanted.
    """

    def __init__(self, holds: list, order: float = ANY_ORDER):
        self._holds = holds
        self._of_thread = here.activations
        self._of_thread.add(self, order)

    def __call__(self):
        self._of_thread.drop(self)
        while self._holds:  # again, if an interrupt came between
            self._holds[-1]()
            self._holds.pop()

    def __del__(self):
        self()


def _in_child():
    """In a child process, forked inside a task, nobody has asked for anything."""
    here.activations = _Activations()


os.register_at_fork(after_in_child=_in_child)
