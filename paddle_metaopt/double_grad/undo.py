"""What has to be put back, whatever comes in between.

A ``finally`` is not enough where Ctrl-C may come in any line: one in its first line skips the rest. What an `Undo`
stands for is done when its block is left, or else when it is collected, or else by the next `repair`.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from functools import partial
from typing import Callable

import paddle

_numbers = itertools.count()
_open: dict[int, tuple] = {}  # number to (who answers for it, what is to be done, in which thread it began)


class Undo:
    """A context after which `undo` is done, once.

    Parameters
    ----------
    undo : callable
        Takes no arguments; called twice, it has the same effect as once.
    """

    def __init__(self, undo: Callable):
        self._number = next(_numbers)
        _open[self._number] = weakref.ref(self), undo, threading.get_ident()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _finish(self._number)

    def __del__(self):
        _finish(self._number)


def grad_mode_kept() -> Undo:
    """A context after which gradients are enabled, or not, as they are now."""
    return Undo(partial(_set_grad_mode, paddle.is_grad_enabled()))


def _set_grad_mode(enabled):
    if paddle.is_grad_enabled() != enabled:
        paddle.set_grad_enabled(enabled)


def _nobody() -> None:
    """In place of a reference to an `Undo` whose block was left."""


def _finish(number):
    if number not in _open:
        return
    _open[number] = _nobody, *_open[number][1:]  # an error that came in between may hold on to who answered for it
    if next(reversed(_open)) != number:  # what began later in this thread was kept from ending, and has to go first
        thread = _open[number][2]
        for later in sorted((n for n in list(_open) if n > number and _open[n][2] == thread), reverse=True):
            _do(later)
    _do(number)


def _do(number):
    entry = _open.get(number)
    if entry is not None:
        entry[1]()
        _open.pop(number, None)


def repair():
    """Put back what an interrupt kept from being put back."""
    for number in sorted(_open, reverse=True):
        entry = _open.get(number)
        if entry is not None and entry[0]() is None:
            _do(number)
