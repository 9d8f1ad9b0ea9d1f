"""Choices that make no sense, or contradict each other, are refused when the optimizer is made, and say why."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import episode, make_net, parameter
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import inner_rules
from paddle_metaopt.meta_gradients import HessianFree, Implicit


def maker(cls):
    return lambda p, **options: cls(parameters=p, **options)


maml = maker(metaopt.MAMLOptimizer)
plus_plus = maker(metaopt.MAMLPlusPlusOptimizer)
meta_sgd = maker(metaopt.MetaSGDOptimizer)
reptile = maker(metaopt.ReptileOptimizer)
imaml = maker(metaopt.IMAMLOptimizer)
anil = maker(metaopt.ANILOptimizer)
boil = maker(metaopt.BOILOptimizer)
cavia = maker(metaopt.CAVIAOptimizer)


@pytest.mark.parametrize(
    "make, options, error, message",
    [
        (maml, {"first_order": True, "meta_gradient": "unrolled"}, ValueError, "first_order=True is short for"),
        (maml, {"first_order": True, "meta_gradient": "checkpointed"}, ValueError, "give one of them"),
        (maml, {"first_order": "no"}, TypeError, "first_order: expected True or False"),
        (maml, {"adapt_steps": 1.5}, ValueError, "adapt_steps: expected an integer"),
        (plus_plus, {"adapt_steps": "5"}, ValueError, "adapt_steps: expected an integer"),
        (plus_plus, {"adapt_steps": 0}, ValueError, "a rate is learned for each inner step"),
        (reptile, {"adapt_steps": 0}, ValueError, "Reptile is nothing without inner steps"),
        (imaml, {"adapt_steps": 0}, ValueError, "nothing without inner steps"),
        (plus_plus, {"first_order": True, "first_order_epochs": 3}, ValueError, "leave first_order_epochs out"),
        (plus_plus, {"iterations_per_epoch": 0}, ValueError, "iterations_per_epoch"),
        (plus_plus, {"first_order_epochs": -1}, ValueError, "first_order_epochs"),
        (plus_plus, {"multi_step_loss_epochs": 1.5}, ValueError, "multi_step_loss_epochs"),
        (reptile, {"first_order": False}, ValueError, "Reptile takes no second derivative"),
        (
            reptile,
            {"meta_gradient": "unrolled"},
            ValueError,
            "meta_gradient: ReptileOptimizer has no such choice, or makes it itself",
        ),
        (
            imaml,
            {"meta_gradient": "unrolled"},
            ValueError,
            "meta_gradient: IMAMLOptimizer has no such choice, or makes it itself",
        ),
        (anil, {"adapt": None}, ValueError, "adapt: ANILOptimizer has no such choice, or makes it itself"),
        (anil, {}, TypeError, "head: expected the Layer that adapts"),
        (boil, {"head": None}, TypeError, "head: expected the Layer that stays"),
        (anil, {"head": nn.Linear(2, 2)}, ValueError, "the head of another net"),
        (anil, {"head": 3}, TypeError, "head: expected a Layer, parameters or a function"),
        (cavia, {"context": lambda name, p: True}, TypeError, "context: expected a Layer or parameters, got <function"),
        (imaml, {"proximal": 0}, ValueError, "proximal: expected a finite number larger than 0"),
        (imaml, {"proximal": "2"}, TypeError, "proximal: expected a finite number larger than 0"),
        (imaml, {"proximal": float("inf")}, ValueError, "proximal"),
        (imaml, {"solver": "lu"}, ValueError, "solver: expected one of 'cg', 'neumann'"),
        (imaml, {"solver_iterations": 0}, ValueError, "iterations: expected an integer"),
        (imaml, {"solver_iterations": True}, ValueError, "iterations: expected an integer"),
        (imaml, {"solver_tolerance": -1.0}, ValueError, "tolerance: expected a finite number"),
        (imaml, {"solver_tolerance": float("nan")}, ValueError, "tolerance: expected a finite number"),
        (imaml, {"inner_lr": parameter(0.1)}, ValueError, "inner_lr.0 would get no gradient"),
        (imaml, {"inner_rule": "adamw"}, ValueError, r"decay does not come to rest; use weight_decay=0\.0"),
        (reptile, {"inner_lr": parameter(0.1)}, ValueError, "Reptile asks where the inner loop ends"),
        (reptile, {"inner_rule": inner_rules.Momentum(parameter(0.1))}, ValueError, "inner_rule.momentum would get no"),
        (meta_sgd, {"meta_gradient": "implicit"}, ValueError, "rates.*would get no gradient"),
        (meta_sgd, {"inner_lr": parameter(0.1)}, TypeError, r"a number or a range \(low, high\)"),
        (meta_sgd, {"inner_lr": (0.1, 0.01)}, ValueError, "low, high"),
        (plus_plus, {"inner_lr": [0.1, 0.2]}, TypeError, "a number, where the learned rates start"),
        (maml, {"inner_lr": paddle.to_tensor(0.1, stop_gradient=False)}, TypeError, "must be a Parameter"),
        (maml, {"inner_lr": F.softplus(parameter(0.1))}, TypeError, "inputs= of meta_loss"),
        (maml, {"learned_group": {"learning_rate": 0.1}}, ValueError, "nothing is learned besides the weights"),
        (meta_sgd, {"learned_group": 3}, TypeError, "learned_group: expected a dict"),
        (meta_sgd, {"learned_group": {"params": []}}, TypeError, "without 'params'"),
        (maml, {"inner_grad_clip": nn.ClipGradByGlobalNorm(-1.0)}, ValueError, "a norm larger than 0"),
        (maml, {"inner_grad_clip": 1.0}, TypeError, "inner_grad_clip: expected a paddle.nn.ClipGradBy"),
    ],
)
def test_a_senseless_choice_is_refused(make, options, error, message):
    parameters = make_net().parameters()
    with pytest.raises(error, match=message):
        make(parameters, **options)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: inner_rules.Adam(beta1=1.0), ValueError, r"beta1: expected a number in \[0, 1\), got 1.0"),
        (lambda: inner_rules.AdamW(beta2=-0.1), ValueError, "beta2"),
        (lambda: inner_rules.NAdam(epsilon=-1), ValueError, "NAdam: epsilon: expected a finite number larger than 0"),
        (lambda: inner_rules.RMSProp(rho="0.9"), TypeError, r"rho: expected a number in \[0, 1\), or a Tensor"),
        (lambda: inner_rules.SGD(weight_decay=-1), ValueError, "weight_decay"),
        (lambda: inner_rules.SGD(paddle.regularizer.L2Decay(0.1)), TypeError, "weight_decay: expected a finite number"),
        (lambda: inner_rules.Momentum(True), TypeError, "momentum"),
        (lambda: inner_rules.Adagrad(initial_accumulator_value=-1), ValueError, "initial_accumulator_value"),
        (lambda: HessianFree(step=0.0), ValueError, "HessianFree: step: expected a finite number larger than 0"),
        (lambda: Implicit(iterations=1.5), ValueError, "iterations"),
    ],
)
def test_a_hyperparameter_out_of_range_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("name", ["adapt_steps", "inner_rule", "first_order"])
def test_a_group_carries_its_inner_lr_and_no_other_choice(name):
    net = make_net()
    with pytest.raises(ValueError, match=f"a group may carry its own inner_lr; {name} is the whole optimizer's"):
        maml([{"params": net.parameters(), name: 1}])


@pytest.mark.parametrize("name", ["inner_lr", "adapt_steps", "first_order", "meta_gradient", "head"])
def test_a_choice_is_not_changed_by_an_assignment_that_nothing_would_come_of(name):
    net = make_net()
    opt = metaopt.ANILOptimizer(parameters=net.parameters(), head=net)
    with pytest.raises(AttributeError, match=f"ANILOptimizer: {name} is chosen when the optimizer is made; make anoth"):
        setattr(opt, name, 1)


def test_a_groups_key_that_is_nearly_inner_lr_is_refused():
    net = make_net()
    with pytest.raises(ValueError, match="a group may carry its own inner_lr; there is no inner_rate$"):
        maml([{"params": net.parameters(), "inner_rate": 1.0, "inner_lr": 1.0, "name": "mine"}])


@pytest.mark.parametrize("make", [meta_sgd, plus_plus, maker(metaopt.MetaCurvatureOptimizer)])
def test_a_parameter_that_was_frozen_when_the_optimizer_was_made_is_named(make):
    net = make_net()
    for p in net.enter.parameters():
        p.stop_gradient = True
    opt = make(net.parameters())
    for p in net.enter.parameters():
        p.stop_gradient = False
    with pytest.raises(ValueError, match=f"{net.enter.weight.name}.*frozen when the optimizer was made"):
        opt.meta_loss(net, [episode()], F.mse_loss)


@pytest.mark.parametrize("make, start", [(meta_sgd, 0.7), (plus_plus, 0.7)])
def test_learned_rates_start_from_the_inner_lr_of_their_group(make, start):
    net = make_net()
    others = [p for p in net.parameters() if p is not net.head.weight]
    opt = make([{"params": net.head.weight, "inner_lr": start}, {"params": others}], inner_lr=0.2)
    for name, rates in opt.learned.items():
        expected = start if name.endswith(net.head.weight.name) else 0.2
        np.testing.assert_allclose(rates.numpy(), expected)


def test_choices_that_look_odd_and_are_right():
    net = make_net()
    assert metaopt.MAMLOptimizer(
        parameters=net.parameters(), first_order=True, meta_gradient=metaopt.meta_gradients.FirstOrder()
    )
    for p in net.head.parameters():
        p.stop_gradient = True
    boil([p for p in net.parameters() if not p.stop_gradient], head=net.head).adapter(net).clone()
    live = paddle.optimizer.Momentum(0.3, parameters=net.parameters())
    rates = meta_sgd(net.parameters(), inner_rule=live).learned.values()
    assert all(r.numpy().min() >= 0.005 and r.numpy().max() <= 0.1 for r in rates)


class Anchored(inner_rules.SGD):
    """Pulls back to weights that it is given; and has settings that are no tensors."""

    def __init__(self, anchors):
        super().__init__()
        self.anchors = anchors
        self.settings = {1: "one", "two": 2}


@pytest.mark.parametrize("make", [maml, meta_sgd, reptile])
def test_a_rule_may_refer_to_the_nets_weights(make):
    net = make_net()
    opt = make(net.parameters(), inner_rule=Anchored([p for p in net.parameters() if not p.stop_gradient]))
    assert not any(name.startswith("inner_rule") for name in opt.learned)
    opt.meta_loss(net, [episode()], F.mse_loss).backward()


@pytest.mark.parametrize("optimizer, which", [("ANIL", "head"), ("BOIL", "head"), ("TNet", "warp")])
def test_layers_of_another_net_are_refused(optimizer, which):
    net, other = make_net(), make_net()
    make = getattr(metaopt, f"{optimizer}Optimizer")
    for foreign in (other.head, [other.head], other.head.parameters()):
        with pytest.raises(ValueError, match=f"^{optimizer}Optimizer: {which}: none of its parameters is in the optim"):
            make(parameters=net.parameters(), **{which: foreign})
    make(parameters=net.parameters(), **{which: net.head})
    make(parameters=net.parameters(), **{which: lambda name, p: name.startswith("head")})
