"""What is done for all time steps at once: cutting, joining and projecting tensors [..., time, batch, features].

All of it is linear, and closed under differentiation; where Paddle's own derivatives would do, they are slower.
"""

from __future__ import annotations

import paddle

from ..kernels import native
from ..kinds import BilinearMap, linear_map
from .shape import concat


class Steps:
    """The axis of time in tensors [..., time, batch, features], and in which direction it is gone through.

    States stand in tensors of one more: also the one before the first step.
    """

    def __init__(self, backwards: bool):
        self.backwards = backwards

    def before(self, states):
        """The states before each step."""
        return self._part(states, 1 if self.backwards else 0, -1)

    def after(self, states):
        """The states after each step."""
        return self._part(states, 0 if self.backwards else 1, -1)

    def first(self, states):
        """The state before the first step: [..., batch, features]."""
        place = states.shape[-3] - 1 if self.backwards else 0
        return paddle.squeeze(self._part(states, place, 1), states.ndim - 3)

    def with_first(self, first, after):
        """All states, from the one before the first step and those after each."""
        first = paddle.unsqueeze(first, first.ndim - 2)
        return concat([after, first] if self.backwards else [first, after], after.ndim - 3)

    def at_last(self, state, steps: int):
        """`state` as the one after the last step, and zero as the others: [..., time + 1, batch, features]."""
        place = 0 if self.backwards else steps
        return _among_zeros(paddle.unsqueeze(state, state.ndim - 2), place, steps + 1)

    def unbound(self, tensor):
        """One after the other, as they are gone through."""
        if tensor is None:
            return None
        found = native.unbind(tensor, tensor.ndim - 3)
        return found[::-1] if self.backwards else found

    def bound(self, tensors: list):
        """The inverse of `unbound`."""
        return native.stack(tensors[::-1] if self.backwards else tensors, tensors[0].ndim - 2)

    @staticmethod
    def _part(states, start, size):
        """So many of them, or all but one for -1."""
        time = states.shape[-3]
        return _part(states, start, time - 1 if size < 0 else size)


def _part(x, start, size):
    """``x[..., start : start + size, :, :]``, whose derivative takes Paddle ten times as long."""
    axis, time = x.ndim - 3, x.shape[-3]
    return linear_map(
        x,
        lambda x: native.slice(x, [axis], [start], [start + size], [], []).contiguous(),
        lambda g: _padded(g, start, time),
    )


def _among_zeros(x, start, time):
    """The transpose of `_part`."""
    axis, size = x.ndim - 3, x.shape[-3]
    return linear_map(
        x,
        lambda x: _padded(x, start, time),
        lambda g: native.slice(g, [axis], [start], [start + size], [], []).contiguous(),
    )


def _padded(x, start, time):
    around = []
    for size in (start, time - start - x.shape[-3]):
        around.append([paddle.zeros([*x.shape[:-3], size, *x.shape[-2:]], x.dtype)] if size else [])
    return native.concat([*around[0], x, *around[1]], x.ndim - 3)


def projected(x, weight, bias=None):
    """x Wᵀ + b for each step: x [..., time, batch, features], W [..., outputs, features], b [..., outputs]."""
    found = _product(_rows(x), weight)
    if bias is not None:
        ones = paddle.ones([*bias.shape[:-1], found.shape[-2], 1], x.dtype)
        found = found + linear_map(bias, lambda b: _outer(ones, b), lambda g: _total(ones, g))
    return paddle.reshape(found, [*x.shape[:-1], weight.shape[-2]])


def pulled_back(g, weight):
    """The gradient of `projected` for x, from its own."""
    return paddle.reshape(_product.wrt_x(_rows(g), weight), [*g.shape[:-1], weight.shape[-1]])


def summed_product(x, y):
    """The sum over steps and batch of each one's outer product: [..., x's features, y's]."""
    return _product.wrt_w(_rows(y), _rows(x))


def summed(x):
    """The sum over steps and batch."""
    rows = _rows(x)
    ones = paddle.ones([*rows.shape[:-1], 1], x.dtype)
    return linear_map(rows, lambda x: _total(ones, x), lambda g: _outer(ones, g))


def _outer(ones, b):
    return native.matmul(ones, native.unsqueeze(b, [b.ndim - 1]), False, False)


def _total(ones, x):  # several times as fast as a sum
    return native.squeeze(native.matmul(ones, x, True, False), [x.ndim - 2])


_product = BilinearMap(
    lambda x, w: native.matmul(x, w, False, True),
    lambda g, w: native.matmul(g, w, False, False),
    lambda x, g: native.matmul(g, x, True, False),
)


def _rows(x):
    return paddle.reshape(x, [*x.shape[:-3], x.shape[-3] * x.shape[-2], x.shape[-1]])
