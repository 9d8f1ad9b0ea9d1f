"""Each inner rule against the paddle.optimizer of its name, and its derivatives against differences."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import complex_parameter

import paddle_metaopt as metaopt
from paddle_metaopt import inner_rules
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.inner_rules import inner_rule

OPTIMIZERS = {
    "SGD": {},
    "SGD decay": {"weight_decay": 0.1},
    "Momentum": {"momentum": 0.8},
    "Momentum Nesterov": {"use_nesterov": True, "weight_decay": 0.05},
    "Adam": {"beta1": 0.8, "beta2": 0.95},
    "Adam decay": {"weight_decay": paddle.regularizer.L2Decay(0.1)},
    "Adam amsgrad": {"amsgrad": True, "beta2": 0.7},
    "AdamW": {"weight_decay": 0.1},
    "Adamax": {"beta2": 0.9},
    "Adagrad": {"initial_accumulator_value": 0.2},
    "Adadelta": {"rho": 0.8},
    "RMSProp": {"rho": 0.9},
    "RMSProp centered": {"centered": True, "momentum": 0.5, "weight_decay": 0.1},
    "NAdam": {"momentum_decay": 0.01},
    "RAdam": {"beta2": 0.9},
}


def optimizer_like(name, parameters, rate=0.1):
    cls = getattr(paddle.optimizer, name.split()[0])
    return cls(learning_rate=rate, parameters=parameters, **OPTIMIZERS[name])


def loss_of(w):
    target = paddle.linspace(-1.0, 1.0, w.size, dtype=w.dtype).reshape(w.shape)
    return ((w - target) ** 2).sum() + (w**4).sum() * 0.1


def start(dtype="float64"):
    paddle.seed(4)
    return paddle.randn([3, 2], dtype)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_steps_as_the_optimizer_of_its_name(name):
    w = paddle.create_parameter([3, 2], "float32")
    w.set_value(start("float32"))
    optimizer = optimizer_like(name, [w])
    rule = inner_rule(optimizer)
    assert type(rule).__name__ == name.split()[0]
    params = {"w": w.detach().clone()}
    state = rule.init(params)
    for _ in range(8):
        loss_of(w).backward()
        params, state = rule.update(params, {"w": w.grad}, {"w": 0.1}, state)
        optimizer.step()
        optimizer.clear_grad()
        difference = float((params["w"] - w).abs().max())
        assert difference < 2e-6, difference
        params["w"] = w.detach().clone()


def after_steps(rule, w, rate, steps=8):
    """The loss after an inner loop whose gradients are in closed form, as a function of start and rate."""
    target = paddle.linspace(-1.0, 1.0, w.size, dtype=w.dtype).reshape(w.shape)
    params = {"w": w * 1}
    state = rule.init(params)
    for _ in range(steps):
        p = params["w"]
        params, state = rule.update(params, {"w": 2 * (p - target) + 0.4 * p**3}, {"w": rate}, state)
    return loss_of(params["w"])


def parameter(value, shape=()):
    return paddle.to_tensor(value, "float64", stop_gradient=False).reshape(shape).detach()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_derivatives_for_start_rate_and_hyperparameters_equal_differences(name):
    rule = inner_rule(optimizer_like(name, [paddle.create_parameter([1], "float32")]))
    w, rate = start(), parameter(0.05)
    if hasattr(rule, "epsilon"):
        rule.epsilon = 0.01  # of 1e-8, no difference could be taken
    learned = {key: parameter(float(v)) for key, v in vars(rule).items() if isinstance(v, float) and 0 < v < 1}
    vars(rule).update(learned)
    tensors = [w, rate, *learned.values()]
    for tensor in tensors:
        tensor.stop_gradient = False
    assert {id(t) for t in metaopt.inner_rules.learned_in(rule).values()} == {id(t) for t in learned.values()}
    gradients = paddle.grad(after_steps(rule, w, rate), tensors, allow_unused=True)
    result = compare_with_differences(lambda: float(after_steps(rule, w, rate)), gradients, tensors)
    assert result.error < 1e-6, result


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_zero_gradients_give_no_nan(name):
    rule = inner_rule(optimizer_like(name, [paddle.create_parameter([1], "float32")]))
    w = start("float32")
    w.stop_gradient = False
    params = {"w": w * 1}
    state = rule.init(params)
    for _ in range(3):
        params, state = rule.update(params, {"w": params["w"] * 0}, {"w": 0.1}, state)
    (gradient,) = paddle.grad(params["w"].sum(), [w], create_graph=True)
    assert paddle.isfinite(params["w"]).all() and paddle.isfinite(gradient).all()


def test_what_no_rule_can_be_made_of_is_refused():
    w = paddle.create_parameter([1], "float32")
    with pytest.raises(ValueError, match="no rule named 'adma'.*'adam'"):
        inner_rule("adma")
    with pytest.raises(TypeError, match="inner_rule: expected a name"):
        inner_rule(3)
    with pytest.raises(TypeError, match=r"inner_rules.SGD\(\)"):
        inner_rule(inner_rules.SGD)
    with pytest.raises(ValueError, match="no rule like Lamb"):
        inner_rule(paddle.optimizer.Lamb(parameters=[w]))
    with pytest.raises(ValueError, match="L1Decay"):
        inner_rule(paddle.optimizer.SGD(parameters=[w], weight_decay=paddle.regularizer.L1Decay(0.1)))
    with pytest.raises(ValueError, match="lr_ratio"):
        inner_rule(paddle.optimizer.AdamW(parameters=[w], apply_decay_param_fun=lambda name: True))


def test_a_live_optimizers_rate_and_clip_are_taken_over_unless_given():
    net = paddle.nn.Linear(2, 1)
    clip, other = paddle.nn.ClipGradByGlobalNorm(0.1), paddle.nn.ClipGradByValue(1.0)
    scheduler = paddle.optimizer.lr.StepDecay(0.4, step_size=1, gamma=0.5)
    live = paddle.optimizer.Momentum(scheduler, 0.8, net.parameters(), grad_clip=clip)
    scheduler.step()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule=live)
    assert opt.plan.step.rate(net.weight, 3) == 0.2 and opt.plan.step.clip is clip
    assert opt.plan.step.rule.momentum == 0.8
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule=live, inner_lr=0.3, inner_grad_clip=other)
    assert opt.plan.step.rate(net.weight, 0) == 0.3 and opt.plan.step.clip is other


def test_a_live_optimizers_settings_that_would_be_lost_are_refused():
    def parameters(**options):
        net = paddle.nn.Linear(2, 1, weight_attr=paddle.ParamAttr(**options))
        return net.parameters()

    for given in (
        [{"params": parameters(), "weight_decay": 0.1}],
        parameters(regularizer=paddle.regularizer.L2Decay(0.1)),
        parameters(learning_rate=0.5),
    ):
        with pytest.raises(ValueError, match="no counterpart in the inner loop; give the rule itself"):
            inner_rule(paddle.optimizer.SGD(0.1, parameters=given))

    class Mine(paddle.optimizer.Adam):
        pass

    with pytest.raises(ValueError, match="no rule like Mine"):
        inner_rule(Mine(parameters=parameters()))


@pytest.mark.parametrize(
    "clip",
    [paddle.nn.ClipGradByGlobalNorm(0.1), paddle.nn.ClipGradByNorm(0.1), paddle.nn.ClipGradByValue(0.05)],
)
def test_the_inner_clip_leaves_out_what_has_no_need_of_it_as_paddles_does(clip):
    nets = []
    for _ in range(2):
        paddle.seed(1)
        net = paddle.nn.Linear(3, 2)
        net.bias.need_clip = False
        nets.append(net)
    x, y = paddle.randn([4, 3]), paddle.randn([4, 2]) * 5
    plain = paddle.optimizer.SGD(0.1, nets[0].parameters(), grad_clip=clip)
    paddle.nn.functional.mse_loss(nets[0](x), y).backward()
    plain.step()
    opt = metaopt.MAMLOptimizer(parameters=nets[1].parameters(), inner_lr=0.1, inner_grad_clip=clip)
    learner = opt.adapter(nets[1]).clone()
    learner.adapt(paddle.nn.functional.mse_loss(learner(x), y))
    for name, p in nets[0].named_parameters():
        assert float((learner.fast_weights[name] - p).abs().max()) < 1e-6


@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
def test_a_rule_that_draws_random_numbers_draws_the_same_when_its_step_is_taken_again(way):
    class Noisy(metaopt.inner_rules.SGD):
        def step(self, p, g, rate):
            return p - rate * g * (1 + 0.3 * paddle.randn(p.shape, p.dtype)), ()

    found = []
    for each in ("unrolled", way):
        paddle.seed(1)
        net = paddle.nn.Linear(3, 2)
        net.to(dtype="float64")
        x, y = paddle.randn([5, 3], "float64"), paddle.randn([5, 2], "float64")
        opt = metaopt.MAMLOptimizer(
            parameters=net.parameters(), inner_rule=Noisy(), inner_lr=0.3, adapt_steps=2, meta_gradient=each
        )
        opt.meta_loss(net, [((x, y), (y @ paddle.ones([2, 3], "float64"), y))], F.mse_loss).backward()
        found.append([p.grad.numpy().copy() for p in net.parameters()])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_layers_in_lists_and_dicts_and_a_rule_that_is_a_layer_are_learned():
    class Listed(metaopt.inner_rules.SGD):
        def __init__(self):
            super().__init__()
            self.nets, self.more = [paddle.nn.Linear(1, 1)], {"a": paddle.nn.Linear(1, 1)}

    class Itself(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.factor = self.create_parameter([1])

        def init(self, params):
            return {}

        def update(self, params, grads, rates, state):
            return {n: p - rates[n] * self.factor * grads[n] for n, p in params.items()}, state

    learned = metaopt.inner_rules.learned_in
    assert list(learned(Listed())) == ["nets.weight", "nets.bias", "more.a.weight", "more.a.bias"]
    assert list(learned(Itself())) == ["factor"]


_OF_REAL_GRADIENTS = ["adagrad", "adadelta", "rmsprop", "adam", "adamw", "adamax", "nadam", "radam", "lion"]


@pytest.mark.parametrize("rule", _OF_REAL_GRADIENTS)
def test_rules_by_the_size_or_sign_of_a_gradient_refuse_complex_parameters(rule):
    class Turned(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.turn = complex_parameter([1.0, 2.0j, 3.0])

        def forward(self, x):
            return (self.turn * x).abs().sum()

    net = Turned()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule=rule)
    with pytest.raises(TypeError, match=r"^(Ada|Lion|NA|R).*: it steps by the size or sign .* use 'sgd' or 'momentum'"):
        opt.adapter(net).clone()
    metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule="momentum").adapter(net).clone()
