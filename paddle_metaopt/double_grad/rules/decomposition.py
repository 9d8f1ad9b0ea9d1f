"""Factorizations, by their factors: the derivative is a closed form in them.

Where factors are not unique, as the phase of an eigenvector, the derivative is right for every function that does not
depend on the choice; for others it is the one that keeps the choice as still as possible.
"""

from __future__ import annotations

import paddle

from ..kernels import native
from ..registry import rule
from .complex import conj, divide, multiply, real
from .linear import matmul
from .matrices import (
    adjoint,
    by_output,
    columns,
    diagonal_matrix,
    filled,
    gaps,
    lower,
    off_diagonal,
    one_by_output,
    product,
    rows,
    upper,
)
from .shape import concat
from .solving import inverse, triangular_solve


@rule("cholesky")
def cholesky(x, is_upper=False):
    with paddle.no_grad():
        value = native.cholesky(x.detach(), is_upper)

    def pullback(factor, g):
        if is_upper:
            factor, g = adjoint(factor), adjoint(g)
        inner = lower(matmul(adjoint(factor), lower(g)), 0.5)
        gradient = _left_quotient(factor, adjoint(_left_quotient(factor, inner)))
        return [(gradient + adjoint(gradient)) * 0.5]

    return one_by_output([x], value, pullback)


def _left_quotient(factor, x):
    """L^-H x for a lower triangular L."""
    return triangular_solve(conj(factor), x, False, True, False)


@rule("qr")
def qr(x, mode="reduced"):
    with paddle.no_grad():
        values = native.qr(x.detach(), "reduced" if mode == "r" else mode)
    return by_output([x], values, lambda factors, cotangents: [_qr_gradient(x, factors, filled(cotangents, factors))])


def _qr_gradient(x, factors, cotangents):
    (q, r), (to_q, to_r) = factors, cotangents
    height, width = x.shape[-2:]
    size = min(height, width)
    if q.shape[-1] > size:
        q, to_q = _without_complement(q, to_q, size)
        r, to_r = rows(r, 0, size), rows(to_r, 0, size)
    if width <= height:
        return _tall_qr_gradient(q, r, to_q, to_r)
    # Only the first columns are factorized; the others are Q times the rest of R.
    to_rest = columns(to_r, size, width)
    to_q = to_q + matmul(columns(x, size, width), adjoint(to_rest))
    first = _tall_qr_gradient(q, columns(r, 0, size), to_q, columns(to_r, 0, size))
    return concat([first, matmul(q, to_rest)], -1)


def _tall_qr_gradient(q, r, to_q, to_r):
    inner = lower(matmul(r, adjoint(to_r)) - matmul(adjoint(to_q), q), 0.5)
    gradient = to_q + matmul(q, inner + adjoint(inner))
    return adjoint(triangular_solve(r, adjoint(gradient), True, False, False))


def _without_complement(basis, cotangent, size):
    """The first columns of an orthonormal basis; what is asked of the others is asked of these, which they follow."""
    first, others = columns(basis, 0, size), columns(basis, size, basis.shape[-1])
    to_first, to_others = columns(cotangent, 0, size), columns(cotangent, size, basis.shape[-1])
    return first, to_first - product(others, adjoint(to_others), first)


@rule("svd")
def svd(x, full_matrices=False):
    with paddle.no_grad():
        values = native.svd(x.detach(), full_matrices)
    return by_output([x], values, lambda factors, cotangents: [_svd_gradient(factors, cotangents)])


@rule("svdvals")
def svdvals(x):
    return svd(x)[1]


def _svd_gradient(factors, cotangents):
    u, s, vh = factors
    size = s.shape[-1]
    if cotangents[0] is None and cotangents[2] is None:  # then singular values may coincide
        return product(columns(u, 0, size), diagonal_matrix(cotangents[1]), rows(vh, 0, size))
    to_u, to_s, to_vh = filled(cotangents, factors)
    u, to_u = _without_complement(u, to_u, size)
    v, to_v = _without_complement(adjoint(vh), adjoint(to_vh), size)
    vh, in_columns = adjoint(v), paddle.unsqueeze(s, -2)
    turn_u, turn_v = _skew(matmul(adjoint(u), to_u)), _skew(matmul(adjoint(v), to_v))
    squared_gaps = gaps(s * s)
    core = diagonal_matrix(to_s) + multiply(divide(off_diagonal(turn_u), squared_gaps), in_columns)
    core = core + multiply(divide(off_diagonal(turn_v), squared_gaps), paddle.unsqueeze(s, -1))
    if u.is_complex():
        core = core + divide(turn_u - off_diagonal(turn_u), 2.0 * in_columns)
    gradient = product(u, core, vh)
    if u.shape[-2] > size:
        gradient = gradient + matmul(divide(to_u - product(u, adjoint(u), to_u), in_columns), vh)
    if v.shape[-2] > size:
        gradient = gradient + matmul(u, adjoint(divide(to_v - product(v, vh, to_v), in_columns)))
    return gradient


def _skew(x):
    return x - adjoint(x)


@rule("eigh")
def eigh(x, uplo="L"):
    with paddle.no_grad():
        values = native.eigh(x.detach(), uplo)
    return by_output([x], values, lambda outputs, cotangents: [_eigh_gradient(*outputs, *cotangents)])


@rule("eigvalsh")
def eigvalsh(x, uplo="L", is_test=False):
    return eigh(x, uplo)


def _eigh_gradient(w, v, to_w, to_v):
    core = diagonal_matrix(paddle.zeros_like(w) if to_w is None else to_w)
    if to_v is not None:  # else eigenvalues may coincide
        core = core + divide(off_diagonal(matmul(adjoint(v), to_v)), gaps(w))
    return product(v, core, adjoint(v))


@rule("eig")
def eig(x):
    with paddle.no_grad():
        values = native.eig(x.detach())

    def pullback(outputs, cotangents):
        gradient = _eig_gradient(*outputs, *cotangents)
        return [gradient if x.is_complex() else real(gradient)]

    return by_output([x], values, pullback)


@rule("eigvals")
def eigvals(x):
    return eig(x)[0]


def _eig_gradient(w, v, to_w, to_v):
    vh = adjoint(v)
    core = diagonal_matrix(paddle.zeros_like(w) if to_w is None else to_w)
    if to_v is not None:  # else eigenvalues may coincide
        inner = matmul(vh, to_v)
        lengths = paddle.sum(real(inner - off_diagonal(inner)), -2, keepdim=True)  # of the eigenvectors: they stay one
        inner = inner - matmul(vh, multiply(v, lengths))
        core = core + divide(off_diagonal(inner), conj(gaps(w)))
    return product(inverse(vh), core, vh)


@rule("lu")
def lu(x, pivot=True):
    with paddle.no_grad():
        packed, pivots, info = native.lu(x.detach(), pivot)
        permutation = native.lu_unpack(packed, pivots, False, True)[0]

    def pullback(factors, g):
        return [matmul(permutation, _lu_gradient(factors, g))]

    return one_by_output([x], packed, pullback), pivots, info


def _lu_gradient(packed, g):
    """With respect to the matrix whose rows are in pivoted order."""
    height, width = packed.shape[-2:]
    size = min(height, width)
    square = columns(rows(packed, 0, size), 0, size)
    to_square = columns(rows(g, 0, size), 0, size)
    to_l, to_u = lower(to_square, 0.0), upper(to_square)
    rest = None
    if height > size:
        rest = _right_quotient(rows(g, size, height), square)
        to_u = to_u - upper(matmul(adjoint(rows(packed, size, height)), rest))
    elif width > size:
        rest = _unit_left_quotient(square, columns(g, size, width))
        to_l = to_l - lower(matmul(rest, adjoint(columns(packed, size, width))), 0.0)
    core = lower(to_l + matmul(adjoint(lower(square, 0.0)), to_l), 0.0) + upper(matmul(to_u, adjoint(upper(square))))
    gradient = _right_quotient(_unit_left_quotient(square, core), square)
    return gradient if rest is None else concat([gradient, rest], -2 if height > size else -1)


def _unit_left_quotient(packed, x):
    """L^-H x"""
    return triangular_solve(conj(packed), x, False, True, True)


def _right_quotient(x, packed):
    """x U^-H"""
    return adjoint(triangular_solve(packed, adjoint(x), True, False, False))


@rule("lu_unpack")
def lu_unpack(packed, pivots, unpack_ludata=True, unpack_pivots=True):
    with paddle.no_grad():
        unpacked = native.lu_unpack(packed.detach(), pivots, unpack_ludata, unpack_pivots)
    if not unpack_ludata:
        return unpacked
    height, size = packed.shape[-2], min(packed.shape[-2:])
    unit_lower = lower(columns(packed, 0, size), 0.0) + paddle.eye(height, size, dtype=packed.dtype)
    return unpacked[0], unit_lower, upper(rows(packed, 0, size))
