"""What the nodes that a pass of Paddle's engine runs have to know of it.

An error that crosses Paddle's C++ code there loses its type and leaks the node's graph. So a node whose pullback
fails hands its error in here and answers zeros, and engine.py raises it when the pass has ended.
"""

from __future__ import annotations

import collections
import sys
import threading
import weakref
from contextlib import contextmanager
from typing import Callable

import paddle

from .patches import Patch


class Pass:
    """One guarded call of the engine.

    Parameters
    ----------
    in_backward : bool
        Whether it is a ``backward()`` for the user, not ``paddle.grad``.
    uses_up : bool
        Whether Paddle runs the graph's own nodes, and not copies: then each runs for the last time.
    inputs : sequence of Tensor, optional
        What the gradients are taken for; by default all leaves.
    on_the_way : set of int, optional
        The addresses of the nodes that lead there, for the others' pullbacks not to be run.

    Attributes
    ----------
    is_outermost : bool
        Whether it is part of no other pass in this thread.
    error : BaseException or None
        What the first node that failed raised: what the others compute is not used.
    """

    __slots__ = ("in_backward", "uses_up", "inputs", "on_the_way", "is_outermost", "error", "__weakref__")

    def __init__(self, in_backward: bool, uses_up: bool, inputs=None, on_the_way=None):
        self.in_backward = in_backward
        self.uses_up = uses_up
        self.inputs = inputs
        self.on_the_way = on_the_way
        self.error = None
        self.is_outermost = current() is None
        _thread.passes.append(weakref.ref(self))

    def end(self):
        """The engine has returned; to be called for the passes in the reverse order of their beginnings."""
        passes = _thread.passes
        while passes and passes.pop()() is not self:
            pass
        if self.is_outermost:
            _thread.given.clear()  # of nodes that an error kept from running


class _Thread(threading.local):
    def __init__(self):
        self.passes = []  # held weakly: one whose call was left in an unforeseen way is none
        self.asked = {}
        self.given = {}


_thread = _Thread()


def current() -> Pass | None:
    """The innermost guarded pass of this thread."""
    passes = _thread.passes
    while passes:
        found = passes[-1]()
        if found is not None:
            return found
        passes.pop()
    return None


def in_backward() -> bool:
    """Whether a ``backward()`` runs in this thread, and not ``paddle.grad``; known while the engine is guarded."""
    found = current()
    return found is not None and found.in_backward


def takes_gradients_for(leaves) -> bool:
    """Whether one of these leaf tensors may get a gradient from the pass that runs in this thread. ``paddle.grad`` also
    runs rules that are not on the way to what it was asked for: those below another rule that is."""
    found = current()
    if found is None or found.inputs is None:
        return True
    inputs = set(map(id, found.inputs))
    return any(id(leaf) in inputs for leaf in leaves)


def after_backward(call: Callable, things: list) -> None:
    """Have ``call(things)`` made when the ``backward()`` that runs in this thread has left its gradients in ``.grad``;
    once, with the things of all who ask for the same call."""
    _thread.asked.setdefault(call, []).extend(things)


@contextmanager
def followed_by_what_was_asked():
    """A context for a ``backward()``, after which is done what its nodes asked for by `after_backward`."""
    before, _thread.asked = _thread.asked, {}
    try:
        yield
    finally:
        asked, _thread.asked = _thread.asked, before
    for call, things in asked.items():
        call(things)


def heeded(hook: Callable) -> Callable:
    """A gradient hook for an output of a PyLayer, whose node is to ask `as_hooks_gave` for what it returned: Paddle
    takes no notice of it."""

    def heeded_hook(gradient):
        given = hook(gradient)
        if isinstance(given, paddle.Tensor):
            _thread.given[gradient.data_ptr()] = gradient, given  # the first is held, for its address to remain its own
        return given

    return heeded_hook


def as_hooks_gave(cotangents) -> list:
    """The cotangents that the calling node got, as its hooks, which were called just before, have changed them."""
    return list(map(_as_hooks_gave, cotangents)) if _thread.given else cotangents


def _as_hooks_gave(cotangent):
    while cotangent is not None and cotangent.data_ptr() in _thread.given:
        _, cotangent = _thread.given.pop(cotangent.data_ptr())
    return cotangent


def runs_copies() -> bool:
    """Whether the engine that runs the calling node, not guarded, is that of ``paddle.grad``, which copies nodes."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in _FILES_OF_NODES:
        frame = frame.f_back
    return frame.f_code is _grad_code


def _innermost(function):
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


_grad_code = _innermost(paddle.grad).__code__
_FILES_OF_NODES = {
    sys.modules["paddle.autograd.py_layer"].__file__,
    *(sys.modules[__name__].__file__.replace("passes", name) for name in ("passes", "primitive", "joints", "guards")),
}


#: What stands round the engine; guards.py says what it is.
engine_guards = Patch()


class Mark(collections.deque):
    """Hangs on a node, as a gradient hook that does nothing, and so lives exactly as long as the node does.

    The hook is the ``append`` of a deque without room: no line of Python in it, where an interrupt could strike.
    """

    def __init__(self, address: int):
        super().__init__(maxlen=0)
        self.address = address
        self._guard = None

    def guard_engine(self, marked: weakref.WeakValueDictionary):
        """The node is one of the `marked` ones, and the engine is guarded, as long as it lives."""
        self._guard = _shared_guard()
        marked[self.address] = self


#: Nodes that Paddle has run for the last time, by address: another pass through one would end the process.
used_up: weakref.WeakValueDictionary[int, Mark] = weakref.WeakValueDictionary()

_guard_of_marks = None


def _shared_guard():
    global _guard_of_marks
    guard = None if _guard_of_marks is None else _guard_of_marks()
    if guard is None:
        guard = engine_guards.acquire()
        _guard_of_marks = weakref.ref(guard)
    return guard
