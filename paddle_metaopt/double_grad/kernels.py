"""The only door to Paddle's private ``paddle._C_ops`` and ``paddle._legacy_C_ops``.

Its ``*_grad`` entries are the fused first-derivative kernels; no public function reaches them. A raw call with a
missing argument can crash the interpreter: give each kernel its whole signature, and wrap it here where that is
awkward. The sweep's cases fail when a new Paddle moves one. Layer code looks its ops up in the same module at each
call, which is what dispatch.py relies on.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace

import paddle

#: The module whose attributes Paddle's layers call.
TABLE = paddle._C_ops

#: The older one, for what still goes through it.
LEGACY_TABLE = paddle._legacy_C_ops

#: The ops of TABLE as Paddle made them, also while dispatch.py has others there: ``native.gelu_grad(x, g, False)``.
native = SimpleNamespace(**vars(paddle._C_ops))


def held_by_name(ops) -> list[tuple]:
    """Where Paddle's own modules hold one of the ops under a name of their own, as ``paddle.linalg.matmul``, and never
    look it up in the table: module, name, the op as Paddle made it, its name in the table."""
    known = {id(getattr(native, op)): op for op in ops}
    modules = [module for name, module in sys.modules.items() if name.startswith(_PUBLIC) and module is not None]
    return [
        (module, name, value, known[id(value)])
        for module in modules
        for name, value in vars(module).items()
        if id(value) in known
    ]


#: What stands below is called eagerly; the rest of Paddle is for static graphs.
_PUBLIC = (
    "paddle.distribution",
    "paddle.incubate.nn.",
    "paddle.linalg",
    "paddle.nn.",
    "paddle.special",
    "paddle.tensor.",
)


_transpose = LEGACY_TABLE.transpose


def transposed(x, perm):
    """x with its axes in another order, in memory of its own. What ``native.transpose`` gives is copied later, and
    that slowly where the last axis stays in its place: up to a hundred times."""
    return _transpose(x, "axis", list(perm))


def in_one_piece(x):
    """x in contiguous memory, with a derivative; not by ``x.contiguous()``, which changes x itself, and its version."""
    return x if x.is_contiguous() else x.clone()


def batch_norm(x, mean, variance, scale, shift, epsilon, layout, momentum=0.9, use_global_stats=False):
    """y, and the mean and the inverse standard deviation used for it; moves `mean` and `variance` in place in
    batch-statistics mode."""
    y, _, _, saved_mean, saved_inverse_std, _ = native.batch_norm(
        x, mean, variance, scale, shift, False, momentum, epsilon, layout, use_global_stats, True
    )
    return y, saved_mean, saved_inverse_std


def batch_norm_grad(x, scale, shift, saved_mean, saved_inverse_std, g, epsilon, layout):
    """The gradients for x, scale and shift in batch-statistics mode."""
    return native.batch_norm_grad(
        x, scale, shift, None, None, saved_mean, saved_inverse_std, None, g,
        0.9, epsilon, layout, False, False, True,
    )  # fmt: skip
