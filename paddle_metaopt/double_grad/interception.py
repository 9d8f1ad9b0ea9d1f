"""`twice_differentiable`: rules in place of Paddle's ops, for one thread and a limited time.

Every layer and function of Paddle looks its op up as an attribute of ``paddle._C_ops`` when it is called, so
replacing the attribute catches it; only operators and ``Tensor`` methods in C++ pass by. What passes by and has no
verified second derivative is refused by the audit.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from contextlib import contextmanager

import paddle

from ..errors import NotTwiceDifferentiableError
from . import kernels
from .audit import audit, leaves_below
from .order import ANY_ORDER, here
from .precision import autocast_is_on, cast_operands, without_autocast
from .primitive import requires_grad, take_pending_error
from .registry import NATIVE_TO, REPLACEMENTS, RULES

_lock = threading.RLock()


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
        self._entered = []

    def __enter__(self):
        self._entered.append((activate(), paddle.is_grad_enabled()))
        return self

    def __exit__(self, *exception):
        release, grad_enabled = self._entered.pop()
        release()
        if paddle.is_grad_enabled() != grad_enabled:
            paddle.set_grad_enabled(grad_enabled)

    def __call__(self, function):
        @functools.wraps(function)
        def decorated(*args, **kwargs):
            with twice_differentiable():
                return function(*args, **kwargs)

        return decorated


def activate(order: float = ANY_ORDER):
    """Switch the rules on in this thread; returns what switches them off, callable once, from any thread.

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
    orders = here.orders
    with _lock:
        guard = _engine_guard.acquire()
        table = _op_table.acquire()
        orders.add(order)

    def release():
        with _lock:
            orders.add(order, -1)
            table()
            guard()

    return release


@contextmanager
def patches_kept():
    """A context that keeps what stands in Paddle's place from one task to the next, each of which would put it there
    and take it away; on without a task, it does nothing."""
    guard, table = _engine_guard.acquire(), _op_table.acquire()
    try:
        yield
    finally:
        table()
        guard()


def is_active() -> bool:
    """Whether the rules are on in this thread."""
    return here.orders.highest > 0


def guard_engine():
    """Have errors raised in a backward keep their type; returns what ends that."""
    return _engine_guard.acquire()


_ABSENT = object()


class _Patch:
    """Attributes of a module or class that have other values while somebody wants it."""

    def __init__(self, make_replacements, version=lambda: None):
        self._make_replacements = make_replacements
        self._version = version
        self._made_at = self._replacements = None
        self._originals = []
        self._users = 0

    def acquire(self):
        with _lock:
            if not self._users:
                if self._replacements is None or self._made_at != self._version():
                    self._made_at, self._replacements = self._version(), self._make_replacements()
                self._originals = [
                    (owner, name, vars(owner).get(name, _ABSENT)) for owner, name, _ in self._replacements
                ]
                for owner, name, replacement in self._replacements:
                    setattr(owner, name, replacement)
            self._users += 1
        return self._release

    def _release(self):
        with _lock:
            self._users -= 1
            if not self._users:
                for owner, name, original in self._originals:
                    if original is _ABSENT:  # it stood in a base class
                        delattr(owner, name)
                    else:
                        setattr(owner, name, original)


def _op_replacements():
    dispatchers = {
        op: _dispatcher(getattr(kernels.TABLE, op), function, NATIVE_TO[op], op) for op, function in RULES.items()
    }
    replacements = [(kernels.TABLE, op, dispatcher) for op, dispatcher in dispatchers.items()]
    replacements += [(module, name, dispatchers[op]) for module, name, op in _bound_at_import()]
    for op in dir(kernels.TABLE):
        if op.endswith("_") and not op.endswith("__") and op not in RULES:
            replacements.append((kernels.TABLE, op, _refusal(getattr(kernels.TABLE, op), op)))
    for owner, name, function, always, native_to in REPLACEMENTS:
        native = getattr(owner, name)
        stand_in = _switch(native, function) if always else _dispatcher(native, function, native_to)
        replacements.append((owner, name, stand_in))
    return replacements


#: Paddle's modules that took ops out of the table when they were imported, and call them by those names.
_BINDING = ("paddle.tensor", "paddle.nn.functional", "paddle.linalg", "paddle.special", "paddle.distribution")


def _bound_at_import():
    """(module, name, op) for each op of a rule that a module of Paddle's calls past the table."""
    ops = {id(getattr(kernels.TABLE, op)): op for op in RULES}
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(_BINDING):
            for name, value in list(vars(module).items()):
                if id(value) in ops:
                    yield module, name, ops[id(value)]


def _engine_replacements():
    return [
        (paddle, "grad", _guarded(_audited(paddle.grad))),
        (paddle.autograd, "backward", _guarded(paddle.autograd.backward, is_backward=True)),
        (paddle.Tensor, "backward", _guarded(paddle.Tensor.backward, is_backward=True)),
    ]


_op_table = _Patch(_op_replacements, version=lambda: (dict(RULES), dict(NATIVE_TO), list(REPLACEMENTS)))
_engine_guard = _Patch(_engine_replacements)


def _dispatcher(native, function, native_to, op=None):
    """What stands in for `native`: `function` where rules are on, a gradient is needed, and `native` does not reach as
    far as is wanted; `op` names a table's op."""
    positions = _positions_of(function)
    native_order, native_complex = native_to

    @functools.wraps(native)
    def dispatch(*args, **kwargs):
        order = here.orders.highest
        if not order or (order <= native_order and (native_complex or not _any_complex(args, kwargs))):
            return native(*args, **kwargs)
        if not (paddle.is_grad_enabled() and _any_requires_grad(args, kwargs)):
            return native(*args, **kwargs)
        if kwargs:
            kwargs = _own_keywords(kwargs, positions, op)
        if op is not None and autocast_is_on():
            args, kwargs = cast_operands(op, args, kwargs)
            with without_autocast():
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return dispatch


def _switch(native, function):
    """What stands in for `native`: `function` where rules are on."""

    @functools.wraps(native)
    def switched(*args, **kwargs):
        return (function if is_active() else native)(*args, **kwargs)

    return switched


#: Other names that Paddle's generated functions take for an argument.
_ALIASES = {
    "input": "x", "other": "y", "dim": "axis", "dims": "axis", "dim1": "axis1", "dim2": "axis2", "values": "value",
}  # fmt: skip


def _positions_of(function):
    try:
        return frozenset(inspect.signature(function).parameters)
    except ValueError:  # a builtin
        return frozenset()


def _own_keywords(kwargs, accepted, op):
    """The keywords that the rule knows, from those that Paddle's function lets through."""
    if kwargs.pop("out", None) is not None:
        raise NotTwiceDifferentiableError(f"{op}(out=...) has no derivative; use its result")
    if "name" not in accepted:
        kwargs.pop("name", None)
    return {key if key in accepted else _ALIASES.get(key, key): value for key, value in kwargs.items()}


def _refusal(native, op):
    def refuse(*args, **kwargs):
        # Filling a leaf, as an initializer does, is no part of a derivative.
        flowing = args[1:] if args and isinstance(args[0], paddle.Tensor) and args[0].is_leaf else args
        if is_active() and paddle.is_grad_enabled() and _any_requires_grad(flowing, kwargs):
            raise NotTwiceDifferentiableError(
                f"the in-place op {op!r} changes a tensor that a derivative may need, and Paddle's second derivative "
                f"of it can be wrong; use the out-of-place form, {op.rstrip('_')!r}, or put the call under "
                "paddle.no_grad() if no gradient has to flow through it"
            )
        return native(*args, **kwargs)

    return refuse


def _any_requires_grad(args, kwargs) -> bool:
    for arg in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(arg, paddle.Tensor):
            if requires_grad(arg):
                return True
        elif isinstance(arg, (list, tuple)) and any(isinstance(t, paddle.Tensor) and requires_grad(t) for t in arg):
            return True
    return False


def _any_complex(args, kwargs) -> bool:
    for arg in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(arg, paddle.Tensor) and arg.is_complex():
            return True
    return False


def _audited(grad):
    signature = inspect.signature(grad)

    @functools.wraps(grad)
    def audited_grad(*args, **kwargs):
        if not is_active():
            return grad(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        if not given.get("create_graph"):
            return grad(*args, **kwargs)
        if not getattr(_noted, "audited", False):
            audit(given["outputs"], given["inputs"])
        engine_leaves = getattr(_noted, "engine_leaves", None)
        if engine_leaves is None:
            return grad(*args, **kwargs)
        tensors = paddle.utils.flatten([given["outputs"], given["inputs"], given.get("grad_outputs")])
        before, _ = leaves_below(tensors)
        gradients = grad(*args, **kwargs)
        after, _ = leaves_below(gradients)
        engine_leaves.update({address: node for address, node in after.items() if address not in before})
        return gradients

    return audited_grad


_noted = threading.local()


def in_backward() -> bool:
    """Whether a ``backward()`` runs in this thread, and not ``paddle.grad``; known while the engine is guarded."""
    return getattr(_noted, "in_backward", False)


@contextmanager
def noting_engine_leaves(found: dict):
    """A context in which the leaves that Paddle's engine makes for itself in ``paddle.grad(..., create_graph=True)``
    go into `found`, by address: they look like a user's, but nobody wants a gradient there."""
    before = getattr(_noted, "engine_leaves", None)
    _noted.engine_leaves = found
    try:
        yield
    finally:
        _noted.engine_leaves = before


@contextmanager
def audited_already():
    """A context in which ``paddle.grad`` does not audit once more what its caller did."""
    _noted.audited = True
    try:
        yield
    finally:
        _noted.audited = False


def _guarded(engine, is_backward=False):
    @functools.wraps(engine)
    def guarded(*args, **kwargs):
        take_pending_error()
        grad_enabled, outside = paddle.is_grad_enabled(), in_backward()
        _noted.in_backward = is_backward
        try:
            return engine(*args, **kwargs)
        except Exception as error:
            if paddle.is_grad_enabled() != grad_enabled:
                paddle.set_grad_enabled(grad_enabled)
            pending = take_pending_error()
            if pending is not None and pending is not error:
                raise pending from None
            raise
        finally:
            _noted.in_backward = outside

    return guarded
