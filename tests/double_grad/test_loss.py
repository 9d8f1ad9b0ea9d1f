"""Losses of labels that are none, and of classes that cannot be."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import leaf

from paddle_metaopt import twice_differentiable, vmap


def test_an_ignored_label_takes_no_notice_of_an_impossible_class():
    x = paddle.to_tensor([[-float("inf"), -1.0, -0.5], [-float("inf"), -2.0, -0.3]])
    x.stop_gradient = False
    with twice_differentiable():
        loss = F.nll_loss(x, paddle.to_tensor([-100, 1]), reduction="sum")
        (slope,) = paddle.grad(loss, [x], create_graph=True)

    assert float(loss) == 2.0
    assert slope.tolist() == [[0.0, 0.0, 0.0], [0.0, -1.0, 0.0]]


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("weight", [None, paddle.ones([3])])
def test_a_label_that_is_no_class_is_refused(label, weight):
    def loss(x):
        return F.nll_loss(x, paddle.to_tensor([label, 1]), weight)

    x = leaf(2, 3).astype("float32")
    for refusing in (lambda: loss(x), lambda: vmap(loss)(x.unsqueeze(0).tile([2, 1, 1]))):
        with twice_differentiable(), pytest.raises((IndexError, ValueError)):
            refusing()
