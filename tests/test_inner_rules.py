"""Each inner rule against the paddle.optimizer of its name, and its derivatives against differences."""

import paddle
import pytest

from paddle_metaopt import inner_rules
from paddle_metaopt.double_grad.checking import compare_with_differences
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
    assert {id(t) for t in rule.learned()} == {id(t) for t in learned.values()}
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
