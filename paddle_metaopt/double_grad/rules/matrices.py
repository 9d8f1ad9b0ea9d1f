"""What the rules of linear algebra share; everything is for batches of matrices, real or complex."""

from __future__ import annotations

import paddle

from ..primitive import with_pullback
from .complex import conj, multiply
from .linear import matmul


def by_output(operands, values, pullback):
    """The known `values` of an op, with a derivative written in terms of them.

    ``pullback(outputs, cotangents)`` gets the outputs attached to the operands, by this function again: so what it
    returns can be differentiated to any order. An unused output's cotangent is None.
    """
    # New tensors each time: a node must not hold what it returned.
    return with_pullback(
        lambda: [value.detach() for value in values],
        operands,
        lambda *cotangents: pullback(by_output(operands, values, pullback), cotangents),
    )


def one_by_output(operands, value, pullback):
    """`by_output` for a single output: ``pullback(output, cotangent)``."""
    (output,) = by_output(operands, [value], lambda outputs, cotangents: pullback(outputs[0], cotangents[0]))
    return output


def filled(cotangents, outputs):
    """The cotangents, with zeros for None."""
    return [paddle.zeros_like(y) if g is None else g for g, y in zip(cotangents, outputs)]


def transposed(x):
    return paddle.transpose(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


def adjoint(x):
    return conj(transposed(x))


def product(first, *others):
    for other in others:
        first = matmul(first, other)
    return first


def rows(x, start, end):
    return paddle.slice(x, [x.ndim - 2], [start], [end])


def columns(x, start, end):
    return paddle.slice(x, [x.ndim - 1], [start], [end])


def scalar(x):
    """One number for each matrix, to multiply the matrices by."""
    return paddle.reshape(x, [*x.shape, 1, 1])


def diagonal_matrix(x):
    """Square matrices with the vectors `x` on the diagonal."""
    return multiply(paddle.unsqueeze(x, -1), identity(x.shape[-1], x))


def identity(size, like):
    return paddle.eye(size, dtype=like.dtype)


def off_diagonal(x):
    return multiply(x, 1.0 - identity(x.shape[-1], x))


def gaps(x):
    """x_j - x_i at (i, j), and one on the diagonal."""
    return paddle.unsqueeze(x, -2) - paddle.unsqueeze(x, -1) + identity(x.shape[-1], x)


def lower(x, diagonal=1.0):
    """The lower triangle of x, with the diagonal multiplied by a constant."""
    mask = paddle.tril(paddle.ones(x.shape[-2:], x.dtype), -1)
    return multiply(x, mask + diagonal * paddle.eye(*x.shape[-2:], dtype=x.dtype))


def upper(x, diagonal=1.0):
    """The upper triangle of x, with the diagonal multiplied by a constant."""
    return transposed(lower(transposed(x), diagonal))
