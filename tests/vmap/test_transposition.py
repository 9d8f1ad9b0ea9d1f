"""A transposition that leaves the last axis has a kernel of its own."""

import itertools

import paddle
import pytest
from batched_cases import choices
from equality import compare

from paddle_metaopt.vmap import Batched, batching

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
def test_any_order_of_axes_is_that_of_the_loop(order):
    weight = paddle.randn([5, 4, 3]).transpose(order)

    def function(x):
        return (paddle.transpose(x, list(order)) ** 2 * weight).sum()

    for batched in choices(1):
        assert compare(function, [paddle.randn([5, 4, 3])], batched).verdict == "rule"


def test_the_result_is_in_memory_of_its_own():
    x = paddle.randn([2, 5, 4, 3])
    with batching():
        y = paddle.transpose(Batched(x), [1, 0, 2])
    assert y.stacked.is_contiguous()
    assert (y.stacked == x.transpose([0, 2, 1, 3])).all()
