"""What has to be put back, whatever comes in between.

A ``finally`` is not enough where Ctrl-C may come in any line: one in its first line skips the rest. What an `Undo`
stands for is done when its block is left, or else when it is collected, or else by the next `repair`.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from dataclasses import dataclass
from functools import partial
from typing import Callable

import paddle

_numbers = itertools.count()


@dataclass
class _Open:
    """What is still to be done.

    Attributes
    ----------
    owner : callable
        Gives the `Undo` that answers for it, if it is there.
    undo : callable
    touches : frozenset
    thread : int
        In which it began.
    is_entered : bool
        Its block was entered, and not left.
    is_held : bool
        A user holds the block open, and may leave it in any order with others.
    """

    owner: Callable
    undo: Callable
    touches: frozenset
    thread: int
    is_entered: bool = False
    is_held: bool = False

    def goes_before(self, earlier: _Open) -> bool:
        """Whether it has to be done before one that began earlier, and is left now.

        It was kept from ending, or it would have been left; unless it goes on, for a user holds one of the two. What
        puts back the same things has to in any case.
        """
        if self.thread != earlier.thread:
            return False
        goes_on = self.is_held or (earlier.is_held and self.is_entered)
        return not goes_on or not self.touches.isdisjoint(earlier.touches)


_open: dict[int, _Open] = {}


class Undo:
    """A context after which `undo` is done, once.

    Parameters
    ----------
    undo : callable
        Takes no arguments; called twice, it has the same effect as once.
    touches : frozenset, optional
        Of what is put back: of two with something in common, the later one is always done first.
    """

    def __init__(self, undo: Callable, touches: frozenset = frozenset()):
        self._number = next(_numbers)
        _open[self._number] = _Open(weakref.ref(self), undo, touches, threading.get_ident())

    def __enter__(self):
        if self._number in _open:
            _open[self._number].is_entered = True
        return self

    def __exit__(self, *exception):
        _finish(self._number)

    def __del__(self):
        _finish(self._number)


def latest() -> int:
    """A number that is larger than those of all that began before."""
    return next(_numbers)


def hold_open(since: int) -> None:
    """What began in this thread after `latest` gave this number is held open by a user from now on."""
    for number in list(_open):
        entry = _open.get(number)
        if entry is not None and number > since and entry.thread == threading.get_ident():
            entry.is_held = True


def grad_mode_kept() -> Undo:
    """A context after which gradients are enabled, or not, as they are now."""
    return Undo(partial(set_grad_mode, paddle.is_grad_enabled()))


def set_grad_mode(enabled: bool) -> None:
    """Enable gradients, or not, where that is not so already."""
    if paddle.is_grad_enabled() != enabled:
        paddle.set_grad_enabled(enabled)


def _nobody() -> None:
    """In place of a reference to an `Undo` whose block was left."""


def _finish(number):
    ended = _open.get(number)
    if ended is None:
        return
    ended.owner = _nobody  # an error that came in between may hold on to who answered for it
    ended.is_entered = False
    if next(reversed(_open)) != number:
        for later in sorted((n for n in list(_open) if n > number), reverse=True):
            entry = _open.get(later)
            if entry is not None and entry.goes_before(ended):
                _do(later)
    _do(number)


def _do(number):
    entry = _open.get(number)
    if entry is not None:
        entry.undo()
        _open.pop(number, None)


def repair():
    """Put back what an interrupt kept from being put back."""
    for number in sorted(_open, reverse=True):
        entry = _open.get(number)
        if entry is not None and entry.owner() is None:
            _do(number)
