"""What is meta-learned besides the weights: rates, transforms, hyperparameters; schedules; MAML++'s epochs."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Classifier, episode, error_of_meta_gradient, in_double, labelled_episode, make_net, parameter
from meta_combinations import ALGORITHMS, LEARNING, alike, assert_a_second_copy_goes_on, step
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences


@pytest.mark.parametrize("algorithm", LEARNING)
def test_the_same_step_moves_what_is_learned_and_the_state_carries_it(algorithm, tmp_path):
    net = make_net()
    opt = ALGORITHMS[algorithm](net, adapt_steps=2)
    start = {name: p.numpy().copy() for name, p in opt.learned.items()}
    for seed in range(3):
        step(net, opt, seed)
    moved = [name for name, p in opt.learned.items() if not np.array_equal(p.numpy(), start[name])]
    still = set(opt.learned) - set(moved)
    # A bias before BatchNorm has no gradient either.
    idle = [*net.unused.parameters(), net.enter.bias]
    assert moved and all(name.partition(".")[2] in {p.name for p in idle} for name in still), still
    assert_a_second_copy_goes_on(algorithm, net, opt, tmp_path)
    with pytest.raises(ValueError, match="another algorithm or model"):
        metaopt.MAMLOptimizer(1e-3, parameters=make_net().parameters()).set_state_dict(opt.state_dict())


def test_a_task_ends_when_a_state_is_loaded_that_moves_what_it_learns_by():
    net = make_net()
    opt = metaopt.MetaSGDOptimizer(1e-3, parameters=net.parameters())
    learner = opt.adapter(net).clone()
    x, y = episode().support
    learner.adapt(F.mse_loss(learner(x), y))
    loss = F.mse_loss(learner(x), y)
    opt.set_state_dict(opt.state_dict())
    assert not learner.is_running
    with pytest.raises(metaopt.StaleTaskError, match=r"what is learned has changed .*opt.set_state_dict\(\)"):
        loss.backward()


@pytest.mark.parametrize("outer", [paddle.optimizer.SGD, paddle.optimizer.Momentum, paddle.optimizer.AdamW])
def test_learned_parameters_have_a_group_of_their_own(outer):
    net = make_net()
    opt = metaopt.MetaSGDOptimizer.over(outer)(
        0.1, parameters=net.parameters(), weight_decay=0.5, learned_group={"learning_rate": 0.0}
    )
    start = {name: p.numpy().copy() for name, p in opt.learned.items()}
    before = net.head.weight.numpy().copy()
    step(net, opt, 0)
    assert not np.array_equal(before, net.head.weight.numpy())
    for name, p in opt.learned.items():
        np.testing.assert_array_equal(p.numpy(), start[name])


def alone(net, rate):
    return net.parameters()


def listed(net, rate):
    return [*net.parameters(), rate]


def in_a_group(net, rate):
    return [{"params": net.parameters()}, {"params": [rate], "learning_rate": 0.5}]


@pytest.mark.parametrize("parameters", [alone, listed, in_a_group])
@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "first_order"])
def test_a_learned_rate_may_stand_in_the_users_own_groups(parameters, way):
    net, task, rate = make_net(), episode(), parameter(0.1)
    opt = metaopt.MAMLOptimizer.over(paddle.optimizer.SGD)(
        1.0, parameters=parameters(net, rate), inner_lr=rate, adapt_steps=2, meta_gradient=way
    )
    assert list(opt.learned.values()) == [rate]
    opt.meta_loss(net, [task], F.mse_loss).backward()
    gradient = float(rate.grad)
    if way != "first_order":
        value = compare_with_differences(lambda: float(opt.meta_loss(net, [task], F.mse_loss)), [rate.grad], [rate])
        assert value.error < 1e-6
    opt.step()
    factor = 0.5 if parameters is in_a_group else 1.0
    np.testing.assert_allclose(float(rate), 0.1 - factor * gradient, rtol=1e-12)


@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "hessian_free"])
def test_a_rate_that_a_callable_computes_is_learned_if_it_is_named(way):
    net, task, rate = make_net(), episode(), parameter(0.1)
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=lambda step: rate * (step + 1), adapt_steps=2, meta_gradient=way
    )

    def value(inputs):
        return opt.meta_loss(net, [task], F.mse_loss, inputs=inputs)

    value([rate]).backward()
    assert compare_with_differences(lambda: float(value([rate])), [rate.grad], [rate]).error < 1e-5
    with pytest.raises(ValueError, match=r"the inner steps depend on a leaf tensor.*inputs=\[tensor\]"):
        value([])


class Scaled:
    """A rule of a user's own: gradient descent by a learned factor for each step."""

    def __init__(self, factors):
        self.factors = factors

    def init(self, params):
        return {"step": 0}

    def update(self, params, grads, rates, state):
        factor = self.factors[state["step"]]
        moved = {name: params[name] - rates[name] * factor * g for name, g in grads.items()}
        return {**params, **moved}, {"step": state["step"] + 1}


@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
def test_the_parameters_of_a_rule_of_the_users_own_are_learned(way):
    net, task = make_net(), episode()
    factors = [parameter(1.0), parameter(0.5)]
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, inner_rule=Scaled(factors), meta_gradient=way
    )
    assert list(opt.learned) == ["inner_rule.factors", "inner_rule.factors.1"]
    opt.meta_loss(net, [task], F.mse_loss).backward()
    result = compare_with_differences(
        lambda: float(opt.meta_loss(net, [task], F.mse_loss)), [f.grad for f in factors], factors
    )
    assert result.error < 1e-6


def test_a_layer_in_an_inner_rule_is_learned():
    class WithLayer(metaopt.inner_rules.SGD):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(1, 1)
            self.net.to(dtype="float64")

        def step(self, p, g, rate):
            return p - rate * g * self.net(paddle.ones([1, 1], "float64")).reshape([]), ()

    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule=WithLayer(), inner_lr=0.3, adapt_steps=2)
    assert list(opt.learned) == ["inner_rule.net.weight", "inner_rule.net.bias"]
    assert error_of_meta_gradient(net, opt, labelled_episode()) < 1e-6


@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
def test_a_rate_that_the_net_itself_holds(way):
    net, task = make_net(), episode()
    net.rate = parameter(0.1)
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=net.rate, adapt_steps=2, meta_gradient=way,
        adapt=lambda name, p: name != "rate",
    )  # fmt: skip
    opt.meta_loss(net, [task], F.mse_loss).backward()
    weights = [p for p in net.parameters() if p.grad is not None]
    assert any(p is net.rate for p in weights)
    result = compare_with_differences(
        lambda: float(opt.meta_loss(net, [task], F.mse_loss)), [p.grad for p in weights], weights
    )
    assert result.error < 1e-6


def test_one_rate_for_several_steps_and_groups_is_learned_once():
    net, task, rate, other = make_net(), episode(), parameter(0.1), parameter(0.2)
    head = net.head.parameters()
    body = [p for p in net.parameters() if not any(p is q for q in head)]
    opt = metaopt.MAMLOptimizer(
        parameters=[{"params": body}, {"params": head, "inner_lr": rate}], inner_lr=[rate, rate, other], adapt_steps=3
    )
    assert list(opt.learned.values()) == [rate, other]
    opt.meta_loss(net, [task], F.mse_loss).backward()
    opt.step()


def test_a_rate_of_another_shape_or_type_fits_the_weight():
    class WithScalar(nn.Layer):
        def __init__(self):
            super().__init__()
            self.weight = self.create_parameter([])

        def forward(self, x):
            return x * self.weight

    net = WithScalar()
    net.to(dtype="float64")
    data = paddle.ones([3], "float64"), paddle.zeros([3], "float64")
    for opt in (
        metaopt.MAMLPlusPlusOptimizer(parameters=net.parameters(), adapt_steps=2),
        metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=parameter(0.1, [1])),
        metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=parameter(0.1, [1], "float32")),
    ):
        learner = opt.adapter(net).clone()
        learner.adapt(lambda learner=learner: F.mse_loss(learner(data[0]), data[1]))
        assert learner.fast_weights["weight"].shape == []
        learner.meta_loss(lambda learner=learner: F.mse_loss(learner(data[0]), data[1])).backward()
        assert all(p.grad is not None and p.grad.dtype == p.dtype for p in opt.learned.values())


@pytest.mark.parametrize("algorithm", LEARNING)
def test_minimize_moves_what_is_learned_too(algorithm):
    nets = make_net(), make_net()
    first, second = alike(algorithm, nets, inner_lr=0.05)
    for net, opt in zip(nets, (first, second)):
        loss = opt.meta_loss(net, [episode()], F.mse_loss)
        loss.backward()
        opt.step() if opt is first else opt.minimize(loss)
        opt.clear_grad()
    assert first.outer_steps == second.outer_steps == 1
    pairs = [[*net.parameters(), *opt.learned.values()] for net, opt in zip(nets, (first, second))]
    for p, q in zip(*pairs):
        np.testing.assert_array_equal(p.numpy(), q.numpy())


def test_what_is_learned_is_not_decayed_by_lamb_and_clipped_as_its_parameter():
    net = make_net()
    net.head.weight.need_clip = False
    opt = metaopt.MetaSGDOptimizer.over(paddle.optimizer.Lamb)(0.1, parameters=net.parameters())
    for name, rates in opt.learned.items():
        assert rates.need_clip == (not name.endswith(net.head.weight.name))
    start = {name: p.numpy().copy() for name, p in opt.learned.items()}
    for p in opt.learned.values():
        p.grad = paddle.zeros_like(p)
    opt.step()
    for name, p in opt.learned.items():
        np.testing.assert_array_equal(p.numpy(), start[name])


def test_a_rate_and_a_momentum_that_are_parameters_are_learned():
    net, task = make_net(), episode()
    rate, momentum, other = parameter(0.1), parameter(0.5), parameter(0.2)
    groups = [
        {"params": net.enter.parameters(), "inner_lr": other},
        {"params": [p for p in net.parameters() if not any(p is q for q in net.enter.parameters())]},
    ]
    opt = metaopt.MAMLOptimizer(
        1e-2, parameters=groups, inner_lr=rate, inner_rule=metaopt.inner_rules.Momentum(momentum), adapt_steps=3
    )
    assert list(opt.learned) == ["inner_lr.0", "inner_lr.1", "inner_rule.momentum"]
    opt.meta_loss(net, [task], F.mse_loss).backward()
    tensors = [rate, momentum, other]
    result = compare_with_differences(
        lambda: float(opt.meta_loss(net, [task], F.mse_loss)), [t.grad.numpy().copy() for t in tensors], tensors
    )
    assert result.error < 1e-6
    opt.step()
    assert float(rate) != 0.1 and float(momentum) != 0.5 and float(other) != 0.2


def inner_rates_of(inner_lr, steps):
    net = make_net()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=inner_lr)
    return [opt.plan.step.rate(net.enter.weight, number) for number in range(steps)]


def test_schedules_by_inner_step():
    assert inner_rates_of([0.3, 0.1], 4) == [0.3, 0.1, 0.1, 0.1]
    assert inner_rates_of(lambda number: 0.5 / (number + 1), 3) == [0.5, 0.25, 0.5 / 3]
    scheduler = paddle.optimizer.lr.MultiStepDecay(0.4, [1, 3], 0.5)
    assert inner_rates_of(scheduler, 4) == [0.4, 0.2, 0.2, 0.1]
    assert scheduler() == 0.4
    for wrong, error, message in [
        ([], ValueError, "a list of 0"),
        ([0.1, "fast"], TypeError, "inner_lr"),
        (paddle.optimizer.lr.ReduceOnPlateau(0.1), ValueError, "metric"),
    ]:
        with pytest.raises(error, match=message):
            inner_rates_of(wrong, 1)
    with pytest.raises(ValueError, match="at least 0"):
        inner_rates_of(lambda number: -1.0, 1)
