"""Values with options that are no number of single precision: as Paddle rounds them, or not."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_metaopt import twice_differentiable


def prior():
    return paddle.to_tensor([[0.1, 0.2, 0.3, 0.4]], "float64")


FUNCTIONS = {
    "softplus": lambda x: F.softplus(x, 0.3, 0.7),
    "softplus complex": lambda x: paddle.as_real(F.softplus(paddle.complex(x, x), 0.3, 0.1)),
    "logit": lambda x: paddle.logit(x, 0.3),
    "stanh": lambda x: paddle.stanh(x, 0.3, 1.3),
    "elu": lambda x: F.elu(x - 0.5, 0.3),
    "celu": lambda x: F.celu(x - 0.5, 0.3),
    "power": lambda x: x**0.3,
    "addmm": lambda x: paddle.addmm(x, x[:, :3], x, beta=0.3, alpha=0.7),
    "baddbmm": lambda x: paddle.baddbmm(x.unsqueeze(0), x[None, :, :3], x.unsqueeze(0), beta=0.3, alpha=0.7),
    "label_smooth": lambda x: F.label_smooth(x, epsilon=0.1),
    "label_smooth prior": lambda x: F.label_smooth(x, prior(), 0.3),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x, x * x - 1, "none", 0.7),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_value_is_the_one_outside(name):
    x = paddle.linspace(0.1, 0.9, 12, "float64").reshape([3, 4])
    plain = FUNCTIONS[name](x).numpy()
    x.stop_gradient = False
    with twice_differentiable():
        ours = FUNCTIONS[name](x)
    # Of complex exponentials, Paddle's have the accuracy of float32.
    np.testing.assert_allclose(ours.numpy(), plain, rtol=1e-7 if "complex" in name else 1e-13)
