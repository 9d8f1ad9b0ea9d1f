"""T-nets against differences, and that their warp stays."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import EXACT, error_of_meta_gradient, in_double, labelled_episode
from paddle import nn

import paddle_metaopt as metaopt


class Warped(nn.Layer):
    def __init__(self):
        super().__init__()
        self.enter, self.warp1 = nn.Linear(3, 5), nn.Linear(5, 5)
        self.head, self.warp2 = nn.Linear(5, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.warp2(self.head(F.tanh(self.warp1(self.enter(x)))))


@pytest.mark.parametrize("way", EXACT)
def test_t_net_is_exact_and_its_warp_stays(way):
    paddle.seed(1)
    net = in_double(Warped())
    opt = metaopt.TNetOptimizer(
        parameters=net.parameters(), warp=[net.warp1, net.warp2], inner_lr=0.3, adapt_steps=2, meta_gradient=way
    )
    assert error_of_meta_gradient(net, opt, labelled_episode()) < 1e-6
    learner = opt.adapter(net).clone()
    learner.adapt(lambda: F.cross_entropy(learner(labelled_episode().support[0]), labelled_episode().support[1]))
    for name, weight in learner.fast_weights.items():
        moved = not np.array_equal(weight.numpy(), dict(net.named_parameters())[name].numpy())
        assert moved is not name.startswith("warp")
    with pytest.raises(TypeError, match="TNetOptimizer: warp: expected the Layers"):
        metaopt.TNetOptimizer(parameters=net.parameters())
