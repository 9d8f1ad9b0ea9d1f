"""MAML++: rates and statistics for each step, and what changes with the epochs."""

import numpy as np
import paddle
import paddle.nn.functional as F
from helpers import episode, loss_of, make_net, part
from meta_combinations import step
from paddle import nn

import paddle_metaopt as metaopt


def plus_plus(net, **options):
    return metaopt.MAMLPlusPlusOptimizer(1e-3, parameters=net.parameters(), **options)


def test_each_step_has_a_rate_of_its_own_and_those_beyond_the_last():
    net = make_net()
    opt = plus_plus(net, adapt_steps=3)
    rates = opt.learned[f"rates.{net.head.weight.name}"]
    rates.set_value(np.array([0.1, 0.2, 0.3]))
    for number, expected in enumerate([0.1, 0.2, 0.3, 0.3]):
        assert opt.plan.step.rate(net.head.weight, number).item() == expected


def test_the_loss_of_every_step_moves_to_the_last():
    net = make_net()
    opt = plus_plus(net, adapt_steps=4, iterations_per_epoch=2, multi_step_loss_epochs=3)
    np.testing.assert_allclose(opt.plan.query_weights(4), [0.25] * 4)
    seen = []
    for seed in range(6):
        seen.append(opt.plan.query_weights(4))
        step(net, opt, seed)
    assert opt.epoch == 3 and opt.plan.query_weights is None
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_allclose(seen[2], [1 / 6, 1 / 6, 1 / 6, 0.5])
    np.testing.assert_allclose(np.sum(seen, 1), 1)
    assert opt.plan.refusal_of_backward is None


def test_the_loss_of_every_step_is_the_same_by_every_way():
    class WithDropout(nn.Layer):
        def __init__(self):
            super().__init__()
            self.net = make_net()

        def forward(self, x):
            return self.net(F.dropout(x, 0.3, training=self.training))

    support, query = part(1), part(2)
    for query_mode in ("train", "eval"):
        found = []
        for way in ("unrolled", "checkpointed"):
            net = WithDropout()
            opt = metaopt.MAMLPlusPlusOptimizer(parameters=net.parameters(), adapt_steps=3, meta_gradient=way)
            paddle.seed(4)
            with opt.adapter(net).task() as task:
                task.adapt(lambda net=net: loss_of(net, support))
                getattr(net, query_mode)()
                loss = task.meta_loss(lambda net=net: loss_of(net, query))
            loss.backward()
            gradients = [p.grad.numpy() for p in net.parameters() if p.grad is not None]
            found.append([float(loss), *gradients])
        for a, b in zip(*found):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_orders_switch_after_the_epochs_that_were_said_and_the_count_is_saved():
    net = make_net()
    opt = plus_plus(net, iterations_per_epoch=1, first_order_epochs=2, multi_step_loss_epochs=0)
    for expected in (False, False, True):
        assert (opt.plan.way.order > 1) is expected
        step(net, opt, 0)
    other = plus_plus(make_net(), iterations_per_epoch=1, first_order_epochs=2)
    other.set_state_dict(opt.state_dict())
    assert other.epoch == 3


def test_statistics_of_each_step(tmp_path):
    net, task = make_net(), episode()
    own = net.norm._mean.numpy().copy()
    opt = plus_plus(net, adapt_steps=2, inner_lr=0.5)
    for seed in range(3):
        step(net, opt, seed)
    np.testing.assert_array_equal(own, net.norm._mean.numpy())
    kept = {(name, number): value.numpy() for name, number, value in opt.state_dict()["MetaOptimizer"]["buffers"]}
    means = [kept["norm._mean", number] for number in range(3)]
    assert not np.allclose(means[0], means[1]) and not np.allclose(means[1], means[2])
    net.eval()
    with opt.adapter(net).task() as running, paddle.no_grad():
        for number in (0, 1, 2, 2):  # beyond the trained steps, the last one's
            np.testing.assert_array_equal(net.norm._mean.numpy(), means[number])
            with paddle.enable_grad():
                running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]), steps=1)
    result = metaopt.evaluate(net, opt, [task], F.mse_loss, steps=4, statistics="running")
    assert np.isfinite(result.mean)
    paddle.save(opt.state_dict(), str(tmp_path / "state"))
    for numpy in (False, True):
        other = plus_plus(make_net(), adapt_steps=2, inner_lr=0.5)
        other.set_state_dict(paddle.load(str(tmp_path / "state"), return_numpy=numpy))
        buffers = other.state_dict()["MetaOptimizer"]["buffers"]
        restored = {(name, number): value.numpy() for name, number, value in buffers}
        for key, value in kept.items():
            np.testing.assert_array_equal(restored[key], value)
