"""What stands round Paddle's engine while rules are on somewhere; passes that make a graph of gradients are audited."""

from __future__ import annotations

import functools
import inspect
import threading

import paddle

from .activity import is_active
from .audit import audit, nodes_between, refuse_beside_the_path
from .engine import on_copies, refuse_used_up
from .graph import listed
from .guarded_backward import guarded_backward, require_shapes
from .joints import by_us, noticing
from .passes import current, engine_guards
from .patches import Hold
from .primitive import rooted


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
    return engine_guards.acquire()


def _guarded_grad(grad):
    """What stands in for ``paddle.grad``."""
    signature = inspect.signature(grad)

    @functools.wraps(grad)
    def guarded(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        require_shapes("paddle.grad", listed(given["outputs"]), given.get("grad_outputs"))
        if given.get("create_graph") and is_active():
            _audit(given["outputs"], given["inputs"])
        return _passed(**given)

    return guarded


def _audit(outputs, inputs):
    audit(outputs, inputs)
    _noted.graphs_of_gradients += 1


def _auditing(run_partial_grad):
    """What stands in for what ``paddle.grad`` ends in: also that which somebody imported by name, past the guard."""

    @functools.wraps(run_partial_grad)
    def auditing(outputs, inputs, grad_outputs, retain_graph, create_graph, *others):
        present = current()
        if create_graph and is_active() and (present is None or present.uses_up):
            _audit(outputs, inputs)
        return run_partial_grad(outputs, inputs, grad_outputs, retain_graph, create_graph, *others)

    return auditing


def gradients(outputs, inputs, **options) -> list:
    """``paddle.grad`` by the library itself: guarded, but not audited. With ``only_on_the_way=True`` no
    pullback is run that does not lead to the `inputs`: Paddle itself runs all that lies below a rule."""
    with by_us():
        return _passed(outputs, inputs, **options)


def _passed(outputs, inputs, only_on_the_way=False, **options) -> list:
    refuse_used_up(outputs)
    if options.get("create_graph") and paddle.is_grad_enabled():
        outputs, given = listed(outputs), options.get("grad_outputs")
        given = [None] * len(outputs) if given is None else listed(given)
        outputs = list(map(rooted, outputs, given))
    way = set(nodes_between(outputs, inputs)) if only_on_the_way else None
    try:
        return on_copies(outputs, inputs, on_the_way=way, **options)
    except RuntimeError as error:
        refuse_beside_the_path(error)
        raise


class _Noted(threading.local):
    graphs_of_gradients = 0


_noted = _Noted()


def graphs_of_gradients() -> int:
    """How often ``paddle.grad(..., create_graph=True)`` was called in this thread where the rules were on."""
    return _noted.graphs_of_gradients


def _replacements():
    eager = paddle.base.core.eager  # all passes go through its two functions, also those of a copy of paddle.grad
    return [
        (eager, "run_partial_grad", _auditing(noticing(eager.run_partial_grad))),
        (eager, "run_backward", noticing(eager.run_backward)),
        (paddle, "grad", _guarded_grad(paddle.grad)),
        (paddle.autograd, "backward", guarded_backward(paddle.autograd.backward)),
        (paddle.Tensor, "backward", guarded_backward(paddle.Tensor.backward)),
    ]


engine_guards.make_replacements = _replacements
