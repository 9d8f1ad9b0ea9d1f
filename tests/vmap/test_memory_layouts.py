"""What Paddle does by a tensor's memory gives for a batch of tasks, whose tensors stand otherwise there, what it gives
for one."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of
from paddle import nn

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")

INDEX = paddle.to_tensor([0, 2])

#: Of the output of a convolution, [3, 4, 4, 4], and of a weight with four axes, [4, 2, 2, 2].
USES = {
    "channels by a tensor": lambda h, w: h[:, INDEX],
    "channels by a list": lambda h, w: h[:, [0, 2]],
    "channels by a mask": lambda h, w: h[:, paddle.to_tensor([True, False, True, True])],
    "channels by their own size": lambda h, w: h[:, h.mean([0, 2, 3]).argsort()[:2]],
    "columns": lambda h, w: h[..., INDEX],
    "channels and rows": lambda h, w: h[:, INDEX, INDEX],
    "a new axis by True": lambda h, w: h[True].squeeze(0),
    "of a weight": lambda h, w: h * w[..., paddle.to_tensor([1])].mean(),
    "a view": lambda h, w: h.view([3, 64]),
    "a view of a weight": lambda h, w: h * w.view([8, 4])[0, 1],
    "complex": lambda h, w: h * paddle.as_complex(w).abs().sum(),
}


class Uses(nn.Layer):
    def __init__(self, use):
        super().__init__()
        self.use = use
        self.first, self.second = nn.Conv2D(2, 4, 3), nn.Conv2D(4, 4, 3, padding=1)
        self.weight = self.create_parameter([4, 2, 2, 2])

    def forward(self, x):
        h = self.use(F.tanh(self.second(F.tanh(self.first(x)))), self.weight).flatten(1)
        return (h * paddle.cos(paddle.arange(h.shape[1], dtype="float64"))).sum(1)


@pytest.mark.parametrize("use", USES)
def test_a_batch_gives_the_numbers_of_the_loop(use):
    net = Uses(USES[use])
    tasks = [((paddle.randn([3, 2, 6, 6]), paddle.randn([3])),) * 2 for _ in range(2)]
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    found = []
    for vectorize in (True, False):
        loss = opt.meta_loss(net, tasks, F.mse_loss, vectorize=vectorize)
        loss.backward()
        found.append([float(loss), *filter(lambda g: g is not None, gradients_of(net.parameters()))])
        opt.clear_grad()
        found[-1].append(metaopt.evaluate(net, opt, tasks, F.mse_loss, vectorize=vectorize).mean)
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
