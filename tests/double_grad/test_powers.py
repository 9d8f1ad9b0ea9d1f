"""Powers of zero."""

import paddle
import pytest

from paddle_metaopt.double_grad.testing import rules_for


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.0, 2.0])
@pytest.mark.parametrize("power", [paddle.pow, lambda x, exponent: x**exponent])
def test_second_derivatives_at_zero(power, exponent, order):
    x = paddle.to_tensor([0.0, -1.0, 2.0], "float64", stop_gradient=False)
    with rules_for(order):
        (slope,) = paddle.grad((power(x, exponent) + 3 * x * x).sum(), [x], create_graph=True)
        (second,) = paddle.grad(slope.sum(), [x])

    of_power = [exponent * (exponent - 1) * v ** (exponent - 2) if exponent not in (0, 1) else 0.0 for v in x.tolist()]
    assert second.tolist() == pytest.approx([6 + each for each in of_power])
