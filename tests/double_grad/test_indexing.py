"""Indices into tensors whose elements do not stand one after the other in memory."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import leaf

import paddle_metaopt as metaopt

VIEWS = {
    "transposed": lambda x: paddle.transpose(x, [0, 3, 1, 2]),
    "sliced": lambda x: x[:, 1:],
    "one of several": lambda x: x.unbind(1)[0],
    "diagonal": lambda x: paddle.diagonal(x, 0, 1, 2),
    "stepped": lambda x: x[:, ::2],
}

EVERY, PICKED = slice(None), np.array([1, 0])
KEYS = [
    (EVERY, PICKED), (..., PICKED), (EVERY, PICKED, PICKED), (EVERY, EVERY, PICKED), (EVERY, [0, 1, 1]),
    (EVERY, EVERY, np.array([[0, 1], [1, 1]])),
]  # fmt: skip


def with_tensors(key):
    return tuple(paddle.to_tensor(part) if isinstance(part, np.ndarray) else part for part in key)


@pytest.mark.parametrize("key", KEYS, ids=repr)
@pytest.mark.parametrize("view", VIEWS)
def test_an_index_behind_a_slice_picks_what_it_says(view, key):
    x = leaf(2, 4, 4, 2)
    places = VIEWS[view](paddle.arange(x.size).reshape(x.shape)).numpy()[key]
    with metaopt.twice_differentiable():
        picked = VIEWS[view](x)[with_tensors(key)]
        with paddle.no_grad():
            unrecorded = VIEWS[view](x)[with_tensors(key)]
        (slope,) = paddle.grad((picked**3).sum(), [x], create_graph=True)
    values = x.numpy().reshape([-1])
    np.testing.assert_array_equal(picked.numpy(), values[places])
    np.testing.assert_array_equal(unrecorded.numpy(), values[places])
    times = np.bincount(places.reshape([-1]), minlength=x.size)
    np.testing.assert_allclose(slope.numpy().reshape([-1]), 3 * times * values**2)
    (curvature,) = paddle.grad(slope.sum(), [x])
    np.testing.assert_allclose(curvature.numpy().reshape([-1]), 6 * times * values)


def test_an_index_leaves_the_tensor_as_it_is():
    x = leaf(3, 4)
    with metaopt.twice_differentiable():
        y = x * 1
        with paddle.no_grad():
            y.scale_(2.0)  # from now on its version, and a view's, is another than a new tensor's
        view = y.t()
        before = F.gelu(view)
        picked = view[:, [0, 2]]
        (slope,) = paddle.grad(before.sum() + picked.sum(), [x], create_graph=True)
    assert not view.is_contiguous() and slope.shape == x.shape
