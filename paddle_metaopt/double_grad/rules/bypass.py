"""What goes past ``paddle._C_ops``, or is put together from ops in a way whose second derivative is wrong somewhere."""

from __future__ import annotations

import math
import numbers
import sys

import paddle
import paddle.nn.functional as F

from ...tensors import array_as_tensor
from .. import kernels
from ..graph import is_rule, node_of
from ..kinds import elementwise
from ..passes import heeded
from ..primitive import with_pullback
from ..registry import replaces
from .arithmetic import add
from .pointwise import aligned

Tensor = paddle.Tensor


def _operator(name, op, reflected=False):
    """The operator `name`, in C++ without a second derivative, by the op's rule."""
    native = getattr(Tensor, name)

    @replaces(Tensor, name)
    def operator(self, other):
        other = array_as_tensor(other)
        if not isinstance(other, Tensor):
            if not isinstance(other, numbers.Number):
                return native(self, other)
            other = as_tensor_beside(self, other)
        return getattr(kernels.TABLE, op)(*((other, self) if reflected else (self, other)))


def as_tensor_beside(tensor, number):
    """The number in the type of the tensor, complex if either is so."""
    dtype = tensor.dtype if isinstance(number, numbers.Real) else (tensor.detach() + number).dtype
    return paddle.full([], number, dtype)


_operator("__rpow__", "elementwise_pow", reflected=True)
_operator("__mod__", "remainder")
_operator("__rmod__", "remainder", reflected=True)

_native_plus = Tensor.__add__


@replaces(Tensor, "__add__", "__radd__", native_to=3)
def plus(x, y):
    """``x + y``."""
    if isinstance(y, numbers.Number) and not isinstance(y, numbers.Real):
        y = as_tensor_beside(x, y)
    return add(x, y) if isinstance(y, Tensor) else _native_plus(x, y)


_native_power = Tensor.__pow__


@replaces(Tensor, "__pow__")
def power(x, y):
    """``x ** y``."""
    y = array_as_tensor(y)
    if isinstance(y, numbers.Number) and not isinstance(y, numbers.Real):
        y = as_tensor_beside(x, y)
    if isinstance(y, Tensor):
        return kernels.TABLE.elementwise_pow(x, y)
    return kernels.TABLE.pow(x, float(y)) if isinstance(y, numbers.Real) else _native_power(x, y)


_native_logaddexp = paddle.logaddexp


@replaces(paddle, "logaddexp")
@replaces(Tensor, "logaddexp")
def logaddexp(x, y, name=None):
    """Paddle's has the wrong second derivative where x equals y."""
    x, y = aligned(x, y)

    def pullback(g):
        return [g * F.sigmoid(x - y), g * F.sigmoid(y - x)]

    return with_pullback(lambda: _native_logaddexp(x, y), [x, y], pullback)


_native_sinc = paddle.sinc


@replaces(paddle, "sinc")
@replaces(Tensor, "sinc")
def sinc(x, name=None):
    """Paddle's has the second derivative zero at zero, and an inaccurate one near there."""
    return elementwise(x, _native_sinc, _sinc_slope)


def _sinc_slope(x):
    near = paddle.abs(x) < 0.5
    square = paddle.square(paddle.where(near, x, paddle.zeros_like(x)) * math.pi)
    series = paddle.ones_like(x)
    for k in range(12, 1, -1):  # the terms (-1)^k 2k square^(k - 1) / (2k + 1)!, each by its ratio to the one before
        series = 1 - series * square * (k / ((k - 1) * 2 * k * (2 * k + 1)))
    far = paddle.where(near, paddle.ones_like(x), x) * math.pi
    quotient = (paddle.cos(far) - paddle.sin(far) / far) / far * math.pi
    return paddle.where(near, series * x * (-(math.pi**2) / 3), quotient)


#: By the names that ``nn.BatchNorm(act=...)`` looks up, with the defaults that they have there.
_LEGACY_ACTIVATIONS = {
    "celu": F.celu,
    "elu": F.elu,
    "gelu": F.gelu,
    "hard_shrink": F.hardshrink,
    "hard_sigmoid": lambda x: F.hardsigmoid(x, 0.2, 0.5),
    "hard_swish": F.hardswish,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.02),
    "logsigmoid": F.log_sigmoid,
    "log_softmax": F.log_softmax,
    "mish": F.mish,
    "relu": F.relu,
    "relu6": F.relu6,
    "selu": F.selu,
    "sigmoid": F.sigmoid,
    "silu": F.silu,
    "softmax": F.softmax,
    "softplus": F.softplus,
    "softshrink": F.softshrink,
    "softsign": F.softsign,
    "stanh": paddle.stanh,
    "swish": F.swish,
    "tanh": F.tanh,
    "tanh_shrink": F.tanhshrink,
    "thresholded_relu": F.thresholded_relu,
}


def _ignoring_attributes(function):
    return lambda x, *attributes: function(x)


for _name, _function in _LEGACY_ACTIVATIONS.items():
    if hasattr(kernels.LEGACY_TABLE, _name):
        replaces(kernels.LEGACY_TABLE, _name)(_ignoring_attributes(_function))


_native_register_hook = Tensor.register_hook


@replaces(Tensor, "register_hook", always=True)
def register_hook(self, hook):
    """A rule's output is a PyLayer's, for which Paddle takes no notice of what a hook returns."""
    node = node_of(self)
    return _native_register_hook(self, heeded(hook) if node is not None and is_rule(node) else hook)


# Recomputing goes through a PyLayer that paddle.grad cannot pass, let alone twice: the block is run as it stands.
_recompute = sys.modules["paddle.distributed.fleet.recompute.recompute"]


@replaces(_recompute.RecomputeFunction, "apply", always=True)
def run_block(function, preserve_rng_state, offload_indices, get_state, set_state, *args):
    return function(*args)


@replaces(_recompute, "_recompute_without_reentrant", always=True)
def run_block_without_reentrant(function, get_state, set_state, preserve_rng_state, *args, **kwargs):
    return function(*args, **kwargs)


# A compiled program has no second derivative, and runs on the weights that it was compiled with.
_static = sys.modules["paddle.jit.dy2static.program_translator"]


@replaces(_static.StaticFunction, "__call__", always=True)
def run_as_written(function, *args, **kwargs):
    return function.dygraph_function(*args, **kwargs)
