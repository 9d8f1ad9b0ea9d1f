"""In which threads the rules are on."""

from __future__ import annotations

import os
import threading
import weakref


class _Thread(threading.local):
    """One for each thread, and gone with it; its `activations` are reached from others, to end them."""

    def __init__(self):
        self.activations = {}


_thread = _Thread()


def is_active() -> bool:
    """Whether the rules are on in this thread."""
    return bool(_thread.activations)


class Activation:
    """The rules are on in the thread that makes it, until it is called, from any thread, or gone.

    Parameters
    ----------
    holds : list of callable
        What ends with it.
    """

    def __init__(self, holds: list):
        self._holds = holds
        self._of_thread = _thread.activations
        for key in [key for key, activation in self._of_thread.items() if activation() is None]:
            del self._of_thread[key]  # an interrupt kept it from ending
        self._of_thread[id(self)] = weakref.ref(self)

    def __call__(self):
        self._of_thread.pop(id(self), None)
        while self._holds:
            self._holds.pop()()

    def __del__(self):
        self()


def _in_child():
    """A child process that was forked inside a task asked for nothing."""
    _thread.activations = {}


os.register_at_fork(after_in_child=_in_child)
