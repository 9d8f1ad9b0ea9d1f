"""Max pooling where nothing is a maximum, as where a training has diverged."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import in_a_fork

from paddle_metaopt import twice_differentiable

POOLS = {
    "2D": lambda x: F.max_pool2d(x, 2),
    "2D asymmetric": lambda x: F.max_pool2d(x, 2, 2, [0, 0, 0, 1]),
    "NHWC": lambda x: F.max_pool2d(x.transpose([0, 2, 3, 1]), 2, data_format="NHWC").transpose([0, 3, 1, 2]),
    "3D": lambda x: F.max_pool3d(x.unsqueeze(2).expand([-1, -1, 2, -1, -1]), 2),
    "adaptive": lambda x: F.adaptive_max_pool2d(x, 2),
    "with mask": lambda x: F.max_pool2d(x, 2, return_mask=True)[0],
    "fractional": lambda x: F.fractional_max_pool2d(x, 2, random_u=0.3),
}


def derivatives_of(pool, nothing):
    x = paddle.to_tensor([[4.0, 3.0, 2.0, 1.0]]).expand([4, 4]).reshape([1, 1, 4, 4])
    x = paddle.concat([paddle.full_like(x, nothing), x], 1)
    x.stop_gradient = False
    with paddle.no_grad():
        value = pool(x)
    with twice_differentiable():
        y = pool(x)
        (first,) = paddle.grad(y.sum(), [x], retain_graph=True)
        (live,) = paddle.grad((y * y).sum(), [x], create_graph=True)
        (second,) = paddle.grad(live.sum(), [x])
    return {
        "value": bool(paddle.isclose(y, value, equal_nan=True).all()),
        "of nothing": [float(g[:, 0].abs().max()) for g in (first, live, second)],
        "of the others": [float(g[:, 1].abs().max()) for g in (first, live, second)],
    }


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("nothing", [float("nan"), -float("inf")])
def test_pooling_of_nothing_is_constant_as_in_paddle(name, nothing):
    found = in_a_fork(lambda: derivatives_of(POOLS[name], nothing), seconds=30.0)

    assert found["value"] and found["of nothing"] == [0.0] * 3
    assert all(slope > 0 for slope in found["of the others"])
