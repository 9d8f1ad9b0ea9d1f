"""Derivatives against central finite differences in float64: what a rule of your own, or any gradient, is judged by."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np
import paddle

from .activity import ANY_ORDER
from .scope import activate


@dataclass
class Comparison:
    """Worst relative error over the directions, and how many directions crossed a kink and were drawn anew."""

    error: float
    redrawn: int


def compare_with_differences(
    value: Callable[[], float],
    gradients: Sequence,
    tensors: Sequence,
    directions: int = 5,
    steps: tuple = (2e-5, 1e-5),
    agreement: float = 2e-7,
    seed: int = 0,
) -> Comparison:
    """Compare a gradient with central differences of `value` along random directions.

    Parameters
    ----------
    value : callable
        Computes the function of `tensors`, a float, from their present values.
    gradients : sequence of Tensor, ndarray or None
        The claimed gradient for each tensor; None stands for zero.
    tensors : sequence of Tensor
        float64 or complex128; moved in place for the differences, in both parts, and put back.
    directions : int
        How many random directions, each over all tensors at once.
    steps : tuple of float
        Two step sizes. Where their differences disagree by more than `agreement` (relative), the direction crosses
        a kink, such as ReLU's, and is drawn anew.
    seed : int

    Returns
    -------
    Comparison
        The error is relative to the derivative along the direction, or to what is typical for a random direction
        where that is larger.

    Raises
    ------
    ValueError
        If a tensor is of another type, or four times as many directions were redrawn as asked for.
    """
    for tensor in tensors:
        if tensor.dtype not in (paddle.float64, paddle.complex128):
            raise ValueError(f"finite differences need float64 or complex128 tensors, got {tensor.dtype}")
    claimed = [np.zeros(t.shape) if g is None else np.asarray(g) for g, t in zip(gradients, tensors)]
    origin = [tensor.numpy().copy() for tensor in tensors]
    typical = np.sqrt(_inner(claimed, claimed) / sum(g.size for g in claimed))
    random = np.random.default_rng(seed)
    comparison = Comparison(0.0, 0)

    def difference(direction, step):
        values = []
        for sign in (1.0, -1.0):
            for tensor, start, along in zip(tensors, origin, direction):
                tensor.set_value(np.asarray(start + sign * step * along))
            values.append(float(value()))
        return (values[0] - values[1]) / (2 * step)

    try:
        done = 0
        while done < directions:
            direction = [_drawn(random, start) for start in origin]
            norm = np.sqrt(_inner(direction, direction))
            direction = [d / norm for d in direction]
            coarse, fine = (difference(direction, step) for step in steps)
            scale = max(abs(fine), typical, 1e-12)
            if abs(coarse - fine) > agreement * scale:
                comparison.redrawn += 1
                if comparison.redrawn > 4 * directions:
                    raise ValueError("the function has too many kinks here, or is not deterministic")
                continue
            slope = _inner(claimed, direction)
            error = abs(slope - fine) / scale
            comparison.error = max(comparison.error, error if math.isfinite(error) else math.inf)
            done += 1
    finally:
        for tensor, start in zip(tensors, origin):
            tensor.set_value(start)
    return comparison


def _drawn(random, like):
    parts = [random.standard_normal(like.shape) for _ in range(2 if np.iscomplexobj(like) else 1)]
    return np.asarray(parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1])


def _inner(first, second) -> float:
    """The inner product, of all parts."""
    return sum(float((np.conj(a) * b).real.sum()) for a, b in zip(first, second))


@dataclass
class Derivatives:
    """How far the first and the second derivative are from differences."""

    first: Comparison
    second: Comparison

    @property
    def error(self) -> float:
        return max(self.first.error, self.second.error)


@contextmanager
def rules_for(order: float):
    """A context in which derivatives of this order are wanted; with a low one, Paddle's own nodes are kept."""
    release = activate(order)
    try:
        yield
    finally:
        release()


def gradient_of(function: Callable, wanted: float = ANY_ORDER) -> Callable:
    """The gradient of ``function(*tensors)`` for those tensors that need one, in a weighting that is not linear.

    It is a function too, whose second derivative is the third of `function`. `wanted` is the order that the rules
    are switched on for.
    """
    sizes = []

    def gradient(*tensors):
        live = [tensor for tensor in tensors if not tensor.stop_gradient]
        with paddle.enable_grad(), rules_for(wanted):  # differences are taken without either
            outputs = [y for y in paddle.utils.flatten(function(*tensors)) if _is_floating(y) and not y.stop_gradient]
            nothing = [0.0 * tensor for tensor in live]
            if not outputs:
                return nothing
            if not sizes:
                sizes.extend(float(y.abs().max()) or 1.0 for y in outputs)
            weighted = sum(_weighted(y / size) for y, size in zip(outputs, sizes))
            gradients = paddle.grad(weighted, live, create_graph=True, allow_unused=True)
            return [zero if g is None else zero + g for g, zero in zip(gradients, nothing)]

    return gradient


def _weighted(y):
    weights = paddle.cos(paddle.arange(y.size, dtype=y.dtype)).reshape(y.shape)
    return (weights * (y + 0.5 * y * y)).sum()


def check_twice_differentiable(
    function: Callable,
    tensors: Sequence,
    wrt: Sequence[int],
    seed: int = 0,
    order: int = 2,
    wanted: float = ANY_ORDER,
    directions: int = 5,
) -> Derivatives:
    """Compare the first and second derivatives of a rule with differences.

    Parameters
    ----------
    function : callable
        ``function(*tensors)`` gives a Tensor of any shape, or nested sequences of them, by public Paddle functions;
        a random but fixed weighting of what is floating-point makes it a scalar.
    tensors : sequence of Tensor
        float64; those that need a gradient have ``stop_gradient=False``.
    wrt : sequence of int
        Positions of the tensors that the inner gradient is taken for; the outer one is for all that need one.
    seed : int
    order : int
        For a larger one than 2, the derivatives of that order and of the one below it are compared instead.
    wanted : int or ANY_ORDER
        The order that the rules are switched on for.
    directions : int
        How many random directions, for each of the two.

    Returns
    -------
    Derivatives
        Its ``error`` is the larger of the two relative errors; of a right rule it is below 1e-6.
    """
    for _ in range(order - 2):
        function = gradient_of(function, wanted)
    random = np.random.default_rng(seed)
    inner = [tensors[position] for position in wrt]
    outer = [tensor for tensor in tensors if not tensor.stop_gradient]
    weightings = []

    def scalar():
        outputs = [y for y in paddle.utils.flatten(function(*tensors)) if _is_floating(y)]
        if not weightings:
            weightings.extend(paddle.to_tensor(random.standard_normal(y.shape), "float64") for y in outputs)
        # Not linear in y, so that the cotangent depends on the tensors too.
        return sum(paddle.sum(weighting * (y + 0.5 * y * y)) for weighting, y in zip(weightings, outputs))

    def inner_gradients(create_graph):
        with rules_for(wanted):
            return paddle.grad(scalar(), inner, create_graph=create_graph, allow_unused=True)

    probes = [paddle.to_tensor(random.standard_normal(t.shape), "float64") for t in inner]

    def along_probes():
        gradients = inner_gradients(create_graph=False)
        return sum(float((g * v).sum()) for g, v in zip(gradients, probes) if g is not None)

    def value():
        with paddle.no_grad():
            return float(scalar())

    def compared(value, gradients, tensors):
        return compare_with_differences(value, gradients, tensors, directions, seed=seed)

    first = compared(value, inner_gradients(create_graph=False), inner)
    gradients = inner_gradients(create_graph=True)
    product = sum((g * v).sum() for g, v in zip(gradients, probes) if g is not None and not g.stop_gradient)
    hessian = [None] * len(outer)
    if isinstance(product, paddle.Tensor):
        hessian = paddle.grad(product, outer, allow_unused=True)
    with rules_for(wanted):  # to switch them on for each value would take as long as the values
        return Derivatives(first, compared(along_probes, hessian, outer))


def _is_floating(value) -> bool:
    return isinstance(value, paddle.Tensor) and value.is_floating_point()
