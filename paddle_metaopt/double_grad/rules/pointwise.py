"""How an op on each element of a tensor becomes a rule: what is constant between its kinks decides.

Paddle's fused first-gradient kernels are kept: they hold its conventions at kinks and its care at the ends of the
range of floats.
"""

from __future__ import annotations

import ctypes
import functools
import inspect
from typing import Callable

import paddle

from .. import kernels
from ..kinds import elementwise, linear_map, times_conjugate
from ..primitive import with_pullback
from ..registry import rule


def in_float32(option):
    """An op's option as Paddle keeps it, whatever the type of the tensors."""
    return ctypes.c_float(option).value if isinstance(option, float) else option


def in_float32_before_3_3(option):
    """An option of softplus or logit as Paddle keeps it."""
    return in_float32(option) if _softplus_rounds() else option


@functools.lru_cache(maxsize=None)
def _softplus_rounds() -> bool:
    one = paddle.ones([1], "float64")
    given, rounded = (kernels.native.softplus(one, beta, 20.0).item() for beta in (0.3, in_float32(0.3)))
    return given == rounded


def smooth(
    op: str, fused: Callable | str | None = "<op>_grad", native_to: int = 0, kept: Callable = in_float32
) -> Callable:
    """Decorator: register the rule of the smooth op whose derivative the decorated function computes.

    Parameters
    ----------
    op : str
    fused : callable or str, optional
        What computes the slope times g from ``(x, g, *options)`` where no further derivative is wanted, or the name
        of the kernel of Paddle's that does.
    native_to : int
        As for `rule`.
    kept : callable
        Gives an option as Paddle keeps it.

    The decorated ``slope(x, *options)`` is made of differentiable ops, and has the op's options and their defaults.
    """

    def register(slope):
        signature = inspect.signature(slope)
        option_count = len(signature.parameters) - 1
        value = getattr(kernels.native, op)
        gradient = getattr(kernels.native, fused.replace("<op>", op)) if isinstance(fused, str) else fused

        @rule(op, native_to=native_to)
        def function(x, *options, **named):
            # Layers may pass a name after the options.
            bound = signature.bind(x, *options[:option_count], **named)
            bound.apply_defaults()
            options = list(map(kept, bound.args[1:]))
            return elementwise(
                x,
                lambda x: value(x, *options),
                lambda x: slope(x, *options),
                (lambda x, g: gradient(x, g, *options)) if gradient else None,
            )

        return slope

    return register


def smooth_by_output(op: str, native_to: int = 0) -> Callable:
    """Decorator: register the rule of the smooth op whose derivative, ``slope(y)``, the decorated function computes
    from its value y by differentiable ops, and the kernel ``<op>_grad`` from y and g.

    Parameters
    ----------
    op : str
    native_to : int
        As for `rule`.
    """

    def register(slope):
        value, gradient = getattr(kernels.native, op), getattr(kernels.native, f"{op}_grad")

        @rule(op, native_to=native_to)
        def function(x, name=None):  # layers may pass one
            with paddle.no_grad():
                y = value(x.detach())
            return known(x, y)

        def known(x, y):
            def pullback(g):
                if not y.is_complex() and not paddle.is_grad_enabled():
                    return [gradient(y, g)]
                return [times_conjugate(g, slope(known(x, y)))]

            # A new tensor each time: the node must not hold the one that it returned.
            return with_pullback(y.detach, [x], pullback)

        return slope

    return register


def piecewise_linear(*ops: str, by_output: bool = False, native_to: int = 0) -> None:
    """Register the rules of ops that are linear between kinks: the derivative is the same kernel to any order.

    Parameters
    ----------
    *ops : str
    by_output : bool
        Whether the kernel ``<op>_grad`` has to be given the op's output in place of its input.
    native_to : int
        As for `rule`.
    """
    for op in ops:
        value, gradient = getattr(kernels.native, op), getattr(kernels.native, f"{op}_grad")
        rule(op, native_to=native_to, native_complex=True)(_piecewise_linear(value, gradient, by_output))


def _piecewise_linear(value, gradient, by_output):
    def function(x, *options):
        known = x
        if by_output:
            with paddle.no_grad():
                known = value(x.detach(), *options)

        def masked(t):
            return gradient(known, t, *options)

        def pullback(g):
            return [linear_map(g, masked, masked) if paddle.is_grad_enabled() else masked(g)]

        return with_pullback(known.detach if by_output else lambda: value(x, *options), [x], pullback)

    return function


def constant_between_jumps(*ops: str) -> None:
    """Register the rules of ops whose derivative is zero."""
    for op in ops:
        rule(op)(_constant_between_jumps(getattr(kernels.native, op)))


def _constant_between_jumps(value):
    def function(x, *options, **named):
        return with_pullback(lambda: value(x, *options, **named), [x], lambda g: [paddle.zeros_like(g)])

    return function


def piecewise_linear_in_both(*ops: str) -> None:
    """Register the rules of ops of two tensors that are linear in both between kinks, such as fmax."""
    for op in ops:
        rule(op)(_piecewise_linear_in_both(getattr(kernels.native, op), getattr(kernels.native, f"{op}_grad")))


def _piecewise_linear_in_both(value, gradient):
    def function(x, y):
        if x.dtype != y.dtype:  # some of these ops promote as operators do, some take a number for an array
            with paddle.no_grad():
                dtype = value(x, y).dtype
            x, y = x.astype(dtype), y.astype(dtype)
        x, y = aligned(x, y)
        x_value, y_value = x.detach(), y.detach()

        def pullback(g):
            if not paddle.is_grad_enabled():
                return list(gradient(x_value, y_value, g))
            with paddle.no_grad():
                slopes = gradient(x_value, y_value, paddle.ones_like(g))
            return [g * slope for slope in slopes]

        return with_pullback(lambda: value(x, y), [x, y], pullback)

    return function


def in_one_type(*tensors):
    """The tensors in the type that Paddle's operators promote them to."""
    if len({tensor.dtype for tensor in tensors}) == 1:
        return tensors
    # A single number yields to an array of numbers.
    dtype = sum(paddle.zeros([1] * min(tensor.ndim, 1), tensor.dtype) for tensor in tensors).dtype
    return [tensor.astype(dtype) for tensor in tensors]


def aligned(*tensors):
    """The tensors in one type and shape, as Paddle's operators promote and broadcast them."""
    tensors = in_one_type(*tensors)
    shape = []
    for tensor in tensors:
        shape = paddle.broadcast_shape(shape, tensor.shape)
    return [tensor if tensor.shape == shape else paddle.expand(tensor, shape) for tensor in tensors]
