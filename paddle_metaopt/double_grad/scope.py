"""`twice_differentiable`: rules in place of Paddle's ops, for one thread and a limited time."""

from __future__ import annotations

import functools
import inspect
import threading
from contextlib import contextmanager

import paddle

from ..arguments import require_dynamic_mode
from .activity import ANY_ORDER, Activation
from .dispatch import op_table
from .guards import guard_engine
from .undo import grad_mode_kept, set_grad_mode


class twice_differentiable:
    """Context and decorator in which ordinary Paddle code has exact derivatives of second and any higher order.

    Inside, ``paddle.grad(..., create_graph=True)`` gives gradients that can be differentiated again, through every
    layer that has a rule (``double_grad.supported()``). Only the forward computation has to run inside.

    It may be nested, used again, and entered by several threads, each for itself; other threads are not touched.
    On leaving, Paddle is as it was, gradient tracking included.

    Raises
    ------
    NotTwiceDifferentiableError
        By ``paddle.grad(..., create_graph=True)`` inside, if an op between the outputs and the inputs has no second
        derivative, or a wrong one.

    Examples
    --------
    >>> import paddle, paddle_metaopt as metaopt
    >>> net = paddle.nn.Conv2D(1, 4, 3)
    >>> x = paddle.randn([2, 1, 8, 8])
    >>> with metaopt.twice_differentiable():
    ...     (g,) = paddle.grad((net(x) ** 2).mean(), [net.weight], create_graph=True)
    >>> (g ** 2).sum().backward()  # a gradient penalty
    """

    def __init__(self):
        self._entered = _Entered()

    def __enter__(self):
        require_dynamic_mode()
        self._entered.stack.append((activate(), paddle.is_grad_enabled()))
        return self

    def __exit__(self, *exception):
        release, grad_enabled = self._entered.stack.pop()
        release()
        set_grad_mode(grad_enabled)

    def __call__(self, function):
        if any(is_later(function) for is_later in _RUN_LATER):
            raise TypeError(
                f"twice_differentiable: expected a function that has run when it returns, got the generator or "
                f"coroutine {function!r}; write `with twice_differentiable():` inside of it"
            )

        @functools.wraps(function)
        def decorated(*args, **kwargs):
            with twice_differentiable():
                return function(*args, **kwargs)

        return decorated


_RUN_LATER = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)


class _Entered(threading.local):
    def __init__(self):
        self.stack = []


def activate(order: float = ANY_ORDER) -> Activation:
    """Switch the rules on in this thread; returns what switches them off, callable from any thread.

    Parameters
    ----------
    order : int or ANY_ORDER
        The highest order of derivative that is wanted, those included that the differentiated code takes itself.
        Paddle's own nodes are kept as far as they reach; past them, the audit refuses. The highest order that is asked
        for in the thread counts.

    Raises
    ------
    ValueError
        If `order` is not such a number.
    """
    if order != ANY_ORDER and (isinstance(order, bool) or not isinstance(order, int) or order < 1):
        raise ValueError(f"order: expected an integer of at least 1, or ANY_ORDER, got {order!r}")
    return Activation([guard_engine(), op_table.acquire()], order)


@contextmanager
def patches_kept():
    """A context that keeps what stands in Paddle's place from one task to the next, instead of each putting it there
    and taking it away. Without a task, it does nothing."""
    holds = [guard_engine(), op_table.acquire()]
    try:
        with grad_mode_kept():
            yield
    finally:
        for hold in holds:
            hold()
