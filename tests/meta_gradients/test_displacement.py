"""Reptile's way back."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import episode, loss_of, make_net, part, small_net

import paddle_metaopt as metaopt


def test_reptiles_gradient_is_the_way_it_went():
    net, task = make_net(), episode()
    for rule in ("sgd", "adam"):
        opt = metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), adapt_steps=3, inner_rule=rule)
        loss = opt.meta_loss(net, [task], F.mse_loss)
        with opt.adapter(net).task() as running:
            running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]))
            fast = running.fast_weights
            expected = float(F.mse_loss(net(task.query[0]), task.query[1]))
        loss.backward()
        assert abs(float(loss) - expected) < 1e-12
        for name, p in net.named_parameters():
            if p.stop_gradient or name.startswith("unused"):
                assert p.grad is None or not p.grad.abs().sum()
            else:
                np.testing.assert_allclose(p.grad.numpy(), (p - fast[name]).numpy(), atol=1e-12)
        net.clear_gradients()
    with pytest.raises(ValueError, match="Reptile"):
        metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), first_order=False)


def test_reptile_has_nothing_for_a_tensor_outside():
    net, task = make_net(), episode()
    scale = paddle.ones([3], "float64")
    scale.stop_gradient = False
    opt = metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), adapt_steps=1)
    for inputs, message in [([scale], "Reptile takes no derivative"), ([], "set its stop_gradient to True")]:
        with opt.adapter(net).task() as running, pytest.raises(ValueError, match=message):
            running.adapt(lambda: F.mse_loss(net(task.support[0] * scale), task.support[1]))
            running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1]), inputs=inputs)


def test_reptile_reports_any_query():
    net, support, query = small_net(), part(1), part(2)
    opt = metaopt.ReptileOptimizer(1e-2, parameters=net.parameters(), adapt_steps=2)
    learner = opt.adapter(net).clone()
    learner.adapt(lambda: loss_of(learner, support))

    def distance():
        with paddle.no_grad():
            return (learner(query[0]) - query[1]).abs().mean()

    reported = learner.meta_loss(distance)
    reported.backward()
    assert float(reported) == float(distance())
    np.testing.assert_allclose(
        net[0].weight.grad.numpy(), (net[0].weight - learner.fast_weights["0.weight"]).numpy(), rtol=1e-12
    )
