from __future__ import annotations

import paddle

from .case import op


def _unary(function):
    """Of a complex tensor given as two real ones; a complex result as real parts."""

    def call(x, y):
        result = function(paddle.complex(x, y))
        return paddle.as_real(result) if result.is_complex() else result

    return call


def _binary(function):
    """Of two complex tensors given as four real ones."""
    return lambda a, b, c, d: paddle.as_real(function(paddle.complex(a, b), paddle.complex(c, d)))


def _mixed(function):
    """Of a complex tensor and a real one."""
    return lambda a, b, c: paddle.as_real(function(paddle.complex(a, b), c))


CASES = {
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
    "paddle.abs complex": op(_unary(paddle.abs), (3, 2), (3, 2)),
    "paddle.add complex": op(_binary(paddle.add), (3, 2), (3, 2), (2,), (2,)),
    "paddle.subtract complex": op(_binary(paddle.subtract), (3, 2), (3, 2), (2,), (2,)),
    "paddle.multiply complex": op(_binary(paddle.multiply), (3, 2), (3, 2), (2,), (2,)),
    "paddle.multiply complex by real": op(_mixed(paddle.multiply), (3, 2), (3, 2), (3, 2)),
    "paddle.divide complex": op(_binary(paddle.divide), (3, 2), (3, 2), (2,), (2,)),
    "paddle.divide complex by real": op(_mixed(paddle.divide), (3, 2), (3, 2), (3, 2)),
    "paddle.divide real by complex": op(_mixed(lambda z, x: paddle.divide(x, z)), (3, 2), (3, 2), (3, 2)),
    "Tensor.__mul__ complex": op(_binary(lambda z, w: z * w), (3, 2), (3, 2), (2,), (2,)),
    "Tensor.__mul__ complex by real": op(_mixed(lambda z, x: z * x), (3, 2), (3, 2), (3, 2)),
    "Tensor.__mul__ real by complex": op(_mixed(lambda z, x: x * z), (3, 2), (3, 2), (3, 2)),
    "Tensor.__mul__ by a complex number": op(_unary(lambda z: z * (2 - 1j)), (3, 2), (3, 2)),
    "Tensor.__rmul__ by a complex number": op(_unary(lambda z: (2 - 1j) * z), (3, 2), (3, 2)),
    "Tensor.__truediv__ complex": op(_binary(lambda z, w: z / w), (3, 2), (3, 2), (2,), (2,)),
    "Tensor.__truediv__ complex by real": op(_mixed(lambda z, x: z / x), (3, 2), (3, 2), (3, 2)),
    "Tensor.__truediv__ real by complex": op(_mixed(lambda z, x: x / z), (3, 2), (3, 2), (3, 2)),
    "Tensor.__rtruediv__ complex": op(_unary(lambda z: 2.0 / z), (3, 2), (3, 2)),
    "Tensor.__pow__ complex": op(_unary(lambda z: z**3), (3, 2), (3, 2)),
    "paddle.cos complex": op(_unary(paddle.cos), (3, 2), (3, 2)),
    "paddle.log complex": op(_unary(paddle.log), (3, 2), (3, 2)),
    "paddle.pow complex": op(_unary(lambda z: paddle.pow(z, 3)), (3, 2), (3, 2)),
    "paddle.sin complex": op(_unary(paddle.sin), (3, 2), (3, 2)),
    "paddle.sqrt complex": op(_unary(paddle.sqrt), (3, 2), (3, 2)),
    "paddle.square complex": op(_unary(paddle.square), (3, 2), (3, 2)),
    "paddle.tanh complex": op(_unary(paddle.tanh), (3, 2), (3, 2)),
    "paddle.sum complex": op(_unary(lambda z: paddle.sum(z, 0)), (3, 2), (3, 2)),
    "paddle.mean complex": op(_unary(paddle.mean), (3, 2), (3, 2)),
    "paddle.transpose complex": op(_unary(lambda z: paddle.transpose(z, [1, 0])), (3, 2), (3, 2)),
    "paddle.cast to complex": op(lambda x: paddle.as_real(paddle.cast(x, "complex128")), (3, 2)),
}
