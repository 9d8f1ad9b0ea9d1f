from __future__ import annotations

from importlib import import_module

import numpy as np
import paddle

from paddle_metaopt import twice_differentiable

from .case import Case, made, op, positive


def _unary(function):
    """Of a complex tensor given as two real ones; a complex result as real parts."""

    def call(x, y):
        result = function(paddle.complex(x, y))
        return paddle.as_real(result) if result.is_complex() else result

    return call


def twin(case: Case, positions=None) -> Case:
    """The case with the operands at the positions, all by default, made complex by an imaginary part each."""
    positions = range(len(case.operands)) if positions is None else positions
    operands = []
    for position, spec in enumerate(case.operands):
        operands += [spec, _imaginary_part(spec)] if position in positions else [spec]

    def call(*parts):
        parts = iter(parts)
        tensors = [
            paddle.complex(next(parts), next(parts)) if position in positions else next(parts)
            for position in range(len(case.operands))
        ]
        outputs = paddle.utils.flatten(case.call(*tensors))
        return [paddle.as_real(y) if isinstance(y, paddle.Tensor) and y.is_complex() else y for y in outputs]

    return Case(tuple(operands), call)


def _imaginary_part(spec):
    return lambda: paddle.randn(made(spec).shape, "float64")


def by_rules(case: Case) -> Case:
    """The case with the value of the rules also where it is differenced, as Paddle's kernel has the accuracy of
    float32; that the two agree has a test of its own."""

    @twice_differentiable()
    @paddle.enable_grad()
    def call(*tensors):
        return case.call(*tensors)

    return Case(case.operands, call)


def _names(text):
    return [name.strip() for name in text.replace("\n", " ").split(";")]


#: One operand, or all of them complex.
WHOLE = _names("""
    F.softsign; F.tanh;
    Tensor.__rsub__; Tensor.__neg__; Tensor.__abs__; Tensor.__truediv__ number; Tensor.__rtruediv__;
    Tensor.__pow__ cube; Tensor.__pow__ negative; Tensor.__rpow__; Tensor.__rpow__ integer;
    paddle.abs; paddle.neg; paddle.negative; paddle.positive; paddle.scale; paddle.scale by a tensor;
    paddle.scale by a tensor that needs a gradient; paddle.scale by a tensor that needs a gradient, bias first;
    paddle.scale bias first; paddle.assign; paddle.clone; paddle.add_n; paddle.add_n of one; paddle.pow number;
    paddle.pow integer; paddle.pow one; paddle.pow negative base; paddle.pow of zero; paddle.round; paddle.sign;
    paddle.sgn; paddle.deg2rad; paddle.rad2deg;
    paddle.expm1; paddle.log; paddle.log2; paddle.log10; paddle.log1p; paddle.sqrt; paddle.square; paddle.reciprocal;
    paddle.sin; paddle.cos; paddle.tan; paddle.asin; paddle.acos; paddle.atan; paddle.sinh; paddle.cosh; paddle.tanh;
    paddle.asinh; paddle.acosh; paddle.atanh; paddle.stanh; paddle.stanh options; paddle.sinc; paddle.sinc near zero;
    paddle.mean; paddle.mean of columns; Tensor.mean; paddle.sum; paddle.sum of columns; paddle.nansum gaps;
    paddle.nanmean gaps; paddle.prod; paddle.prod of columns; paddle.prod zeros; paddle.std biased; paddle.var biased;
    paddle.reduce_as; paddle.diff; paddle.diff prepend; paddle.cumsum; paddle.cumsum of columns; paddle.cumprod;
    paddle.cumprod of rows; paddle.cumprod zeros; paddle.vander;
    F.linear; F.linear on a sequence; paddle.matmul with itself; paddle.dot; paddle.dot of rows;
    paddle.flatten; paddle.unflatten; paddle.reshape; paddle.view; paddle.as_strided overlapping; paddle.unfold;
    paddle.squeeze; paddle.unsqueeze; paddle.transpose; Tensor.mT; paddle.stack; paddle.stack with a constant;
    paddle.concat; paddle.block_diag; paddle.split; paddle.unbind; paddle.unstack; paddle.expand;
    paddle.broadcast_tensors; paddle.tile; paddle.meshgrid; paddle.cartesian_prod; paddle.roll; paddle.flip;
    paddle.rot90; paddle.tril; paddle.triu; paddle.diag; paddle.diagflat; paddle.diagonal; paddle.trace;
    Tensor.__getitem__ integer; Tensor.__getitem__ slice; Tensor.__getitem__ negative step;
    Tensor.__getitem__ two int tensors; Tensor.__getitem__ mask; Tensor.__iter__; paddle.slice; paddle.strided_slice;
    paddle.gather; paddle.gather_nd; paddle.index_select; paddle.index_sample; paddle.take; paddle.masked_select;
    paddle.masked_fill; paddle.masked_scatter; paddle.multiplex; paddle.index_put; paddle.index_put repeated;
    paddle.index_put accumulate; paddle.index_fill; Tensor.fill_diagonal_tensor;
    F.pad; F.pad reflect; F.pad replicate; F.pad circular; F.zeropad2d;
    linalg.norm; linalg.norm p 1; linalg.norm p 3; linalg.norm Frobenius; linalg.norm Frobenius, keepdim;
    linalg.vector_norm; linalg.matrix_norm; linalg.matrix_norm nuclear; paddle.pdist;
    linalg.svd full_matrices, tall; linalg.svd full_matrices, wide; linalg.qr complete; linalg.svd_lowrank;
    linalg.pca_lowrank; linalg.pinv; linalg.cond; linalg.lu_unpack; linalg.lu_solve; linalg.cholesky_inverse;
    paddle.einsum ij->ji; paddle.einsum ii; paddle.einsum ij,jk->ki; paddle.einsum ij,kj->ik; paddle.einsum i,i,i->i
""")

#: Two operands, of which both or either is complex.
PAIRS = _names("""
    Tensor.__add__; Tensor.__add__ broadcast; Tensor.__sub__; Tensor.__sub__ broadcast; Tensor.__mul__;
    Tensor.__mul__ scalar; Tensor.__mul__ broadcast; Tensor.__truediv__; Tensor.__truediv__ broadcast;
    Tensor.__matmul__; Tensor.__pow__ tensor; Tensor.__pow__ broadcast; paddle.add; paddle.add broadcast both ways;
    paddle.subtract; paddle.multiply; paddle.multiply broadcast both ways; paddle.divide;
    paddle.divide broadcast both ways; paddle.pow; paddle.pow broadcast; paddle.pow of zero to a live exponent;
    paddle.hypot; paddle.hypot broadcast;
    F.linear no bias; paddle.matmul; paddle.matmul matrix by batch; paddle.matmul batch by matrix;
    paddle.matmul batches; paddle.matmul batches, broadcast; paddle.matmul matrix by batch, both transposed;
    paddle.matmul vectors; paddle.matmul vector by vector; Tensor.matmul; paddle.mm; paddle.inner;
    paddle.inner with a scalar; paddle.outer; paddle.vecdot; paddle.tensordot; paddle.tensordot outer; paddle.kron;
    paddle.cross; paddle.where; paddle.slice_scatter; paddle.diagonal_scatter; F.pad with a value, in a product;
    paddle.cdist
""")

#: Those with an exponential in Paddle's kernel.
EXPONENTIAL = _names("""
    F.silu; F.sigmoid; F.log_sigmoid; F.softplus; F.softplus threshold; F.softplus by keyword; paddle.exp
""")

if hasattr(paddle, "sub"):  # Paddle 3.3
    PAIRS += _names("paddle.add alpha; paddle.subtract alpha; paddle.sub; paddle.mul; paddle.div; paddle.true_divide")
    PAIRS += _names("linalg.matmul")

#: Modules of cases that have complex twins.
FAMILIES = (
    "activation", "arithmetic", "decomposition", "distance", "einsum", "indexing", "linear", "padding", "reduction",
    "shape", "special",
)  # fmt: skip
REAL = {
    name: case for family in FAMILIES for name, case in import_module(f"{__package__}.{family}").CASES.items()
}

CASES = {
    **{f"{name} complex": twin(REAL[name]) for name in WHOLE + PAIRS},
    **{f"{name} complex and real": twin(REAL[name], [0]) for name in PAIRS},
    **{f"{name} real and complex": twin(REAL[name], [1]) for name in PAIRS},
    **{f"{name} complex": by_rules(twin(REAL[name])) for name in EXPONENTIAL},
    "paddle.complex": op(lambda x, y: paddle.as_real(paddle.complex(x, y)), (3, 2), (3, 2)),
    "paddle.complex broadcast": op(lambda x, y: paddle.as_real(paddle.complex(x, y)), (3, 1), (2,)),
    "paddle.real": op(_unary(paddle.real), (3, 2), (3, 2)),
    "paddle.imag": op(_unary(paddle.imag), (3, 2), (3, 2)),
    "paddle.conj": op(_unary(paddle.conj), (3, 2), (3, 2)),
    "paddle.conj of real": op(paddle.conj, (3, 2)),
    "paddle.angle": op(_unary(paddle.angle), (3, 2), (3, 2)),
    "paddle.angle of real": op(paddle.angle, (3, 2)),
    "paddle.as_complex": op(lambda x: paddle.as_real(paddle.as_complex(x)), (3, 2)),
    "paddle.as_real": op(_unary(lambda z: paddle.multiply(z, z)), (3, 2), (3, 2)),
    "paddle.polar": op(lambda x, y: paddle.as_real(paddle.polar(x, y)), (3, 2), (3, 2)),
    "paddle.cast to complex": op(lambda x: paddle.as_real(paddle.cast(x, "complex128")), (3, 2)),
    "paddle.scale by a complex number": op(_unary(lambda z: paddle.scale(z, 2 - 1j, 3.0)), (3, 2), (3, 2)),
    "Tensor.__add__ a complex number": op(_unary(lambda z: (z + (2 - 1j)) * ((2 - 1j) + z)), (3, 2), (3, 2)),
    "Tensor.__sub__ a complex number": op(_unary(lambda z: (z - (2 - 1j)) * ((2 - 1j) - z)), (3, 2), (3, 2)),
    "Tensor.__mul__ by a complex number": op(_unary(lambda z: z * (2 - 1j)), (3, 2), (3, 2)),
    "Tensor.__mul__ of a real tensor by a complex number": op(lambda x: paddle.as_real(x * (2 - 1j)), (3, 2)),
    "Tensor.__mul__ of a real tensor by a complex array": op(lambda x: paddle.as_real(x * (np.arange(2) - 1j)), (3, 2)),
    "Tensor.__rmul__ by a complex number": op(_unary(lambda z: (2 - 1j) * z), (3, 2), (3, 2)),
    "Tensor.__rtruediv__ of a complex number": op(lambda x: paddle.as_real((2 - 1j) / x), positive(3, 2)),
    "Tensor.__matmul__ by a complex array": op(_unary(lambda z: z @ (np.eye(2) - 1j)), (3, 2), (3, 2)),
    "Tensor.__matmul__ of a real tensor by a complex array": op(lambda x: paddle.as_real(x @ (np.eye(2) - 1j)), (3, 2)),
    "Tensor.__rmatmul__ by a complex array": op(_unary(lambda z: (np.eye(3) - 1j) @ z), (3, 2), (3, 2)),
    "Tensor.__rmatmul__ of a real tensor by a complex array": op(
        lambda x: paddle.as_real((np.eye(3) - 1j) @ x), (3, 2)
    ),
    "Tensor.__div__ complex": op(_unary(lambda z: (z * z).__div__(z)), (3, 2), (3, 2)),
    "Tensor.__rdiv__ complex": op(_unary(lambda z: z.__rdiv__(z * z)), (3, 2), (3, 2)),
    "Tensor.__pow__ by a complex number": op(_unary(lambda z: z ** (2 - 1j)), (3, 2), (3, 2)),
    "Tensor.__pow__ of a real tensor by a complex number": op(lambda x: paddle.as_real(x ** (2 - 1j)), positive(3, 2)),
    "Tensor.__rpow__ of a complex number": op(_unary(lambda z: (2 - 1j) ** z), (3, 2), (3, 2)),
}
