"""Autocast, which Paddle turns off on the CPU: here float64 stands for float32 and float32 for float16."""

from types import SimpleNamespace

import paddle
import paddle.nn.functional as F
import pytest
from helpers import leaf
from paddle.base import core

from paddle_metaopt import twice_differentiable
from paddle_metaopt.double_grad import precision


@pytest.fixture
def autocast(monkeypatch):
    """Paddle's O1 with its real lists, one precision up, as far as our dispatcher sees; Paddle itself stays out."""
    lists = [getattr(paddle.amp.amp_lists, name)()["float16"]["O1"] for name in ("white_list", "black_list")]
    state = SimpleNamespace(_amp_level=core.AmpLevel.O1, _amp_dtype="float32", _get_amp_op_list=lambda: lists)
    monkeypatch.setattr(precision, "_CAST", [paddle.float64, paddle.float32])
    monkeypatch.setattr(precision, "_HIGH", paddle.float64)
    monkeypatch.setattr(precision, "_dygraph_tracer", lambda: state)
    return state


def test_ops_run_in_the_type_of_paddles_lists(autocast):
    x, w = leaf(2, 1, 5, 5), leaf(2, 1, 3, 3)
    with twice_differentiable():
        y = F.conv2d(x, w)
        assert y.dtype == paddle.float32  # allowed
        assert F.softmax(y).dtype == paddle.float64  # blocked
        assert F.max_pool2d(y, 2).dtype == paddle.float32
        assert F.dropout(y, 0.5).dtype == paddle.float32  # neither: the widest of its operands
        assert F.dropout(x, 0.5).dtype == paddle.float64
        autocast._amp_level = core.AmpLevel.OD
        assert F.dropout(y, 0.5).dtype == paddle.float64
    assert autocast._amp_level == core.AmpLevel.OD


def test_second_derivatives_come_in_the_type_of_their_operands(autocast):
    x, w = leaf(2, 1, 5, 5), leaf(2, 1, 3, 3)
    scale, shift = leaf(2), leaf(2)

    def second(*tensors):
        with twice_differentiable():
            y = F.conv2d(tensors[0], tensors[1])
            mean, variance = paddle.zeros([2], "float64"), paddle.ones([2], "float64")
            y = F.batch_norm(y, mean, variance, *tensors[2:], training=True)
            first = paddle.grad((F.softmax(y, 1) ** 2).sum(), tensors, create_graph=True)
        return paddle.grad(sum((g**2).sum() for g in first), tensors)

    mixed = second(x, w, scale, shift)
    autocast._amp_level = core.AmpLevel.O0
    for found, exact in zip(mixed, second(x, w, scale, shift)):
        assert found.dtype == paddle.float64
        error = float((found - exact).abs().max() / exact.abs().max())
        assert 1e-12 < error < 1e-4
