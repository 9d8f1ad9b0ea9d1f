"""Picking out and putting in by slice, index and mask."""

from __future__ import annotations

import numpy as np
import paddle

from .case import op, positive, spread


def integers(*values):
    return paddle.to_tensor(list(values))


def rows():
    return integers(2, 0, 2)


def mask():
    return paddle.to_tensor([[True, False, True, False], [False, False, True, True], [True, True, True, False]])


def columns_index():
    """An index for take_along_axis and put_along_axis on (3, 4), no place twice."""
    return integers([0, 2], [1, 3], [3, 0])


def repeating_index():
    return integers([0, 2, 2], [1, 3, 1], [3, 3, 3])


def replaced(x, index, values, **options):
    return paddle.put_along_axis(x, index, values, 1, **options)


def reduced(reduce, **options):
    return lambda x, values: replaced(x, repeating_index(), values, reduce=reduce, **options)


GETITEM = {
    "integer": lambda x: x[1],
    "negative integer": lambda x: x[-1],
    "all integers": lambda x: x[1, 2],
    "integer and slice": lambda x: x[1, 1:3],
    "slice": lambda x: x[1:],
    "two slices": lambda x: x[:2, -3:-1],
    "colon": lambda x: x[:],
    "empty slice": lambda x: paddle.concat([x[2:2], x[:1]]),
    "step": lambda x: x[:, ::2],
    "negative step": lambda x: x[::-1],
    "steps both ways": lambda x: x[::2, ::-3],
    "integer and step": lambda x: x[1, ::2],
    "None": lambda x: x[None, :, None],
    "None and integer": lambda x: x[1, None],
    "None and step": lambda x: x[None, ::2],
    "ellipsis": lambda x: x[..., 1],
    "ellipsis alone": lambda x: x[...],
    "empty tuple": lambda x: x[()],
    "slice object of tensors": lambda x: x[integers(1)[0] :],
    "0-D tensor": lambda x: x[paddle.to_tensor(2)],
    "0-D tensor and slice": lambda x: x[paddle.to_tensor(2), 1:],
    "NumPy integer": lambda x: x[np.int64(2)],
    "int tensor": lambda x: x[rows()],
    "negative int tensor": lambda x: x[integers(-1, 0)],
    "int32 tensor": lambda x: x[rows().astype("int32")],
    "int tensor of two axes": lambda x: x[integers([0, 2], [2, 2])],
    "int tensor of columns": lambda x: x[:, rows()],
    "int tensor and slice": lambda x: x[rows(), 1:3],
    "int tensor and step": lambda x: x[rows(), ::2],
    "int tensor and integer": lambda x: x[rows(), 1],
    "int tensor and None": lambda x: x[rows(), None],
    "list": lambda x: x[[0, 2, 2]],
    "NumPy array": lambda x: x[np.array([0, 2, 2])],
    "range": lambda x: x[range(2)],
    "two int tensors": lambda x: x[rows(), integers(3, 0, 3)],
    "two broadcast int tensors": lambda x: x[integers([0], [2]), integers(3, 0, 3)],
    "mask": lambda x: x[mask()],
    "mask of rows": lambda x: x[paddle.to_tensor([True, False, True])],
    "mask of columns": lambda x: x[:, paddle.to_tensor([True, False, True, True])],
    "mask as a list": lambda x: x[[True, False, True]],
    "mask as an array": lambda x: x[np.array([True, False, True])],
    "mask and integer": lambda x: x[paddle.to_tensor([True, False, True]), 1],
    "mask and int tensor": lambda x: x[paddle.to_tensor([True, False, True]), integers(3, 1)],
    "mask of nothing": lambda x: paddle.concat([x[paddle.zeros([3], "bool")], x]),
    "True": lambda x: x[True],
    "of its own mask": lambda x: x[x > 0],
}

GETITEM_3D = {
    "int tensors apart": lambda x: x[rows() % 2, :, integers(3, 0, 3)],
    "int tensors in the middle": lambda x: x[:, rows(), 1:],
    "int tensors at the end": lambda x: x[:, rows(), integers(3, 0, 3)],
    "ellipsis and int tensor": lambda x: x[..., rows()],
    "ellipsis and step": lambda x: x[..., ::-2],
    "integer, step, int tensor": lambda x: x[1, ::2, rows()],
    "int tensor, integer, slice": lambda x: x[rows() % 2, 1, 1:3],
    "mask of two axes": lambda x: x[paddle.to_tensor([[True, False, True], [False, True, True]])],
}

CASES = {
    **{f"Tensor.__getitem__ {form}": op(get, (3, 4)) for form, get in GETITEM.items()},
    **{f"Tensor.__getitem__ {form}": op(get, (2, 3, 4)) for form, get in GETITEM_3D.items()},
    "Tensor.__iter__": op(lambda x: [row * row for row in x], (3, 4)),
    "paddle.slice": op(lambda x: paddle.slice(x, [0], [1], [3]), (3, 4)),
    "paddle.slice negative": op(lambda x: paddle.slice(x, [0, 1], [-2, 1], [5, -1]), (3, 4)),
    "paddle.strided_slice": op(lambda x: paddle.strided_slice(x, [0, 1], [2, 0], [-4, 4], [-1, 2]), (3, 4)),
    "paddle.gather": op(lambda x: paddle.gather(x, rows()), (3, 4)),
    "paddle.gather columns": op(lambda x: paddle.gather(x, rows(), 1), (3, 4)),
    "paddle.gather 0-D index": op(lambda x: paddle.gather(x, paddle.to_tensor(1), 1), (3, 4)),
    "paddle.gather 0-D index, middle axis": op(lambda x: paddle.gather(x, paddle.to_tensor(1), 1), (2, 3, 2)),
    "paddle.gather_nd": op(lambda x: paddle.gather_nd(x, integers([0, 1], [2, 3], [0, 1])), (3, 4)),
    "paddle.gather_nd rows": op(lambda x: paddle.gather_nd(x, integers([0], [2], [2])), (3, 4)),
    "paddle.index_select": op(lambda x: paddle.index_select(x, rows()), (3, 4)),
    "paddle.index_select columns": op(lambda x: paddle.index_select(x, rows(), -1), (3, 4)),
    "paddle.index_select from the end": op(lambda x: paddle.index_select(x, integers(-1, 0, -1)), (3, 4)),
    "paddle.index_select columns from the end": op(lambda x: paddle.index_select(x, integers(-1, -3), 1), (3, 4)),
    "paddle.index_sample": op(lambda x: paddle.index_sample(x, repeating_index()), (3, 4)),
    "paddle.take_along_axis": op(lambda x: paddle.take_along_axis(x, repeating_index(), 1), (3, 4)),
    "paddle.take_along_axis negative": op(lambda x: paddle.take_along_axis(x, repeating_index() - 4, 1), (3, 4)),
    "paddle.take_along_axis broadcast": op(lambda x: paddle.take_along_axis(x, integers([2, 0, 2, 1]), 0), (3, 4)),
    "paddle.take_along_axis broadcast x": op(lambda x: paddle.take_along_axis(x, repeating_index(), 1), (1, 4)),
    "paddle.take_along_axis not broadcast": op(
        lambda x: paddle.take_along_axis(x, integers([3, 1], [0, 0]), 1, broadcast=False), (3, 4)
    ),
    "paddle.take": op(lambda x: paddle.take(x, integers([11, 0], [11, -2])), (3, 4)),
    "paddle.take wrap": op(lambda x: paddle.take(x, integers(13, 0, -14), mode="wrap"), (3, 4)),
    "paddle.take clip": op(lambda x: paddle.take(x, integers(13, 0, 5), mode="clip"), (3, 4)),
    "paddle.masked_select": op(lambda x: paddle.masked_select(x, mask()), (3, 4)),
    "paddle.masked_select row mask": op(lambda x: paddle.masked_select(x, mask()[0]), (3, 4)),
    "paddle.masked_fill": op(lambda x: paddle.masked_fill(x, mask(), 0.5), (3, 4)),
    "paddle.masked_fill row mask": op(lambda x: paddle.masked_fill(x, mask()[:1], 0.5), (3, 4)),
    "paddle.masked_fill broadcast x": op(lambda x: paddle.masked_fill(x, mask(), 0.5), (1, 4)),
    "paddle.masked_fill tensor": op(lambda x, v: paddle.masked_fill(x, mask(), v.squeeze()), (3, 4), (1,)),
    "paddle.masked_scatter": op(lambda x, v: paddle.masked_scatter(x, mask(), v), (3, 4), (8,)),
    "paddle.masked_scatter row mask": op(lambda x, v: paddle.masked_scatter(x, mask()[0], v), (3, 4), (3, 3)),
    "paddle.where": op(lambda x, y: paddle.where(mask(), x, y), (3, 4), (3, 4)),
    "paddle.where of its own condition": op(lambda x, y: paddle.where(x > y, x * x, y), (3, 4), (3, 4)),
    "paddle.where broadcast": op(lambda x, y: paddle.where(mask(), x, y), (4,), (3, 1)),
    "paddle.where condition broadcast": op(lambda x, y: paddle.where(mask()[0], x, y), (3, 4), (3, 4)),
    "paddle.where number": op(lambda x: paddle.where(mask(), x, 0.0), (3, 4)),
    "paddle.where of number": op(lambda x: paddle.where(mask(), 1.0, x), (3, 4)),
    "paddle.where constant": op(lambda x: paddle.where(mask(), paddle.ones([3, 4], x.dtype), x), (3, 4)),
    "paddle.where 0-D": op(lambda x, y: paddle.where(mask(), x.squeeze(), y), (1,), (3, 4)),
    "paddle.multiplex": op(
        lambda x, y: paddle.multiplex([x, y, x * y], integers([1], [2], [1]).astype("int32")), (3, 4), (3, 4)
    ),
    "paddle.index_add": op(lambda x, v: paddle.index_add(x, rows(), 0, v), (3, 4), (3, 4)),
    "paddle.index_add columns": op(lambda x, v: paddle.index_add(x, rows(), 1, v), (3, 4), (3, 3)),
    "paddle.index_put": op(lambda x, v: paddle.index_put(x, (integers(0, 2),), v), (3, 4), (2, 4)),
    "paddle.index_put repeated": op(lambda x, v: paddle.index_put(x, (rows(),), v), (3, 4), (3, 4)),
    "paddle.index_put two indices": op(
        lambda x, v: paddle.index_put(x, (integers(0, 2), integers(3, 1)), v), (3, 4), (2,)
    ),
    "paddle.index_put one value": op(
        lambda x, v: paddle.index_put(x, (integers(0, 2), integers(3, 1)), v), (3, 4), (1,)
    ),
    "paddle.index_put mask": op(lambda x, v: paddle.index_put(x, (mask(),), v), (3, 4), (7,)),
    "paddle.index_put accumulate": op(
        lambda x, v: paddle.index_put(x, (rows(), integers(3, 1, 3)), v, accumulate=True), (3, 4), (3,)
    ),
    "paddle.index_put accumulate broadcast": op(
        lambda x, v: paddle.index_put(x, (rows(),), v, accumulate=True), (3, 4), (4,)
    ),
    "paddle.index_fill": op(lambda x: paddle.index_fill(x, integers(0, 2), 0, 0.5), (3, 4)),
    "paddle.index_fill columns": op(lambda x: paddle.index_fill(x, integers(0, 3), 1, 0.5), (3, 4)),
    "paddle.index_fill tensor": op(lambda x, v: paddle.index_fill(x, integers(0, 2), 0, v.squeeze()), (3, 4), (1,)),
    "paddle.scatter": op(lambda x, v: paddle.scatter(x, integers(2, 0), v), (3, 4), (2, 4)),
    "paddle.scatter repeated": op(lambda x, v: paddle.scatter(x, rows(), v), (3, 4), (3, 4)),
    "paddle.scatter column of indices": op(lambda x, v: paddle.scatter(x, integers([2], [0]), v), (3, 4), (2, 4)),
    "paddle.scatter add": op(lambda x, v: paddle.scatter(x, rows(), v, overwrite=False), (3, 4), (3, 4)),
    "paddle.scatter of vectors": op(lambda x, v: paddle.scatter(x, integers(2, 0), v), (3,), (2,)),
    "paddle.scatter_nd": op(lambda v: paddle.scatter_nd(integers([1, 2], [0, 0], [1, 2]), v, [3, 4]), (3,)),
    "paddle.scatter_nd_add": op(
        lambda x, v: paddle.scatter_nd_add(x, integers([1, 2], [0, 0], [1, 2]), v), (3, 4), (3,)
    ),
    "paddle.scatter_nd_add rows": op(lambda x, v: paddle.scatter_nd_add(x, integers([2], [0], [2]), v), (3, 4), (3, 4)),
    "paddle.put_along_axis": op(lambda x, v: replaced(x, columns_index(), v), (3, 4), (3, 2)),
    "paddle.put_along_axis negative": op(lambda x, v: replaced(x, columns_index() - 4, v), (3, 4), (3, 2)),
    "paddle.put_along_axis repeated": op(lambda x, v: replaced(x, repeating_index(), v), (3, 4), (3, 3)),
    "paddle.put_along_axis broadcast": op(
        lambda x, v: paddle.put_along_axis(x, integers([2, 0, 2, 1]), v, 0), (3, 4), (1, 4)
    ),
    "paddle.put_along_axis not broadcast": op(
        lambda x, v: replaced(x, integers([3, 1], [0, 2]), v, broadcast=False), (3, 4), (3, 3)
    ),
    "paddle.put_along_axis add": op(reduced("add"), (3, 4), (3, 3)),
    "paddle.put_along_axis add without itself": op(reduced("add", include_self=False), (3, 4), (3, 3)),
    "paddle.put_along_axis multiply": op(reduced("multiply"), (3, 4), (3, 3)),
    "paddle.put_along_axis multiply without itself": op(reduced("mul", include_self=False), (3, 4), (3, 3)),
    "paddle.put_along_axis mean": op(reduced("mean"), (3, 4), (3, 3)),
    "paddle.put_along_axis mean without itself": op(reduced("mean", include_self=False), (3, 4), (3, 3)),
    "paddle.put_along_axis amax": op(reduced("amax"), spread(3, 4), (3, 3)),
    "paddle.put_along_axis amax without itself": op(reduced("amax", include_self=False), (3, 4), spread(3, 3)),
    "paddle.put_along_axis amin": op(reduced("amin"), spread(3, 4), (3, 3)),
    "paddle.put_along_axis amin without itself": op(reduced("amin", include_self=False), (3, 4), spread(3, 3)),
    "paddle.select_scatter": op(lambda x, v: paddle.select_scatter(x, v, 1, -2), (3, 4), (3,)),
    "paddle.slice_scatter": op(lambda x, v: paddle.slice_scatter(x, v, [1], [0], [4], [2]), (3, 4), (3, 2)),
    "paddle.slice_scatter two axes": op(
        lambda x, v: paddle.slice_scatter(x, v, [0, 1], [0, 1], [2, 3], [1, 1]), (3, 4), (2, 2)
    ),
    "paddle.diagonal_scatter": op(lambda x, v: paddle.diagonal_scatter(x, v), (3, 4), (3,)),
    "paddle.diagonal_scatter offset": op(lambda x, v: paddle.diagonal_scatter(x, v, 1, 1, 2), (2, 3, 4), (2, 3)),
    "paddle.diagonal_scatter below": op(lambda x, v: paddle.diagonal_scatter(x, v, -1), (3, 4), (2,)),
    "Tensor.fill_diagonal_tensor": op(lambda x, v: x.fill_diagonal_tensor(v), (3, 4), (3,)),
    "Tensor.fill_diagonal_tensor offset": op(
        lambda x, v: x.fill_diagonal_tensor(v, offset=1, dim1=1, dim2=2), (2, 3, 4), (2, 3)
    ),
}

if hasattr(paddle, "scatter_reduce"):  # from Paddle 3.2 on
    CASES |= {
        "paddle.narrow": op(lambda x: paddle.narrow(x, 1, 1, 2), (3, 4)),
        "paddle.take_along_dim": op(lambda x: paddle.take_along_dim(x, repeating_index(), 1), (3, 4)),
        "Tensor.__getitem__ mask of the last two axes": op(lambda x: x[:, mask()], (2, 3, 4)),
        "paddle.narrow of a transposed tensor": op(lambda x: paddle.narrow((x * x).t(), 0, 1, 2), (3, 4)),
        "paddle.scatter_add": op(lambda x, v: paddle.scatter_add(x, 1, repeating_index(), v), (3, 4), (3, 3)),
        **{
            f"paddle.scatter_reduce {reduce}": op(
                lambda x, v, reduce=reduce: paddle.scatter_reduce(x, 1, repeating_index(), v, reduce),
                spread(3, 4),
                positive(3, 3),
            )
            for reduce in ("sum", "prod", "mean", "amin", "amax")
        },
        "paddle.scatter_reduce without itself": op(
            lambda x, v: paddle.scatter_reduce(x, 1, repeating_index(), v, "mean", include_self=False), (3, 4), (3, 3)
        ),
        "paddle.scatter as put_along_axis": op(lambda x, v: paddle.scatter(x, 1, columns_index(), v), (3, 4), (3, 2)),
    }
