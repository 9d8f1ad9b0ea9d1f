"""Changing a tensor in place, with a derivative: the tensor becomes the result of a rule's node.

Other nodes that need what stood there notice it by the tensor's version, which all that share its memory have in
common. Through a view nobody would notice: it shows what was written to the tensor that it is a view of, and the other
way round, while the derivative of either stays that of the old values. So what is a view is refused.
"""

from __future__ import annotations

from typing import Callable, Sequence

import paddle

from ..errors import NotTwiceDifferentiableError
from .activity import order_wanted
from .graph import node_of
from .kernels import native
from .primitive import requires_grad, with_pullback

#: Paddle's ops whose result lies in the memory of their operand, by the names of their nodes.
_VIEWS = (
    "AsStrided", "Diagonal", "Flatten", "Reshape", "Slice", "Squeeze", "StridedSlice", "TensorUnfold", "Transpose",
    "Unbind", "Unsqueeze", "View",
)  # fmt: skip


def may_change(x, *others) -> bool:
    """Whether a derivative goes through a change of x that is made from `others`. Where it can't, for x is a leaf or
    has no floating values, Paddle's own op says so."""
    if not paddle.is_grad_enabled() or not (x.is_floating_point() or x.is_complex()):
        return False
    return not x.is_leaf if requires_grad(x) else any(isinstance(t, paddle.Tensor) and requires_grad(t) for t in others)


def before_change(x, op: str):
    """x as it is before the change, in memory and a node of its own.

    Raises
    ------
    NotTwiceDifferentiableError
        If x is a view; but for first derivatives one with a gradient is let through, as Paddle does.
    """
    if is_view(x) and (order_wanted() > 1 or not requires_grad(x)):
        raise NotTwiceDifferentiableError(
            f"{op} writes into a view, a tensor that shares its memory with another one, whose derivative would not "
            "know of it; write into the other one, as in x[0, 1] = v in place of x[0][1] = v, or into a clone() of "
            "the view"
        )
    return native.assign(x)


def is_view(x) -> bool:
    """Whether x is known to lie in the memory of another tensor. Where it needs no gradient and covers the whole of
    the other's memory, it is not known."""
    if x._holder_size() > x.size * x.element_size() or not x.is_contiguous():
        return True
    node = node_of(x)
    return node is not None and node.name().startswith(_VIEWS)


def changed(x, write: Callable, operands: Sequence, pullback: Callable):
    """x after ``write()``, which changes it in place; `operands` and `pullback` are those of `with_pullback`."""

    def compute():
        write()
        return x

    return with_pullback(compute, operands, pullback)


def replaced_by(x, y):
    """x with the values, and the derivative, of y, which is of its shape and type."""
    return changed(x, lambda: native.assign_out_(y.detach(), x), [y], lambda g: [g])
