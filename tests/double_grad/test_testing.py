"""What judges a rule: it can find one wrong."""

import math

import paddle
import pytest
from helpers import leaf

from paddle_metaopt.double_grad.testing import check_twice_differentiable, compare_with_differences


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_never_near_a_difference(number):
    x = leaf(3)

    def compared(value, gradient):
        return compare_with_differences(value, [gradient], [x], directions=1).error

    assert compared(lambda: x.sum(), paddle.ones_like(x)) < 1e-6
    assert compared(lambda: x.sum(), paddle.full_like(x, number)) == math.inf
    assert compared(lambda: x.sum() * number, paddle.ones_like(x)) == math.inf
    assert check_twice_differentiable(lambda x: x * number, [x], [0]).error == math.inf
