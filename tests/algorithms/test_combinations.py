"""Each algorithm, way back and inner rule, with each of the others: the meta-gradient against its definition."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from meta_combinations import (
    ALGORITHMS,
    BOUNDS,
    alike,
    assert_a_second_copy_goes_on,
    episode,
    error_of,
    make_net,
    of_every_pair,
    step,
)


@pytest.mark.parametrize("algorithm, way, rule", of_every_pair())
def test_the_meta_gradient_is_that_of_the_definition(algorithm, way, rule):
    assert error_of(algorithm, way, rule, steps=3) < BOUNDS[way]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_saved_run_goes_on_bit_for_bit_in_a_second_copy(algorithm, tmp_path):
    net = make_net()
    opt = ALGORITHMS[algorithm](net, adapt_steps=2)
    for seed in range(3):
        step(net, opt, seed)
    assert_a_second_copy_goes_on(algorithm, net, opt, tmp_path)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.filterwarnings("ignore")  # that AMP does nothing on the CPU
def test_the_calls_of_mixed_precision_go_through(algorithm):
    nets = make_net(), make_net()
    with_amp, without = alike(algorithm, nets, adapt_steps=2)
    scaler = paddle.amp.GradScaler(enable=True)
    net, _ = paddle.amp.decorate(nets[0], with_amp, level="O1")
    with paddle.amp.auto_cast():
        loss = with_amp.meta_loss(net, [episode()], F.mse_loss)
    scaler.scale(loss).backward()
    scaler.step(with_amp)
    scaler.update()
    step(nets[1], without, 0)
    tensors = [[*net.parameters(), *opt.learned.values()] for net, opt in zip(nets, (with_amp, without))]
    for p, q in zip(*tensors):
        np.testing.assert_allclose(p.numpy(), q.numpy(), atol=1e-9)  # a bias before BatchNorm gets rounding


def test_imaml_of_first_order_takes_the_query_gradient_at_the_inner_minimum():
    net, task = make_net(), episode()
    opt = ALGORITHMS["imaml"](net, adapt_steps=3, first_order=True)
    loss = opt.meta_loss(net, [task], F.mse_loss)
    loss.backward()
    found = {name: p.grad.numpy().copy() for name, p in net.named_parameters() if p.grad is not None}
    with opt.adapter(net).task() as running:
        running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]))
        fast = {name: w.numpy() for name, w in running.fast_weights.items()}
    net.clear_gradients()
    net.set_state_dict({**net.state_dict(), **fast})
    there = F.mse_loss(net(task.query[0]), task.query[1])
    there.backward()
    np.testing.assert_allclose(float(loss), float(there), rtol=1e-12)
    for name, p in net.named_parameters():
        if p.grad is not None:
            np.testing.assert_allclose(found[name], p.grad.numpy(), rtol=1e-9, atol=1e-12)
