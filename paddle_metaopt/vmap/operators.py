"""Operators and indexing, which go to Paddle's C++ past its table of ops."""

from __future__ import annotations

import operator

import paddle

from ..double_grad.rules.linear import beside
from ..tensors import array_as_tensor
from .batched import Batched, CannotBatch
from .indexing import picked
from .rules.aligned import aligned, is_promoted_otherwise
from .task_by_task import by_rule


def _operator(function, swapped=False):
    def at_once(x, y):
        if is_promoted_otherwise(x, y):
            return NotImplemented
        (x, y), form = aligned(x, y)
        found = function(x, y)
        return Batched(found, form) if isinstance(found, paddle.Tensor) else found  # x == None is False

    def apply(self, other):
        other = array_as_tensor(other)
        return by_rule(at_once, function, (other, self) if swapped else (self, other), {})

    return apply


def _reflected_matmul(self, other):
    if isinstance(other, paddle.Tensor):
        return paddle.matmul(*beside(other, self))
    y, x = beside(self, other)
    return paddle.matmul(x, y)


for _name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv"):
    setattr(Batched, f"__{_name}__", _operator(getattr(operator, _name)))
    setattr(Batched, f"__r{_name}__", _operator(getattr(operator, _name), swapped=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "and_", "or_", "xor"):
    setattr(Batched, f"__{_name.rstrip('_')}__", _operator(getattr(operator, _name)))
Batched.__matmul__ = lambda self, other: paddle.matmul(*beside(self, other))
Batched.__rmatmul__ = _reflected_matmul
Batched.__div__, Batched.__rdiv__ = Batched.__truediv__, Batched.__rtruediv__
Batched.__neg__ = lambda self: Batched(-self.stacked, self.form)
Batched.__abs__ = lambda self: paddle.abs(self)
Batched.__invert__ = lambda self: paddle.bitwise_not(self)


def _setitem(self, key, value):
    raise CannotBatch("an assignment into a tensor")


Batched.__getitem__ = picked
Batched.__setitem__ = _setitem
Batched.astype = lambda self, dtype: Batched(self.stacked.astype(dtype), self.form)
Batched.cast = Batched.astype

