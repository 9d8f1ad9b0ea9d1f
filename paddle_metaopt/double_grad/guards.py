"""What stands round Paddle's engine while rules are on somewhere.

Passes are audited, where they make a graph of gradients; errors in them keep their type, Ctrl-C included, and leave
nothing behind; no pass goes through a node that Paddle can't run again; and no two threads are in ``paddle.grad`` at
once, which ends the process (Paddle keeps the state of it in a global).
"""

from __future__ import annotations

import builtins
import functools
import inspect
import os
import re
import signal
import threading
import weakref
from contextlib import nullcontext

import paddle

from . import kernels
from .activity import is_active
from .audit import audit
from .graph import RULE_NAME, address_of, is_leaf, is_rule, pylayer_of, reachable
from .passes import Pass, current, engine, used_up
from .patches import Hold
from .primitive import anchor_addresses, rooted
from .undo import Undo, grad_mode_kept

_grad = paddle.grad
_grad_lock = threading.RLock()


def guard_engine() -> Hold:
    """Have the passes of Paddle's engine guarded, in all threads, as long as the result is held, or until it is called.

    A task and a ``twice_differentiable()`` block do so for themselves. A program in which one thread calls
    ``paddle.grad`` while tasks come and go in others needs it all the time.

    Examples
    --------
    >>> import paddle_metaopt as metaopt
    >>> guard = metaopt.double_grad.guard_engine()  # before the threads start
    >>> guard()  # after they have ended
    """
    return engine.acquire()


def _guarded_grad(grad):
    """What stands in for ``paddle.grad``."""
    signature = inspect.signature(grad)

    @functools.wraps(grad)
    def guarded(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        if given.get("create_graph") and is_active():
            audit(given["outputs"], given["inputs"])
            _noted.graphs_of_gradients += 1
        return gradients(**given)

    return guarded


def gradients(outputs, inputs, **options) -> list:
    """``paddle.grad``, guarded, but not audited."""
    _refuse_used_up(outputs)
    if options.get("create_graph") and paddle.is_grad_enabled():
        outputs = [rooted(output) for output in _listed(outputs)]
    return _on_copies(outputs, inputs, **options)


def _guarded_backward(backward):
    """What stands in for ``Tensor.backward`` and ``paddle.autograd.backward``.

    Paddle runs the graph's own nodes there, and a rule's can't be run again, even if the graph is to be retained. So
    where every leaf is known, as in a task, ``paddle.grad`` takes the gradients, on copies of the nodes.
    """

    signature = inspect.signature(backward)
    first, second = list(signature.parameters)[:2]

    @functools.wraps(backward)
    def guarded(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        outputs, cotangents = _listed(given[first]), given.get(second)
        if not all(isinstance(output, paddle.Tensor) for output in outputs):
            return backward(*args, **kwargs)  # which says what it expects
        _refuse_used_up(outputs)
        leaves = None if given.get("dump_backward_graph_path") else _known_leaves_below(outputs)
        if leaves is None:
            return _run(backward, args, kwargs, in_backward=True, uses_up=True)
        _require_shapes(outputs, cotangents)
        options = dict(grad_outputs=cotangents, retain_graph=True, create_graph=False, allow_unused=True)
        found = _on_copies(outputs, leaves, in_backward=True, **options)
        _run(_hand_to, (leaves, found), {}, in_backward=True, uses_up=True)

    return guarded


def _require_shapes(outputs, cotangents):
    cotangents = [] if cotangents is None else _listed(cotangents)
    for output, cotangent in zip(outputs, cotangents):
        if cotangent is not None and cotangent.shape != output.shape:
            raise ValueError(
                f"backward: expected a gradient of shape {list(output.shape)} for the tensor of that shape, got "
                f"{list(cotangent.shape)}"
            )


def _on_copies(*args, in_backward=False, **kwargs):
    if _copies_run():  # Paddle keeps the state of one such pass
        raise RuntimeError(
            "paddle.grad was called inside a pass that paddle.grad itself runs, by a hook or the backward of a PyLayer: "
            "that ends the process in Paddle. In a task, passes are such ones; write that backward with ops instead, or "
            "with Tensor.backward()"
        )
    with _grad_lock:
        return _run(_grad, args, kwargs, in_backward, uses_up=False)


def _copies_run() -> bool:
    """Whether this thread is in a pass on copies of nodes, as ``paddle.grad`` makes them."""
    present = current()
    return present is not None and not present.uses_up


def _hand_to(leaves, gradients):
    """Add the gradients to the leaves' own, by Paddle's engine and through their hooks."""
    pairs = [(leaf, gradient) for leaf, gradient in zip(leaves, gradients) if gradient is not None]
    if pairs:
        with paddle.enable_grad():
            same = [kernels.native.reshape(leaf, leaf.shape) for leaf, _ in pairs]
        paddle.base.core.eager.run_backward(same, [gradient for _, gradient in pairs], False, None)


def _run(engine, args, kwargs, in_backward=False, uses_up=False):
    failure = result = None
    with grad_mode_kept():  # Paddle leaves them off after an error
        present = Pass(in_backward, uses_up)
        try:
            with _interrupts_deferred():
                result = engine(*args, **kwargs)
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
    """An exception of Python's own, of which Paddle's C++ code made another one."""
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


def _refuse_used_up(outputs):
    if used_up and any(address in used_up for address, _ in reachable(_listed(outputs))):
        raise RuntimeError(
            "backward() went through a part of this graph before and used it up, also with retain_graph=True: add up "
            "the losses and call backward() once, on the sum; or take the gradients by paddle.grad"
        )


_leaves: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def know_leaves(tensors):
    """Let ``backward()`` take gradients for these leaf tensors without using up its graph."""
    _leaves.update({address_of(tensor): tensor for tensor in tensors})


def _known_leaves_below(outputs):
    """The leaf tensors that `outputs` depend on, where a pass on copies serves as well as ``backward()``: None if one is
    not known, if no rule is among the nodes, or if somebody's PyLayer is, whose backward may take gradients itself."""
    if not _leaves or current() is not None or any(output.is_leaf for output in outputs):
        return None
    found, rules, technical = [], False, anchor_addresses()
    for address, node in reachable(outputs):
        if not rules and is_rule(node):
            rules = True
        elif is_leaf(node):
            if address in technical:
                continue
            leaf = _leaves.get(address)
            if leaf is None or leaf.stop_gradient or address_of(leaf) != address:
                return None
            found.append(leaf)
        elif pylayer_of(node.name()) not in (None, RULE_NAME):
            return None
    return found if rules else None


class _Noted(threading.local):
    graphs_of_gradients = 0


_noted = _Noted()


def graphs_of_gradients() -> int:
    """How often ``paddle.grad(..., create_graph=True)`` was called in this thread where the rules were on."""
    return _noted.graphs_of_gradients


def _listed(tensors):
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _in_child():
    global _grad_lock
    _grad_lock = threading.RLock()


os.register_at_fork(after_in_child=_in_child)


def _replacements():
    return [
        (paddle, "grad", _guarded_grad(paddle.grad)),
        (paddle.autograd, "backward", _guarded_backward(paddle.autograd.backward)),
        (paddle.Tensor, "backward", _guarded_backward(paddle.Tensor.backward)),
    ]


engine.make_replacements = _replacements
