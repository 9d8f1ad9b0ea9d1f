"""Complex numbers, as pairs of real ones: Paddle's gradient for z = x + iy is d/dx + i d/dy.

So a map that is linear over the reals has the transpose of its real form, and the pullback of a holomorphic function
multiplies by the conjugate of its derivative. Paddle's own second derivatives of products forget that conjugate.
"""

from __future__ import annotations

import functools
import numbers

import numpy as np
import paddle

from ...tensors import is_complex_tensor
from ..activity import ANY_ORDER
from ..kernels import TABLE, native
from ..kinds import BilinearMap, elementwise, linear_map
from ..primitive import with_pullback
from ..registry import NATIVE_TO, RULES, replaces, rule
from . import arithmetic, special  # noqa: F401  what they register is for real numbers
from .shape import sum_to


def for_complex(op):
    """Decorator: register the rule for complex operands of an op; real ones keep the rule that it has, or Paddle's own
    derivatives."""
    for_real = RULES.get(op) or getattr(native, op)

    def register(function):
        @functools.wraps(function)
        def either(*args, **kwargs):
            if any(map(is_complex_tensor, (*args, *kwargs.values()))):
                return function(*args, **kwargs)
            return for_real(*args, **kwargs)

        return rule(op, native_to=NATIVE_TO.get(op, (ANY_ORDER, False))[0])(either)

    return register


@rule("real")
def real(x):
    return linear_map(x, native.real, _as_real_part)


def _as_real_part(x):
    return native.complex(x, paddle.zeros_like(x))


@rule("imag")
def imag(x):
    return linear_map(x, native.imag, lambda g: native.complex(paddle.zeros_like(g), g))


@rule("complex")
def from_parts(x, y):
    def pullback(g):
        return [sum_to(real(g), x.shape), sum_to(imag(g), y.shape)]

    return with_pullback(lambda: native.complex(x, y), [x, y], pullback)


def as_complex_type(x):
    """x, complex if it is not so already."""
    return x if x.is_complex() else linear_map(x, _as_real_part, native.real)


@rule("as_complex")
def as_complex(x):
    return linear_map(x, _pairs_as_complex, _complex_as_pairs)


@rule("as_real")
def as_real(x):
    return linear_map(x, _complex_as_pairs, _pairs_as_complex)


def _pairs_as_complex(pairs):
    # In memory of its own: a view that begins half-way between two complex numbers ends the process in a product.
    return native.as_complex(native.assign(pairs))


def _complex_as_pairs(x):
    return native.as_real(native.assign(x))


@rule("conj")
def conj(x):
    return linear_map(x, native.conj, native.conj) if x.is_complex() else x


@rule("angle")
def angle(x):
    if not x.is_complex():
        return with_pullback(lambda: native.angle(x), [x], lambda g: [paddle.zeros_like(x)])

    def pullback(g):
        re, im = real(x), imag(x)
        g = quotient(g, re * re + im * im)
        return [from_parts(-im * g, re * g)]

    return with_pullback(lambda: native.angle(x), [x], pullback)


def quotient(x, y):
    """x / y, and zero to any order where y is."""
    zero = (y == 0).astype(y.dtype)
    return x * (1.0 - zero) / (y + zero)


@for_complex("abs")
def absolute(x):
    with paddle.no_grad():
        value = native.abs(x.detach())
    return _absolute_known(x, value)


def _absolute_known(x, value):
    def pullback(g):
        g = quotient(g, _absolute_known(x, value))
        return [from_parts(real(x) * g, imag(x) * g)]

    return with_pullback(value.detach, [x], pullback)


@for_complex("exp")
def exp(x):
    # Paddle's kernel has only the accuracy of float32, also for complex128.
    size, turn = paddle.exp(real(x)), imag(x)
    return from_parts(size * paddle.cos(turn), size * paddle.sin(turn))


@for_complex("multiply")
def multiply(x, y):
    x, y = as_complex_type(x), as_complex_type(y)
    x_shape, y_shape = x.shape, y.shape
    product = BilinearMap(
        native.multiply,
        lambda g, y: sum_to(native.multiply(g, native.conj(y)), x_shape),
        lambda x, g: sum_to(native.multiply(g, native.conj(x)), y_shape),
    )
    return product(x, y)


@for_complex("divide")
def divide(x, y):
    x, y = as_complex_type(x), as_complex_type(y)

    def pullback(g):
        to_x = divide(g, conj(y))
        return [sum_to(to_x, x.shape), sum_to(-multiply(to_x, conj(divide(x, y))), y.shape)]

    return with_pullback(lambda: native.divide(x, y), [x, y], pullback)


def _holomorphic(op, slope):
    """The rule of an op of each element whose complex derivative is ``slope(x, *options)``."""
    value = getattr(native, op)

    def function(x, *options):
        return elementwise(x, lambda x: value(x, *options), lambda x: slope(x, *options))

    return for_complex(op)(function)


cos = _holomorphic("cos", lambda x: -sin(x))
sin = _holomorphic("sin", lambda x: cos(x))
log = _holomorphic("log", lambda x: divide(paddle.ones_like(x), x))
power = _holomorphic("pow", lambda x, exponent: power(x, exponent - 1) * exponent)
sqrt = _holomorphic("sqrt", lambda x: divide(paddle.full_like(x, 0.5), sqrt(x)))
square = _holomorphic("square", lambda x: x * 2.0)
tanh = _holomorphic("tanh", lambda x: 1.0 - square(tanh(x)))


def _operator(name, op, reflected=False, native_by=object):
    """The operator `name`, which goes to C++ past the table, by the op's rule; Paddle's own where real numbers are
    multiplied, or divided, by an instance of `native_by`."""
    native_operator = getattr(paddle.Tensor, name)

    @replaces(paddle.Tensor, name)
    def operator(self, other):
        are_real = not (is_complex_tensor(self) or _is_complex(other))
        if are_real and isinstance(other, native_by):
            return native_operator(self, other)
        if not isinstance(other, paddle.Tensor):
            is_number = are_real and isinstance(other, numbers.Real)
            other = paddle.to_tensor(other, self.dtype if is_number else native_operator(self.detach(), other).dtype)
        return getattr(TABLE, op)(*((other, self) if reflected else (self, other)))


def _is_complex(operand):
    if isinstance(operand, paddle.Tensor):
        return is_complex_tensor(operand)
    return type(operand) not in (int, float) and np.iscomplexobj(operand)


_operator("__mul__", "multiply")
_operator("__rmul__", "multiply", reflected=True)
_operator("__truediv__", "divide", native_by=numbers.Real)
_operator("__rtruediv__", "divide", reflected=True, native_by=())
_operator("__div__", "divide", native_by=numbers.Real)
_operator("__rdiv__", "divide", reflected=True, native_by=())
