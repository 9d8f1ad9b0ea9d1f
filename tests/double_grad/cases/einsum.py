"""Every form of einsum: products, transposes, sums, diagonals, an ellipsis, broadcasting, many operands."""

from __future__ import annotations

import paddle

from .case import op


def einsum(equation):
    return lambda *operands: paddle.einsum(equation, *operands)


FORMS = {
    "ij->ji": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->i": [(2, 3)],
    "ii": [(3, 3)],
    "ii->i": [(3, 3)],
    "jii->ij": [(2, 3, 3)],
    "iji->j": [(3, 2, 3)],
    "...ij->...ji": [(2, 2, 3)],
    "i,i->": [(3,), (3,)],
    "i,i->i": [(3,), (3,)],
    "i,j->ij": [(3,), (2,)],
    "ij,jk": [(2, 3), (3, 2)],
    "ij,jk->ki": [(2, 3), (3, 2)],
    "ij,kj->ik": [(2, 3), (2, 3)],
    "ij,ij->": [(2, 3), (2, 3)],
    "ij,j->i": [(2, 3), (3,)],
    "ij,kl->ijkl": [(2, 2), (2, 3)],
    "ij,kl->": [(2, 2), (2, 3)],
    "ii,ij->j": [(3, 3), (3, 2)],
    "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)],
    "bhqd,bhkd->bhqk": [(2, 2, 3, 2), (2, 2, 2, 2)],
    "bqhd,bkhd->bhqk": [(1, 2, 2, 3), (1, 3, 2, 3)],
    "...ij,...jk->...ik": [(2, 2, 3), (2, 3, 2)],
    "...ij,jk->...ik": [(2, 2, 3), (3, 2)],
    "...ij,...j->...i": [(3, 2, 3), (1, 3)],
    "i...,i...->...": [(3, 2), (3, 2)],
    "ij,jk,kl->il": [(2, 3), (3, 2), (2, 2)],
    "bi,oij,bj->bo": [(2, 2), (3, 2, 3), (2, 3)],
    "i,i,i->i": [(3,), (3,), (3,)],
    "...i,ij,...j->...": [(2, 2), (2, 3), (2, 3)],
}

CASES = {f"paddle.einsum {form}": op(einsum(form), *shapes) for form, shapes in FORMS.items()}
