"""What the sweep checks: a public function or layer of Paddle, its options, and the tensors it is applied to."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Callable, Iterator, NamedTuple, Sequence

import paddle

from paddle_metaopt.double_grad import ANY_ORDER
from paddle_metaopt.double_grad.testing import Derivatives, check_twice_differentiable


@dataclass(frozen=True)
class Case:
    """One function or layer with one choice of options.

    Made by `op` and `layer`. The first word of its name in a table of cases is the public name it covers, such as
    ``F.conv2d``, ``nn.LSTM``, ``paddle.cumsum``, ``linalg.det``, ``fft.rfft`` or ``Tensor.__getitem__``; the rest
    says what is special about it.
    """

    operands: tuple
    call: Callable
    make_layer: Callable | None = None

    def problem(self, seed: int = 1) -> Problem:
        """The tensors and the function of them, the same for the same seed."""
        paddle.seed(seed)
        tensors = [made(spec) for spec in self.operands]
        if self.make_layer is None:
            return Problem(_seeded(self.call), tensors, len(tensors))
        default = paddle.get_default_dtype()
        paddle.set_default_dtype("float64")
        try:
            net = self.make_layer()
        finally:
            paddle.set_default_dtype(default)
        weights = [parameter for parameter in net.parameters() if not parameter.stop_gradient]
        for weight in weights:
            weight.set_value(weight + 0.2 * paddle.randn(weight.shape, "float64"))
        buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}

        def forward(*operands):
            for name, buffer in net.named_buffers():
                buffer.set_value(buffers[name])
            return self.call(net, *operands[: len(tensors)])

        return Problem(_seeded(forward), tensors + weights, len(tensors), net)


    def changed_in_place(self) -> Case:
        """The case with each of its results changed in place."""

        def call(*operands):
            found = self.call(*operands)
            given = [id(t) for t in paddle.utils.flatten(operands) if isinstance(t, paddle.Tensor)]
            for result in paddle.utils.flatten(found):
                if isinstance(result, paddle.Tensor) and result.is_floating_point() and id(result) not in given:
                    result.scale_(1.7)
            return found

        return replace(self, call=call)


@dataclass
class Problem:
    """A function and the float64 tensors that it is a function of: first inputs, then a layer's weights, which it takes
    from the layer itself, `net`."""

    function: Callable
    tensors: list
    inputs: int
    net: paddle.nn.Layer | None = None

    def everything(self) -> tuple:
        """The choice in which all need a gradient."""
        return (tuple(range(len(self.tensors))),) * 2

    def choices(self) -> Iterator[tuple]:
        """(needing a gradient, of them in the inner gradient), as positions.

        All of them for up to three tensors. For more: all, the inputs, the weights, each one alone, all but each
        one, and each one in the inner gradient with all in the outer.
        """
        count = len(self.tensors)
        everything = tuple(range(count))
        if count <= 3:
            for size in range(1, count + 1):
                for needing in itertools.combinations(everything, size):
                    for inner_size in range(1, size + 1):
                        for inner in itertools.combinations(needing, inner_size):
                            yield needing, inner
            return
        yield everything, everything
        for part in (everything[: self.inputs], everything[self.inputs :]):
            if part and part != everything:
                yield part, part
                yield everything, part
        for position in everything:
            rest = tuple(other for other in everything if other != position)
            yield (position,), (position,)
            yield rest, rest
            yield everything, (position,)


def check_choice(
    problem: Problem,
    needing: Sequence[int],
    inner: Sequence[int],
    order: int = 2,
    wanted: float = ANY_ORDER,
    directions: int = 2,
) -> Derivatives:
    """`check_twice_differentiable` for one choice of a case's problem."""
    for position, tensor in enumerate(problem.tensors):
        tensor.stop_gradient = position not in needing
    return check_twice_differentiable(
        problem.function, problem.tensors, inner, order=order, wanted=wanted, directions=directions
    )


class Excluded(NamedTuple):
    """Why a public name has no case: it has no first derivative, or Paddle crashes; and a line that shows it."""

    reason: str
    line: str


def op(function: Callable, *operands) -> Case:
    """A case of ``function(*operands)``.

    Parameters
    ----------
    function : callable
        Returns a Tensor or nested sequences of them; only floating-point ones count.
    *operands : tuple of int, or callable
        What may need a gradient: shapes of normally distributed tensors, or makers such as ``positive(3, 4)``.
    """
    return Case(operands, function)


def layer(make: Callable, *operands, call: Callable = lambda net, *inputs: net(*inputs)) -> Case:
    """A case of the Layer that ``make()`` returns; its weights are operands too.

    Parameters
    ----------
    make : callable
        Called with float64 as the default type. Buffers are put back before each forward.
    *operands
        As for `op`.
    call : callable
        ``call(net, *inputs)``.
    """
    return Case(operands, call, make)


def normal(*shape: int) -> Callable:
    return lambda: paddle.randn(shape, "float64")


def uniform(*shape: int, low: float, high: float) -> Callable:
    return lambda: paddle.uniform(shape, "float64", low, high)


def positive(*shape: int) -> Callable:
    """Between 0.3 and 2."""
    return uniform(*shape, low=0.3, high=2.0)


def distribution(*shape: int) -> Callable:
    """Positive, with sum one along the last axis."""
    return lambda: paddle.nn.functional.softmax(paddle.randn(shape, "float64"), -1)


def spread(*shape: int, low: float = -2.0, high: float = 2.0) -> Callable:
    """Values in random order, evenly spaced and none at zero: for what has kinks, such as max pooling."""

    def make():
        count = math.prod(shape)
        return (paddle.randperm(count).astype("float64").reshape(shape) + 0.53) * ((high - low) / count) + low

    return make


def made(spec):
    """The tensor that an operand's shape or maker stands for."""
    return normal(*spec)() if isinstance(spec, tuple) else spec()


def _seeded(function):
    """Random ops draw the same in each call."""

    def run(*tensors):
        paddle.seed(7)
        return function(*tensors)

    return run
