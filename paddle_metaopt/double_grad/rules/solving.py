"""Determinants, inverses and linear systems: each derivative by the solution, with one more solution."""

from __future__ import annotations

import paddle

from ..kernels import native
from ..primitive import with_pullback
from ..registry import rule
from .complex import conj, from_parts, imag, multiply, real
from .linear import matmul
from .matrices import adjoint, lower, one_by_output, product, scalar, transposed, upper
from .pointwise import in_one_type
from .shape import sum_to


@rule("inverse")
def inverse(x):
    with paddle.no_grad():
        value = native.inverse(x.detach())
    return one_by_output([x], value, lambda y, g: [-product(adjoint(y), g, adjoint(y))])


@rule("det")
def det(x):
    with paddle.no_grad():
        value = native.det(x.detach())
    return one_by_output([x], value, lambda d, g: [multiply(scalar(multiply(g, conj(d))), adjoint(inverse(x)))])


@rule("slogdet")
def slogdet(x):
    """The sign and the logarithm of the absolute value, stacked."""
    with paddle.no_grad():
        value = native.slogdet(x.detach())

    def pullback(y, g):
        to_sign, to_log = paddle.unbind(g)
        if x.is_complex():
            # The sign turns by the imaginary part of the logarithm of the determinant.
            turn = imag(multiply(to_sign, conj(paddle.unbind(y)[0])))
            to_log = from_parts(real(to_log), turn)
        return [multiply(scalar(to_log), adjoint(inverse(x)))]

    return one_by_output([x], value, pullback)


@rule("matrix_power")
def matrix_power(x, n):
    if n == 0:
        return with_pullback(lambda: native.matrix_power(x, 0), [x], lambda g: [paddle.zeros_like(x)])
    if n < 0:
        return matrix_power(inverse(x), -n)
    if n == 1:
        return paddle.assign(x)
    half = matrix_power(x, n // 2) if n > 3 else x
    square = matmul(half, half)
    return matmul(square, x) if n % 2 else square


@rule("solve")
def solve(x, y):
    if y.ndim == 1 or y.shape == x.shape[:-1]:
        return paddle.squeeze(_solve(x, paddle.unsqueeze(y, -1)), -1)
    return _solve(x, y)


def _solve(x, y):
    with paddle.no_grad():
        value = native.solve(x.detach(), y.detach())

    def pullback(solution, g):
        to_y = _solve(adjoint(x), g)
        return [sum_to(-matmul(to_y, adjoint(solution)), x.shape), sum_to(to_y, y.shape)]

    return one_by_output([x, y], value, pullback)


@rule("triangular_solve")
def triangular_solve(x, y, is_upper=True, transpose=False, unitriangular=False):
    with paddle.no_grad():
        value = native.triangular_solve(x.detach(), y.detach(), is_upper, transpose, unitriangular)
    triangle, diagonal = (upper if is_upper else lower), (0.0 if unitriangular else 1.0)

    def pullback(solution, g):
        to_y = triangular_solve(conj(x), g, is_upper, not transpose, unitriangular)
        to_x = -matmul(to_y, adjoint(solution))
        to_x = triangle(transposed(to_x) if transpose else to_x, diagonal)
        return [sum_to(to_x, x.shape), sum_to(to_y, y.shape)]

    return one_by_output([x, y], value, pullback)


@rule("cholesky_solve")
def cholesky_solve(y, factor, is_upper=False):
    with paddle.no_grad():
        value = native.cholesky_solve(y.detach(), factor.detach(), is_upper)
    triangle = upper if is_upper else lower

    def pullback(solution, g):
        to_y = cholesky_solve(g, factor, is_upper)
        to_matrix = -matmul(to_y, adjoint(solution))
        to_matrix, read = to_matrix + adjoint(to_matrix), triangle(factor)
        to_factor = triangle(matmul(read, to_matrix) if is_upper else matmul(to_matrix, read))
        return [sum_to(to_y, y.shape), sum_to(to_factor, factor.shape)]

    return one_by_output([y, factor], value, pullback)


@rule("lu_solve")
def lu_solve(y, lu, pivots, trans="N"):
    y, lu = in_one_type(y, lu)
    with paddle.no_grad():
        permutation = native.lu_unpack(lu.detach(), pivots, False, True)[0]
    if trans == "N":
        y = triangular_solve(lu, matmul(transposed(permutation), y), False, False, True)
        return triangular_solve(lu, y, True, False, False)
    lu = conj(lu) if trans == "C" else lu
    y = triangular_solve(lu, triangular_solve(lu, y, True, True, False), False, True, True)
    return matmul(permutation, y)
