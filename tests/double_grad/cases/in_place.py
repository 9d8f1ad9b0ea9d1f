"""What changes a tensor in place: by assigning to a part of it, or by an op whose name ends in an underscore."""

import numpy as np
import paddle
import paddle.nn.functional as F

from cases.case import op


def assigning(item, make=lambda x: x * 1.3):
    """x with ``item`` assigned, and what is made of it before and after."""

    def case(x, value):
        y = make(x)
        before = y + 1.0
        y[item() if callable(item) else item] = value
        return y, paddle.sin(y), before

    return case


def number_assigned(item):
    def case(x):
        y = x * 1.3
        y[item() if callable(item) else item] = 0.7
        return y, paddle.sin(y)

    return case


def rows(*numbers):
    return lambda: paddle.to_tensor(numbers)


def mask():
    return paddle.to_tensor(np.arange(12).reshape(3, 4) % 3 == 0)


ALL = slice(None)

#: What is assigned to in a tensor of 3 by 4, and the shape of what is assigned.
ITEMS = {
    "row": (1, (4,)),
    "row from the end": (-1, (4,)),
    "column": ((ALL, 2), (3,)),
    "element": ((0, 0), (1,)),
    "slice": ((ALL, slice(0, 2)), (3, 2)),
    "slice, broadcast": ((ALL, slice(0, 2)), (2,)),
    "slice, one number": ((ALL, slice(0, 2)), ()),
    "row, with an axis too many": (1, (1, 1, 4)),
    "every second row": (slice(None, None, 2), (2, 4)),
    "rows backwards": (slice(None, None, -1), (3, 4)),
    "all": (ALL, (3, 4)),
    "ellipsis": ((..., 0), (3,)),
    "new axis": ((None, 1), (1, 4)),
    "list": ([0, 2], (2, 4)),
    "tensor": (rows(0, 2), (2, 4)),
    "tensor, negative": (rows(-1, 0), (2, 4)),
    "tensor that repeats": (rows(0, 0, 2), (3, 4)),
    "two tensors": (lambda: (paddle.to_tensor([0, 1]), paddle.to_tensor([2, 0])), (2,)),
    "slice and tensor": (lambda: (slice(1, 3), paddle.to_tensor([0, 2])), (2, 2)),
    "mask of rows": (lambda: paddle.to_tensor([True, False, True]), (2, 4)),
    "mask": (mask, (4,)),
}


def twice(x, u, v):
    y = paddle.zeros([3, 4], "float64")
    y[0] = u
    y[:, 1:3] = v
    y[1] = y[0] + x[0]
    return y


def recurrent(x, w):
    """States one after the other, each made of the one before, as a loop over time writes them."""
    states = paddle.zeros([3, 4], "float64")
    state = x[:, 0]
    for t in range(4):
        state = paddle.tanh(w @ state + x[:, t])
        states[:, t] = state
    return states


ASSIGNMENTS = {
    **{f"Tensor.__setitem__ {name}": op(assigning(item), (3, 4), shape) for name, (item, shape) in ITEMS.items()},
    **{f"Tensor.__setitem__ number, {name}": op(number_assigned(ITEMS[name][0]), (3, 4))
       for name in ("slice", "every second row", "tensor", "mask")},
    "Tensor.__setitem__ into zeros": op(twice, (3, 4), (4,), (3, 2)),
    "Tensor.__setitem__ in a loop over time": op(recurrent, (3, 4), (3, 3)),
    "Tensor.__setitem__ of what a rule gave": op(assigning((ALL, 0), F.gelu), (3, 4), (3,)),
    "Tensor.__setitem__ of what Paddle's node gave": op(assigning((ALL, 0), paddle.assign), (3, 4), (3,)),
}  # fmt: skip


def by_method(name, *arguments):
    def case(x, *operands):
        y = paddle.sin(x) + 2.0
        result = getattr(y, name)(*operands, *arguments)
        assert result is y
        return y, y * y

    return case


def where_(x, v):
    y = x * 1.3
    assert paddle.where_(mask(), y, v) is y
    return y, y * y


def by_function(name, *arguments):
    def case(x):
        y = x * 1.3
        assert getattr(F, name)(y, *arguments) is y
        return y, y * y

    return case


OF_ONE = (
    "abs_ ceil_ cos_ cosh_ digamma_ exp_ floor_ lgamma_ log_ log10_ log1p_ log2_ neg_ reciprocal_ round_ rsqrt_ "
    "sigmoid_ sin_ sinh_ sqrt_ square_ tan_ tanh_ tril_ triu_ trunc_"
)

OPS = {
    **{f"Tensor.{name}": op(by_method(name), (3, 4)) for name in OF_ONE.split()},
    **{f"Tensor.{name}": op(by_method(name), (3, 4), (3, 4))
       for name in ("add_", "subtract_", "multiply_", "divide_", "remainder_", "copysign_")},
    "Tensor.add_ broadcast": op(by_method("add_"), (3, 4), (4,)),
    "Tensor.scale_": op(by_method("scale_", 2.0), (3, 4)),
    "Tensor.clip_": op(by_method("clip_", 1.5, 2.5), (3, 4)),
    "Tensor.pow_": op(by_method("pow_", 3.0), (3, 4)),
    "Tensor.cumsum_": op(by_method("cumsum_", 0), (3, 4)),
    "Tensor.cumprod_": op(by_method("cumprod_", 0), (3, 4)),
    "Tensor.lerp_": op(by_method("lerp_", 0.3), (3, 4), (3, 4)),
    "Tensor.masked_fill_": op(lambda x: by_method("masked_fill_", mask(), 2.0)(x), (3, 4)),
    "Tensor.index_add_": op(lambda x, v: by_method("index_add_", v)(x, rows(0, 2)(), 0), (3, 4), (2, 4)),
    "Tensor.index_put_": op(lambda x, v: by_method("index_put_", v)(x, (rows(0, 2)(),)), (3, 4), (2, 4)),
    "Tensor.put_along_axis_": op(
        lambda x, v: by_method("put_along_axis_", v, 0)(x, paddle.to_tensor([[0, 1, 2, 1]])), (3, 4), (1, 4)
    ),
    "Tensor.masked_scatter_": op(lambda x, v: by_method("masked_scatter_", v)(x, mask()), (3, 4), (3, 4)),
    "Tensor.where_": op(lambda x, v: where_(x, v), (3, 4), (3, 4)),
    "Tensor.scatter_": op(lambda x, v: by_method("scatter_", v)(x, rows(0, 2)()), (3, 4), (2, 4)),
    **{f"F.{name}": op(by_function(name), (3, 4))
       for name in ("elu_", "hardtanh_", "leaky_relu_", "relu_", "softmax_", "tanh_", "thresholded_relu_")},
}  # fmt: skip

CASES = {**ASSIGNMENTS, **OPS}
