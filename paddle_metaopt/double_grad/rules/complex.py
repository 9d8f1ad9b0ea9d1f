"""Complex numbers, as pairs of real ones: Paddle's gradient for z = x + iy is d/dx + i d/dy.

So a map that is linear over the reals has the transpose of its real form, and the pullback of a holomorphic function
multiplies by the conjugate of its derivative. Paddle's own second derivatives of products forget that conjugate.
"""

from __future__ import annotations

import functools
import numbers

import paddle

from ..kernels import TABLE, native
from ..kinds import BilinearMap, linear_map
from ..order import ANY_ORDER
from ..primitive import with_pullback
from ..registry import NATIVE_TO, RULES, natively_exact, replaces, rule
from . import arithmetic, linear, special  # noqa: F401  what they register is for real numbers
from .shape import sum_to

natively_exact("AsComplex", "AsReal")


def _complex_rule(op):
    """Decorator: register the rule for complex operands beside that for real ones, or Paddle's own if there is none."""
    of_real = RULES.get(op, getattr(native, op))

    def register(function):
        @functools.wraps(function)
        def either(*args, **kwargs):
            if any(isinstance(arg, paddle.Tensor) and arg.is_complex() for arg in (*args, *kwargs.values())):
                return function(*args, **kwargs)
            return of_real(*args, **kwargs)

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


@rule("conj")
def conj(x):
    return linear_map(x, native.conj, native.conj) if x.is_complex() else x


@rule("angle")
def angle(x):
    if not x.is_complex():
        return with_pullback(lambda: native.angle(x), [x], lambda g: [paddle.zeros_like(x)])

    def pullback(g):
        re, im = real(x), imag(x)
        g = _quotient(g, re * re + im * im)
        return [from_parts(-im * g, re * g)]

    return with_pullback(lambda: native.angle(x), [x], pullback)


def _quotient(x, y):
    """x / y, and zero to any order where y is."""
    zero = (y == 0).astype(y.dtype)
    return x * (1.0 - zero) / (y + zero)


@_complex_rule("abs")
def absolute(x):
    with paddle.no_grad():
        value = native.abs(x.detach())
    return _absolute_known(x, value)


def _absolute_known(x, value):
    def pullback(g):
        g = _quotient(g, _absolute_known(x, value))
        return [from_parts(real(x) * g, imag(x) * g)]

    return with_pullback(value.detach, [x], pullback)


@_complex_rule("exp")
def exp(x):
    # Paddle's kernel has only the accuracy of float32, also for complex128.
    size, turn = paddle.exp(real(x)), imag(x)
    return from_parts(size * paddle.cos(turn), size * paddle.sin(turn))


@_complex_rule("multiply")
def multiply(x, y):
    x, y = as_complex_type(x), as_complex_type(y)
    x_shape, y_shape = x.shape, y.shape
    product = BilinearMap(
        native.multiply,
        lambda g, y: sum_to(native.multiply(g, native.conj(y)), x_shape),
        lambda x, g: sum_to(native.multiply(g, native.conj(x)), y_shape),
    )
    return product(x, y)


@_complex_rule("divide")
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
        return with_pullback(lambda: value(x, *options), [x], lambda g: [multiply(g, conj(slope(x, *options)))])

    return _complex_rule(op)(function)


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
        is_tensor = isinstance(other, paddle.Tensor)
        are_real = self.dtype not in _COMPLEX and (other.dtype if is_tensor else type(other)) not in _COMPLEX
        if are_real and isinstance(other, native_by):
            return native_operator(self, other)
        if not is_tensor:
            is_number = are_real and isinstance(other, numbers.Real)
            dtype = self.dtype if is_number else native_operator(self.detach(), other).dtype
            other = paddle.to_tensor(other, dtype)
        return getattr(TABLE, op)(*((other, self) if reflected else (self, other)))


_COMPLEX = frozenset({paddle.complex64, paddle.complex128, complex})

_operator("__mul__", "multiply")
_operator("__rmul__", "multiply", reflected=True)
_operator("__truediv__", "divide", native_by=numbers.Real)
_operator("__rtruediv__", "divide", reflected=True, native_by=())


def matmul(x, y):
    """The product of two matrices or batches of them, real or complex."""
    if not (x.is_complex() or y.is_complex()):
        return linear.matmul(x, y)
    x, y = as_complex_type(x), as_complex_type(y)
    x_shape, y_shape = x.shape, y.shape
    product = BilinearMap(
        lambda x, y: native.matmul(x, y, False, False),
        lambda g, y: sum_to(native.matmul(g, native.conj(y), False, True), x_shape),
        lambda x, g: sum_to(native.matmul(native.conj(x), g, True, False), y_shape),
    )
    return product(x, y)
