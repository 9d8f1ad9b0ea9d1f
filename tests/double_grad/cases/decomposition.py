from __future__ import annotations

import paddle
from paddle import linalg

from .case import Excluded, normal, op, positive


def _regular(*shape):
    """Well away from singular, with distinct eigenvalues and singular values."""

    def make():
        rows, columns = shape[-2:]
        main = paddle.diag(paddle.arange(1.0, min(rows, columns) + 1.0, dtype="float64"))
        pad = paddle.zeros([rows, columns], "float64")
        pad[: main.shape[0], : main.shape[1]] = main
        return 0.3 * paddle.randn(shape, "float64") + pad

    return make


def _transposed(x):
    return paddle.transpose(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


def _definite(x):
    """Symmetric and positive definite."""
    return paddle.matmul(x, _transposed(x)) + paddle.eye(x.shape[-1], dtype=x.dtype)


def _symmetric(x):
    return x + _transposed(x)


def _hermitian(x, y):
    return paddle.complex(x + _transposed(x), y - _transposed(y))


def _on_definite(function, **options):
    return lambda x: function(_definite(x), **options)


def _on_complex(function):
    """Of a complex matrix; what is complex in the result as real parts."""

    def call(x, y):
        result = function(paddle.complex(x, y))
        results = result if isinstance(result, (list, tuple)) else [result]
        return [paddle.as_real(r) if r.is_complex() else r for r in results]

    return call


def _projectors(v):
    """v_k v_k^H for each column, which do not depend on the columns' phases."""
    v = _transposed(v)
    return paddle.multiply(v.unsqueeze(-1), paddle.conj(v).unsqueeze(-2))


def _eigh(**options):
    def call(x):
        w, v = linalg.eigh(_symmetric(x), **options)
        return w, _projectors(v)

    return call


def _eigh_complex(x, y):
    w, v = linalg.eigh(_hermitian(x, y))
    return w, paddle.as_real(_projectors(v))


def _eig(x):
    w, v = linalg.eig(x)
    return paddle.as_real(w), paddle.as_real(_projectors(v))


def _svd(x):
    """The singular values, and u_k v_k^H for each."""
    u, s, vh = linalg.svd(x, full_matrices=False)
    return s, paddle.multiply(_transposed(u).unsqueeze(-1), vh.unsqueeze(-2))


def _svd_full(x):
    """What the factors span, also by the part that belongs to no singular value."""
    u, s, vh = linalg.svd(x, full_matrices=True)
    size = s.shape[-1]
    v = _transposed(vh)
    others = [_span(q[..., size:]) for q in (u, v) if q.shape[-1] > size]
    return s, _projectors(u[..., :size]), _projectors(v[..., :size]), others


def _adjoint(x):
    return paddle.conj(_transposed(x))


def _span(q):
    return paddle.matmul(q, _adjoint(q))


def _svd_of_one_side(x):
    return _projectors(linalg.svd(x)[0])


def _qr_complete(x):
    q, r = linalg.qr(x, "complete")
    size = min(x.shape[-2:])
    return q[..., :size], r, _span(q[..., size:])


def _lu(x):
    return linalg.lu(x)[0]


def _lu_factors(x):
    packed, pivots = linalg.lu(x)
    return linalg.lu_unpack(packed, pivots)


def _lu_solve(trans):
    def call(y, x):
        packed, pivots = linalg.lu(x)
        return linalg.lu_solve(y, packed, pivots, trans)

    return call


def _lowrank(function, **options):
    def call(x):
        u, s, v = function(x, **options)
        return s, paddle.matmul(paddle.multiply(u, s.unsqueeze(-2)), _adjoint(v))

    return call


def _reflectors():
    return paddle.to_tensor([[0.3, 0.5], [0.4, -0.2], [-0.6, 0.7]], "float64"), paddle.to_tensor([0.9, 1.2], "float64")


SQUARE, BATCH = _regular(3, 3), _regular(2, 3, 3)

CASES = {
    "linalg.det": op(linalg.det, SQUARE),
    "linalg.det batch": op(linalg.det, BATCH),
    "linalg.det complex": op(_on_complex(linalg.det), SQUARE, (3, 3)),
    "linalg.slogdet": op(linalg.slogdet, SQUARE),
    "linalg.slogdet batch": op(linalg.slogdet, BATCH),
    "linalg.slogdet complex": op(_on_complex(linalg.slogdet), SQUARE, (3, 3)),
    "linalg.inv": op(linalg.inv, SQUARE),
    "linalg.inv batch": op(linalg.inv, BATCH),
    "linalg.inv complex": op(_on_complex(linalg.inv), SQUARE, (3, 3)),
    "paddle.inverse": op(paddle.inverse, SQUARE),
    "linalg.solve": op(linalg.solve, SQUARE, (3, 2)),
    "linalg.solve vector": op(linalg.solve, SQUARE, (3,)),
    "linalg.solve batch": op(linalg.solve, BATCH, (2, 3, 2)),
    "linalg.solve batch of vectors": op(linalg.solve, BATCH, (2, 3)),
    "linalg.solve batch by vector": op(linalg.solve, BATCH, (3,)),
    "linalg.solve matrix by batch": op(linalg.solve, SQUARE, (2, 3, 2)),
    "linalg.solve from the right": op(lambda x, y: linalg.solve(x, y, left=False), SQUARE, (2, 3)),
    "linalg.triangular_solve": op(linalg.triangular_solve, SQUARE, (3, 2)),
    "linalg.triangular_solve lower": op(lambda x, y: linalg.triangular_solve(x, y, upper=False), BATCH, (2, 3, 2)),
    "linalg.triangular_solve transposed": op(
        lambda x, y: linalg.triangular_solve(x, y, transpose=True), SQUARE, (3, 2)
    ),
    "linalg.triangular_solve lower, transposed, unit diagonal, broadcast": op(
        lambda x, y: linalg.triangular_solve(x, y, False, True, True), SQUARE, (2, 3, 2)
    ),
    "linalg.triangular_solve unit diagonal": op(
        lambda x, y: linalg.triangular_solve(x, y, unitriangular=True), SQUARE, (3, 2)
    ),
    "linalg.triangular_solve complex": op(
        lambda x, y, b: paddle.as_real(
            linalg.triangular_solve(paddle.complex(x, y), paddle.complex(b, b), transpose=True)
        ),
        SQUARE, (3, 3), (3, 2),
    ),
    "linalg.cholesky": op(_on_definite(linalg.cholesky), (3, 3)),
    "linalg.cholesky upper": op(_on_definite(linalg.cholesky, upper=True), (3, 3)),
    "linalg.cholesky batch": op(_on_definite(linalg.cholesky), (2, 3, 3)),
    "linalg.cholesky_solve": op(linalg.cholesky_solve, (3, 2), SQUARE),
    "linalg.cholesky_solve upper": op(lambda y, x: linalg.cholesky_solve(y, x, upper=True), (3, 2), SQUARE),
    "linalg.cholesky_solve batch": op(linalg.cholesky_solve, (2, 3, 2), BATCH),
    "linalg.cholesky_inverse": op(linalg.cholesky_inverse, SQUARE),
    "linalg.cholesky_inverse upper": op(lambda x: linalg.cholesky_inverse(x, upper=True), SQUARE),
    "linalg.qr": op(linalg.qr, SQUARE),
    "linalg.qr tall": op(linalg.qr, _regular(4, 2)),
    "linalg.qr wide": op(linalg.qr, _regular(2, 4)),
    "linalg.qr batch": op(linalg.qr, _regular(2, 3, 2)),
    "linalg.qr complete": op(_qr_complete, _regular(4, 2)),
    "linalg.qr complete, wide": op(lambda x: linalg.qr(x, "complete"), _regular(2, 3)),
    "linalg.qr R alone": op(lambda x: linalg.qr(x, "r"), _regular(3, 2)),
    "linalg.qr complex": op(_on_complex(linalg.qr), _regular(3, 2), (3, 2)),
    "linalg.svd": op(_svd, SQUARE),
    "linalg.svd tall": op(_svd, _regular(4, 2)),
    "linalg.svd wide": op(_svd, _regular(2, 4)),
    "linalg.svd batch": op(_svd, _regular(2, 3, 2)),
    "linalg.svd full_matrices, tall": op(_svd_full, _regular(4, 2)),
    "linalg.svd full_matrices, wide": op(_svd_full, _regular(2, 4)),
    "linalg.svd one side": op(_svd_of_one_side, _regular(3, 2)),
    "linalg.svd complex": op(_on_complex(_svd), _regular(3, 2), (3, 2)),
    "linalg.svdvals": op(linalg.svdvals, _regular(3, 2)),
    "linalg.svdvals batch": op(linalg.svdvals, _regular(2, 2, 3)),
    "linalg.eigh": op(_eigh(), SQUARE),
    "linalg.eigh upper": op(_eigh(UPLO="U"), BATCH),
    "linalg.eigh complex": op(_eigh_complex, SQUARE, (3, 3)),
    "linalg.eigvalsh": op(lambda x: linalg.eigvalsh(_symmetric(x)), SQUARE),
    "linalg.eigvalsh upper, batch": op(lambda x: linalg.eigvalsh(_symmetric(x), UPLO="U"), BATCH),
    "linalg.eigvalsh complex": op(lambda x, y: linalg.eigvalsh(_hermitian(x, y)), SQUARE, (3, 3)),
    "linalg.eig": op(_eig, SQUARE),
    "linalg.eig batch": op(_eig, BATCH),
    "linalg.eig complex": op(lambda x, y: _eig(paddle.complex(x, y)), SQUARE, (3, 3)),
    "linalg.eig complex pairs": op(
        lambda x: _eig(x + paddle.to_tensor([[0.0, 2.0], [-2.0, 0.0]], "float64")), _regular(2, 2)
    ),
    "linalg.eigvals": op(lambda x: paddle.as_real(linalg.eigvals(x)), SQUARE),
    "linalg.eigvals complex": op(_on_complex(linalg.eigvals), SQUARE, (3, 3)),
    "linalg.lu": op(_lu, SQUARE),
    "linalg.lu tall": op(_lu, _regular(4, 2)),
    "linalg.lu wide": op(_lu, _regular(2, 4)),
    "linalg.lu batch": op(_lu, normal(2, 3, 3)),
    "linalg.lu complex": op(_on_complex(_lu), SQUARE, (3, 3)),
    "linalg.lu_unpack": op(_lu_factors, SQUARE),
    "linalg.lu_unpack tall": op(_lu_factors, _regular(3, 2)),
    "linalg.lu_unpack wide, batch": op(_lu_factors, _regular(2, 2, 3)),
    "linalg.lu_solve": op(_lu_solve("N"), (3, 2), SQUARE),
    "linalg.lu_solve transposed, batch": op(_lu_solve("T"), (2, 3, 2), BATCH),
    "linalg.lu_solve complex, adjoint": op(
        lambda x, y, b: paddle.as_real(_lu_solve("C")(paddle.complex(b, b), paddle.complex(x, y))),
        SQUARE, (3, 3), (3, 2),
    ),
    "linalg.pinv": op(linalg.pinv, _regular(3, 2)),
    "linalg.pinv wide, batch": op(linalg.pinv, _regular(2, 2, 3)),
    "linalg.pinv hermitian": op(lambda x: linalg.pinv(_symmetric(x), hermitian=True), SQUARE),
    "linalg.matrix_power": op(lambda x: linalg.matrix_power(x, 3), SQUARE),
    "linalg.matrix_power 0": op(lambda x: linalg.matrix_power(x, 0), SQUARE),
    "linalg.matrix_power 1": op(lambda x: linalg.matrix_power(x, 1), SQUARE),
    "linalg.matrix_power 6, batch": op(lambda x: linalg.matrix_power(0.5 * x, 6), BATCH),
    "linalg.matrix_power negative": op(lambda x: linalg.matrix_power(x, -2), BATCH),
    "linalg.matrix_power complex": op(_on_complex(lambda x: linalg.matrix_power(x, 3)), SQUARE, (3, 3)),
    "linalg.matrix_exp": op(linalg.matrix_exp, SQUARE),
    "linalg.matrix_exp large": op(lambda x: linalg.matrix_exp(x * 2.0), SQUARE),
    "linalg.matrix_exp small": op(lambda x: linalg.matrix_exp(x * 0.004), SQUARE),
    "linalg.matrix_exp batch": op(lambda x: linalg.matrix_exp(x * 0.3), BATCH),
    "linalg.cond": op(linalg.cond, _regular(3, 2)),
    "linalg.cond smallest": op(lambda x: linalg.cond(x, p=-2), BATCH),
    "linalg.cond fro": op(lambda x: linalg.cond(x, p="fro"), SQUARE),
    "linalg.cond nuc": op(lambda x: linalg.cond(x, p="nuc"), BATCH),
    "linalg.cond 1": op(lambda x: linalg.cond(x, p=1), SQUARE),
    "linalg.cond -1": op(lambda x: linalg.cond(x, p=-1), SQUARE),
    "linalg.cond inf": op(lambda x: linalg.cond(x, p=float("inf")), BATCH),
    "linalg.matrix_norm nuc, not square": op(lambda x: linalg.matrix_norm(x, p="nuc"), _regular(3, 2)),
    "linalg.matrix_norm 2, batch": op(lambda x: linalg.matrix_norm(x, p=2), _regular(2, 2, 3)),
    "linalg.matrix_norm -2, axes": op(lambda x: linalg.matrix_norm(x, p=-2, axis=[0, 2]), (3, 2, 2)),
    "linalg.matrix_norm 2, keepdim": op(lambda x: linalg.matrix_norm(x, p=2, keepdim=True), _regular(3, 2)),
    "linalg.cov": op(linalg.cov, (2, 4)),
    "linalg.cov columns, biased": op(lambda x: linalg.cov(x, rowvar=False, ddof=False), (4, 2)),
    "linalg.cov weights": op(
        lambda x, w: linalg.cov(x, fweights=paddle.to_tensor([1, 2, 1, 3]), aweights=w), (2, 4), positive(4)
    ),
    "linalg.corrcoef": op(linalg.corrcoef, (2, 4)),
    "linalg.corrcoef columns": op(lambda x: linalg.corrcoef(x, rowvar=False), (4, 2)),
    "linalg.ormqr": op(lambda y: linalg.ormqr(*_reflectors(), y, transpose=True), (3, 2)),
    "linalg.svd_lowrank": op(_lowrank(linalg.svd_lowrank, q=2), _regular(4, 3)),
    "linalg.svd_lowrank with mean": op(
        lambda x, m: _lowrank(linalg.svd_lowrank, q=2, M=m)(x), _regular(3, 4), (1, 4)
    ),
    "linalg.pca_lowrank": op(_lowrank(linalg.pca_lowrank, q=2), _regular(4, 3)),
    "linalg.pca_lowrank not centred": op(_lowrank(linalg.pca_lowrank, q=2, center=False), _regular(3, 4)),
}  # fmt: skip

EXCLUDED = {
    "linalg.lstsq": Excluded(
        "it has no derivative; linalg.pinv and linalg.qr have one",
        "x = paddle.randn([3, 2]); x.stop_gradient = False; "
        "paddle.grad(paddle.linalg.lstsq(x, paddle.ones([3, 1]))[0].sum(), [x])",
    ),
    "linalg.matrix_rank": Excluded(
        "it counts",
        "x = paddle.randn([3, 2]); x.stop_gradient = False; paddle.grad(paddle.linalg.matrix_rank(x), [x])",
    ),
    "linalg.householder_product": Excluded(
        "it writes into a tensor that its own first derivative needs, which raises",
        "x = paddle.randn([3, 2]); x.stop_gradient = False; "
        "paddle.linalg.householder_product(x, paddle.ones([2])).sum().backward()",
    ),
}
