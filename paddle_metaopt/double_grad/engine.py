"""Passes of Paddle's engine that leave nothing behind.

Errors in them keep their type, Ctrl-C included; no pass goes through a node that Paddle can't run again; and no two
threads are in ``paddle.grad`` at once, which ends the process (Paddle keeps the state of it in a global).
"""

from __future__ import annotations

import builtins
import os
import re
import signal
import threading
from contextlib import nullcontext

import paddle

from .graph import listed, reachable
from .passes import Pass, current, used_up
from .undo import Undo, grad_mode_kept

_grad = paddle.grad
_grad_lock = threading.RLock()


def on_copies(outputs, inputs, in_backward=False, **options):
    """``paddle.grad(outputs, inputs, **options)``, which copies the nodes that it runs."""
    if _copies_run():  # Paddle keeps the state of one such pass
        raise RuntimeError(
            "paddle.grad was called inside a pass that paddle.grad itself runs, by a hook or the backward of a "
            "PyLayer: that ends the process in Paddle. In a task, passes are such ones; write that backward with ops "
            "instead, or with Tensor.backward()"
        )
    with _grad_lock:
        return run(_grad, (outputs, inputs), options, in_backward, uses_up=False, inputs=listed(inputs))


def _copies_run() -> bool:
    """Whether this thread is in a pass on copies of nodes, as ``paddle.grad`` makes them."""
    present = current()
    return present is not None and not present.uses_up


def run(call, args, kwargs, in_backward=False, uses_up=False, inputs=None):
    """``call(*args, **kwargs)``, a pass of the engine; the rest is as for `Pass`."""
    failure = result = None
    with grad_mode_kept():  # Paddle leaves them off after an error
        present = Pass(in_backward, uses_up, inputs)
        try:
            with _interrupts_deferred():
                result = call(*args, **kwargs)
        except BaseException as error:
            failure = error
        finally:
            present.end()
    thrown, failure = failure, present.error or failure
    if failure is None:
        return result
    if thrown is not None and present.is_outermost:
        _let_go()
    try:
        raise _in_its_own_type(failure)
    finally:
        del failure, thrown, present  # they hold this frame


def _let_go():
    """After an error in its C++ code, Paddle keeps the graph until the next ``paddle.grad``."""
    with paddle.enable_grad():
        leaf = paddle.ones([])
        leaf.stop_gradient = False
        _grad(leaf * leaf, [leaf])


#: How Paddle tells of an exception in a hook or a PyLayer.
_TOLD = re.compile(
    r"\(External\)\s*(?:\{\s*=+ Error message in backward of .*?=+\s*)?(\w+)(?:: (.*?))?\s*(?:\n\s*At:|$)", re.S
)


def _in_its_own_type(error):
    """The exception of Python's own that Paddle's C++ code made another one of."""
    told = _TOLD.match(str(error).strip()) if isinstance(error, OSError) else None
    kind = getattr(builtins, told[1], None) if told else None
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return error
    try:
        own = kind(*([told[2]] if told[2] and told[2] != "<EMPTY MESSAGE>" else []))
    except Exception:  # one that is not made from a text
        return error
    own.__cause__ = error
    return own


class _Interrupts:
    """Ctrl-C during a pass of the engine, in which it can't be raised, is raised after it."""

    def __init__(self):
        self._handler = None
        self._came = None

    def __call__(self, number, frame):
        if current() is not None:
            self._came = number, frame
        else:  # left in place by an exception in a very wrong line
            signal.signal(signal.SIGINT, self._handler)
            self._handler(number, frame)

    def deferred(self):
        """From now on Ctrl-C waits; what is returned is a context to be left for its coming through."""
        handler = signal.getsignal(signal.SIGINT)
        if handler is not self:
            if not callable(handler):
                return nullcontext()
            self._handler = handler
        self._came = None
        end = Undo(self._let_through)
        signal.signal(signal.SIGINT, self)
        return end

    def _let_through(self):
        signal.signal(signal.SIGINT, self._handler)
        came, self._came = self._came, None
        if came is not None:
            self._handler(*came)


_interrupts = _Interrupts()


def _interrupts_deferred():
    outermost = current().is_outermost and threading.current_thread() is threading.main_thread()
    return _interrupts.deferred() if outermost else nullcontext()


def refuse_used_up(outputs):
    """Raise if a pass from one or several tensors would go through a node that Paddle has run for the last time."""
    if used_up and any(address in used_up for address, _ in reachable(listed(outputs))):
        raise RuntimeError(
            "backward() went through a part of this graph before and used it up, also with retain_graph=True: add up "
            "the losses and call backward() once, on the sum; or take the gradients by paddle.grad"
        )


def _in_child():
    global _grad_lock
    _grad_lock = threading.RLock()


os.register_at_fork(after_in_child=_in_child)
