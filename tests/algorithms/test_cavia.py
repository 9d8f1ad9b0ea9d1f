"""CAVIA against differences; where its tasks begin, and what that leaves of the net."""

import numpy as np
import paddle
import pytest
from helpers import EXACT, error_of_meta_gradient, in_double, labelled_episode
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.meta_gradients import Evolution, Implicit


class InContext(nn.Layer):
    def __init__(self):
        super().__init__()
        self.context = self.create_parameter([2], default_initializer=nn.initializer.Constant(0.3))
        self.body = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))

    def forward(self, x):
        return self.body(paddle.concat([x, self.context.expand([x.shape[0], 2])], axis=1))


@pytest.mark.parametrize("way", [*EXACT, "implicit"])
@pytest.mark.parametrize("trained", [True, False])
def test_cavia_is_exact_and_its_context_starts_at_zero(way, trained):
    paddle.seed(1)
    net = in_double(InContext())
    parameters = [p for p in net.parameters() if trained or p is not net.context]
    steps = 2
    if way == "implicit":
        way, steps = Implicit(proximal=2.0, iterations=30, tolerance=1e-13), 200
    opt = metaopt.CAVIAOptimizer(
        parameters=parameters, context=net.context, inner_lr=0.3, adapt_steps=steps, meta_gradient=way
    )
    assert error_of_meta_gradient(net, opt, labelled_episode(), directions=5 if steps < 200 else 2) < 1e-6
    learner = opt.adapter(net).clone()
    np.testing.assert_array_equal(learner.fast_weights["context"].numpy(), np.zeros(2))
    assert net.context.grad is None
    with pytest.raises(TypeError, match="CAVIAOptimizer: context: expected the Parameter that adapts"):
        metaopt.CAVIAOptimizer(parameters=parameters)


def test_a_task_that_begins_elsewhere_leaves_the_net_as_it_was_and_is_refused_where_it_makes_no_sense():
    paddle.seed(1)
    net = in_double(InContext())
    before = net.context.numpy().copy()
    opt = metaopt.CAVIAOptimizer(parameters=net.parameters(), context=net.context)
    with opt.adapter(net).task() as task:
        assert task.fast_weights["context"] is net.context
    np.testing.assert_array_equal(net.context.numpy(), before)
    for way in (metaopt.meta_gradients.Displacement(), Evolution()):
        with pytest.raises(ValueError, match="begin"):
            metaopt.CAVIAOptimizer(parameters=net.parameters(), context=net.context, meta_gradient=way)
