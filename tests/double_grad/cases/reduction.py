"""Sums, means and what else makes a tensor smaller, and their running forms."""

from __future__ import annotations

import numpy as np
import paddle

from .case import op, spread


def gaps(x):
    """x with NaN in two places."""
    return paddle.where(
        paddle.to_tensor([[False, True, False, False], [False] * 4, [False, False, False, True]]),
        paddle.full([], float("nan"), x.dtype),
        x,
    )


def ties(x):
    """Each element of (3, 2) twice in its row."""
    return paddle.concat([x, x], 1)


def zeros():
    """(3, 4) with one zero, two zeros and a zero at the end in its rows."""
    return paddle.to_tensor([[1.2, 0.0, -0.7, 0.5], [0.0, 0.8, 0.0, 1.5], [-1.1, 0.6, 0.9, 0.0]], "float64")


REDUCTIONS = {
    "": lambda f: lambda x: f(x),
    " of columns": lambda f: lambda x: f(x, 1),
    " keepdim": lambda f: lambda x: f(x, 0, keepdim=True),
}


def forms(name, function, make):
    return {f"paddle.{name}{form}": op(bind(function), make) for form, bind in REDUCTIONS.items()}


CASES = {
    **forms("mean", paddle.mean, (3, 4)),
    "paddle.mean two axes": op(lambda x: paddle.mean(x, [0, -1], keepdim=True), (3, 4, 2)),
    "Tensor.mean": op(lambda x: x.mean(), (3, 4)),
    **forms("sum", paddle.sum, (3, 4)),
    "paddle.sum two axes": op(lambda x: paddle.sum(x, [0, 2]), (3, 4, 2)),
    "paddle.sum dtype": op(lambda x: paddle.sum(x, 0, "float64"), (3, 4)),
    **forms("nansum", paddle.nansum, (3, 4)),
    "paddle.nansum gaps": op(lambda x: paddle.nansum(gaps(x), 1), (3, 4)),
    **forms("nanmean", paddle.nanmean, (3, 4)),
    "paddle.nanmean gaps": op(lambda x: paddle.nanmean(gaps(x), 1), (3, 4)),
    **forms("max", paddle.max, spread(3, 4)),
    "paddle.max two axes": op(lambda x: paddle.max(x, [0, 2]), spread(3, 4, 2)),
    "paddle.max no axes": op(lambda x: paddle.max(x, ()), spread(3, 4)),
    "paddle.max NumPy axis": op(lambda x: paddle.max(x, np.int64(1)), spread(3, 4)),
    **forms("min", paddle.min, spread(3, 4)),
    **forms("amax", paddle.amax, spread(3, 4)),
    "paddle.amax two axes": op(lambda x: paddle.amax(x, [0, 2]), spread(3, 4, 2)),
    "paddle.amax ties": op(lambda x: paddle.amax(ties(x), 1), spread(3, 2)),
    "paddle.max ties": op(lambda x: paddle.max(ties(x), 1), spread(3, 2)),
    **forms("amin", paddle.amin, spread(3, 4)),
    "paddle.amin ties": op(lambda x: paddle.amin(ties(x)), spread(3, 2)),
    **forms("prod", paddle.prod, (3, 4)),
    "paddle.prod zeros": op(lambda x: paddle.prod(x, 1), zeros),
    "paddle.prod zeros of a vector": op(lambda x: paddle.prod(x[0]), zeros),
    "paddle.prod two axes": op(lambda x: paddle.prod(x, [0, 2]), (3, 2, 2)),
    **forms("logsumexp", paddle.logsumexp, (3, 4)),
    "paddle.logsumexp two axes": op(lambda x: paddle.logsumexp(x, [0, 2]), (3, 4, 2)),
    "paddle.logsumexp four axes": op(lambda x: paddle.logsumexp(x, [1, 3]), (2, 3, 2, 2)),
    "paddle.logsumexp no axes": op(lambda x: paddle.logsumexp(x, ()), (3, 4)),
    **forms("std", paddle.std, (3, 4)),
    "paddle.std biased": op(lambda x: paddle.std(x, 1, unbiased=False), (3, 4)),
    "paddle.std two axes": op(lambda x: paddle.std(x, [0, 2]), (3, 4, 2)),
    **forms("var", paddle.var, (3, 4)),
    "paddle.var biased": op(lambda x: paddle.var(x, 1, unbiased=False), (3, 4)),
    "paddle.reduce_as": op(lambda x: paddle.reduce_as(x, paddle.zeros([4], x.dtype)), (3, 4)),
    "paddle.reduce_as keeping an axis": op(lambda x: paddle.reduce_as(x, paddle.zeros([1, 4], x.dtype)), (2, 3, 4)),
    "paddle.count_nonzero": op(lambda x: x * paddle.count_nonzero(x > 0, 1, keepdim=True).astype(x.dtype), (3, 4)),
    "paddle.trapezoid": op(lambda y: paddle.trapezoid(y), (3, 4)),
    "paddle.trapezoid dx": op(lambda y: paddle.trapezoid(y, dx=0.5, axis=0), (3, 4)),
    "paddle.trapezoid x": op(lambda y, x: paddle.trapezoid(y, x), (3, 4), (4,)),
    "paddle.cumulative_trapezoid": op(lambda y: paddle.cumulative_trapezoid(y), (3, 4)),
    "paddle.cumulative_trapezoid x": op(lambda y, x: paddle.cumulative_trapezoid(y, x, axis=0), (3, 4), (3, 4)),
    "paddle.diff": op(lambda x: paddle.diff(x), (3, 4)),
    "paddle.diff twice": op(lambda x: paddle.diff(x, 2, 0), (3, 4)),
    "paddle.diff prepend": op(lambda x, y, z: paddle.diff(x, 1, 1, y, z), (3, 4), (3, 2), (3, 1)),
    "paddle.cumsum": op(lambda x: paddle.cumsum(x), (3, 4)),
    "paddle.cumsum of columns": op(lambda x: paddle.cumsum(x, 1), (3, 4)),
    "paddle.cumprod": op(lambda x: paddle.cumprod(x), (3, 4)),
    "paddle.cumprod of columns": op(lambda x: paddle.cumprod(x, 1), (3, 4)),
    "paddle.cumprod of rows": op(lambda x: paddle.cumprod(x, 0), (3, 4)),
    "paddle.cumprod zeros": op(lambda x: paddle.cumprod(x, 1), zeros),
    "paddle.cumprod zeros of columns": op(lambda x: paddle.cumprod(x, 0), zeros),
    "paddle.vander": op(lambda x: paddle.vander(x, 4), (3,)),
    "paddle.vander increasing": op(lambda x: paddle.vander(x, 3, increasing=True), (3,)),
    "paddle.logcumsumexp": op(lambda x: paddle.logcumsumexp(x), (3, 4)),
    "paddle.logcumsumexp of columns": op(lambda x: paddle.logcumsumexp(x, 1), (3, 4)),
    "paddle.logcumsumexp of rows": op(lambda x: paddle.logcumsumexp(x, 0), (3, 4)),
    "paddle.cummax": op(lambda x: paddle.cummax(x), spread(3, 4)),
    "paddle.cummax of columns": op(lambda x: paddle.cummax(x, 1), spread(3, 4)),
    "paddle.cummin": op(lambda x: paddle.cummin(x), spread(3, 4)),
    "paddle.cummin of rows": op(lambda x: paddle.cummin(x, 0), spread(3, 4)),
}
