"""Attributes of Paddle's modules and classes that have other values while somebody wants them to.

Whoever wants them holds a `Hold`; a lost one counts for nothing. What stands in Paddle's place follows from who holds
one now, not from how often something was entered and left: so an interrupt in any line leaves at most what the next
call puts right.
"""

from __future__ import annotations

import os
import threading
import weakref
from types import ModuleType

#: One for all patches and for what goes with them.
lock = threading.RLock()
_patches: list[Patch] = []
_ABSENT = object()


class Hold:
    """Somebody's wish that a patch stands, until it is called or gone."""

    def __init__(self, patch: Patch):
        self._patch = patch

    def __call__(self):
        self._patch.drop(self)

    def __del__(self):
        self._patch.drop(self)


class Patch:
    """Replacements that stand as long as somebody holds them.

    Parameters
    ----------
    make_replacements : callable
        Returns a list of (owner, name, value); may be set later.
    version : callable
        What the replacements depend on; they are made anew when it has changed and none stands.
    upon : tuple of Patch
        Those that stand as long as this one does, for it replaces what they put there.
    """

    def __init__(self, make_replacements=None, version=lambda: None, upon=()):
        self.make_replacements = make_replacements
        self._upon = upon
        self._holds_below = []
        self._version = version
        self._made_at = self._replacements = None
        self._originals = []
        self._holds = weakref.WeakSet()
        self._stands = False  # None while it is half put up or half taken down
        _patches.append(self)

    def acquire(self) -> Hold:
        hold = Hold(self)
        with lock:
            self._holds.add(hold)
            self._settle()
        return hold

    def drop(self, hold: Hold) -> None:
        with lock:
            self._holds.discard(hold)
            self._settle()

    def forget_holds(self) -> None:
        """Take it down whoever holds it."""
        self._holds = weakref.WeakSet()
        self._settle()

    def _settle(self):
        wanted = len(self._holds) > 0
        if wanted is not self._stands:
            self._switch(wanted)
        if not wanted:  # also if an interrupt came when it was about to be put up
            self._holds_below = []

    def _switch(self, wanted: bool):
        if self._stands is False:
            self._holds_below = [patch.acquire() for patch in self._upon]
            self._prepare()
        self._stands = None
        for owner, values in self._replacements if wanted else self._originals:
            _give(owner, values)
        self._stands = wanted

    def _prepare(self):
        version = self._version()
        if self._replacements is None or self._made_at != version:
            self._replacements = _by_owner(self.make_replacements())
            self._made_at = version
        self._originals = [(owner, _present(owner, values)) for owner, values in self._replacements]


def _by_owner(replacements) -> list[tuple]:
    found: dict = {}
    for owner, name, value in replacements:
        found.setdefault(id(owner), (owner, {}))[1][name] = value
    return list(found.values())


def _present(owner, names) -> dict:
    own = vars(owner)
    return {name: own.get(name, _ABSENT) for name in names}


def _give(owner, values: dict):
    if type(owner) is ModuleType and _ABSENT not in values.values():
        vars(owner).update(values)  # there are hundreds
        return
    for name, value in values.items():
        if value is not _ABSENT:
            setattr(owner, name, value)
        elif name in vars(owner):  # it stood in a base class
            delattr(owner, name)


def _in_child():
    """In a child process, forked inside a task, nobody has asked for anything."""
    global lock
    lock = threading.RLock()
    for patch in reversed(_patches):  # what stands upon another was made later
        patch.forget_holds()


os.register_at_fork(after_in_child=_in_child)
