"""A meta-optimizer is the Paddle optimizer that it is made of, in every respect."""

import inspect
import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import OUTER, options_of, small_net
from paddle import nn

import paddle_metaopt as metaopt


def make_net(seed=0):
    return small_net(seed, "float32")


def episode(seed=1):
    random = np.random.default_rng(seed)

    def part():
        return paddle.to_tensor(random.standard_normal((4, 3)), "float32"), paddle.to_tensor([0, 1, 0, 1])

    return metaopt.Episode(part(), part())


def train(net, opt, iterations, meta=True, first=0):
    for i in range(first, first + iterations):
        task = episode(i)
        loss = (
            opt.meta_loss(net, [task], F.cross_entropy) if meta else F.cross_entropy(net(task.query[0]), task.query[1])
        )
        loss.backward()
        opt.step()
        opt.clear_grad()
        if isinstance(opt._learning_rate, paddle.optimizer.lr.LRScheduler):
            opt._learning_rate.step()


def weights(net):
    return [p.numpy().copy() for p in net.parameters()]


def test_maml_optimizer_is_an_adam():
    net = make_net()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters())
    assert isinstance(opt, paddle.optimizer.Adam) and isinstance(opt, metaopt.MetaOptimizer)
    assert metaopt.MAMLOptimizer.over(paddle.optimizer.Adam) is metaopt.MAMLOptimizer
    assert isinstance(metaopt.ANILOptimizer(1e-3, parameters=net.parameters(), head=net[2]), paddle.optimizer.Adam)


@pytest.mark.parametrize("outer", OUTER)
def test_over_any_outer_rule_the_outer_step_is_its_own(outer):
    combined = metaopt.MAMLOptimizer.over(outer)
    assert combined is metaopt.MAMLOptimizer.over(outer)
    assert issubclass(combined, outer) and (outer is paddle.optimizer.Adam) == (
        paddle.optimizer.Adam in combined.__mro__
    )
    shown = inspect.signature(combined).parameters
    assert set(inspect.signature(outer).parameters) <= set(shown) and "inner_lr" in shown
    nets = make_net(), make_net()
    mine = combined(learning_rate=0.05, parameters=nets[0].parameters(), adapt_steps=0, **options_of(outer))
    theirs = outer(learning_rate=0.05, parameters=nets[1].parameters(), **options_of(outer))
    train(nets[0], mine, 3)  # no inner steps: the meta-gradient is the query loss's gradient
    train(nets[1], theirs, 3, meta=False)
    for a, b in zip(weights(nets[0]), weights(nets[1])):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


def test_over_refuses_what_cannot_work():
    for wrong, message in ((int, "paddle.optimizer class"), (paddle.optimizer.LBFGS, "LBFGS"),
                           (metaopt.ANILOptimizer, "already")):  # fmt: skip
        with pytest.raises(TypeError, match=message):
            metaopt.MAMLOptimizer.over(wrong)


def test_scheduler_clipping_weight_decay_and_groups_are_adams():
    def build(cls, net, **ours):
        scheduler = paddle.optimizer.lr.CosineAnnealingDecay(0.05, T_max=5)
        groups = [{"params": net[0].parameters()}, {"params": net[2].parameters(), "learning_rate": 0.1}]
        return cls(scheduler, 0.8, parameters=groups, weight_decay=0.1, grad_clip=nn.ClipGradByGlobalNorm(0.05), **ours)

    nets = make_net(), make_net()
    train(nets[0], build(metaopt.MAMLOptimizer, nets[0], adapt_steps=0), 4)
    train(nets[1], build(paddle.optimizer.Adam, nets[1]), 4, meta=False)
    for a, b in zip(weights(nets[0]), weights(nets[1])):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("outer", [paddle.optimizer.Adam, paddle.optimizer.Momentum, paddle.optimizer.AdamW])
def test_state_goes_into_a_second_copy_and_on_bit_for_bit(outer, tmp_path):
    def build(net):
        scheduler = paddle.optimizer.lr.StepDecay(0.05, 2)
        return metaopt.MAMLOptimizer.over(outer)(scheduler, parameters=net.parameters(), inner_lr=0.1)

    net = make_net()
    opt = build(net)
    train(net, opt, 3)
    paddle.save(opt.state_dict(), str(tmp_path / "opt.pdopt"))
    paddle.save(net.state_dict(), str(tmp_path / "net.pdparams"))
    train(net, opt, 3, first=3)
    copy = make_net(seed=9)
    other = build(copy)
    assert copy[0].weight.name != net[0].weight.name
    copy.set_state_dict(paddle.load(str(tmp_path / "net.pdparams")))
    other.load_state_dict(paddle.load(str(tmp_path / "opt.pdopt")))
    train(copy, other, 3, first=3)
    for a, b in zip(weights(net), weights(copy)):
        np.testing.assert_array_equal(a, b)


def test_parameters_without_a_state_yet_can_come_later():
    net = make_net()
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters())
    net[0].bias.stop_gradient = True
    train(net, opt, 1)
    other = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters())
    other.set_state_dict(opt.state_dict())
    net[0].bias.stop_gradient = False
    before = net[0].bias.numpy().copy()
    train(net, other, 1, first=1)
    assert not np.allclose(before, net[0].bias.numpy())


@pytest.mark.parametrize("outer", OUTER)
def test_an_optimizer_that_has_stepped_goes_back_to_a_state_from_before(outer):
    net = make_net()
    opt = metaopt.MAMLOptimizer.over(outer)(0.05, parameters=net.parameters(), inner_lr=0.1, **options_of(outer))
    start, state = weights(net), opt.state_dict()
    train(net, opt, 2)
    expected = weights(net)
    for p, value in zip(net.parameters(), start):
        p.set_value(value)
    opt.set_state_dict(state)
    assert opt.outer_steps == 0
    train(net, opt, 2)
    for a, b in zip(weights(net), expected):
        np.testing.assert_array_equal(a, b)


def test_a_state_of_another_model_is_refused():
    net, wider = make_net(), nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters())
    train(net, opt, 1)
    with pytest.raises(ValueError, match="another model"):
        metaopt.MAMLOptimizer(1e-2, parameters=wider.parameters()).set_state_dict(opt.state_dict())
    with pytest.raises(ValueError, match="of a model with 4 parameters, this optimizer has 2"):
        metaopt.MAMLOptimizer(1e-2, parameters=wider[0].parameters()).set_state_dict(opt.state_dict())
    deeper = nn.Sequential(*net, nn.Tanh(), nn.Linear(2, 2))  # all that the state has would fit
    with pytest.raises(ValueError, match="of a model with 4 parameters, this optimizer has 6"):
        metaopt.MAMLOptimizer(1e-2, parameters=deeper.parameters()).set_state_dict(opt.state_dict())


def test_a_state_of_the_parameters_in_another_order_is_refused():
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))  # all shapes fit
    opt = metaopt.MetaSGDOptimizer(1e-2, parameters=net.parameters())
    train(net, opt, 1)
    head_first = [{"params": net[2].parameters()}, {"params": net[0].parameters()}]
    other = metaopt.MetaSGDOptimizer(1e-2, parameters=head_first)
    weights = [p.name for layer in (net[0], net[2]) for p in layer.parameters()]
    state = opt.state_dict()
    state["MetaOptimizer"]["parameters"][4:] = [p.name for p in other.learned.values()]  # as in another process
    with pytest.raises(ValueError, match=f"in another order, {weights[0]} where this optimizer has {weights[2]}: give"):
        other.set_state_dict(state)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"parameters": None}, ValueError, "net.parameters"),
        ({"inner_lr": -1.0}, ValueError, "inner_lr"),
        ({"inner_lr": float("nan")}, ValueError, "inner_lr"),
        ({"inner_lr": "fast"}, TypeError, "inner_lr"),
        ({"adapt_steps": -1}, ValueError, "adapt_steps"),
        ({"adapt_steps": 1.5}, ValueError, "adapt_steps"),
        ({"buffers": "keep"}, ValueError, "buffers"),
        ({"inner_rule": "newton"}, ValueError, "no rule named"),
        ({"inner_rule": 3}, TypeError, "inner_rule"),
        ({"inner_grad_clip": 1.0}, TypeError, "inner_grad_clip"),
        ({"meta_gradient": "explicit"}, ValueError, "no way named"),
        ({"meta_gradient": 3}, TypeError, "meta_gradient"),
        ({"meta_gradient": "checkpointed", "first_order": True}, ValueError, "give one of them"),
        ({"adapt": 3}, TypeError, "adapt"),
        ({"learning_rates": 1}, TypeError, "learning_rates"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        metaopt.MAMLOptimizer(**{"learning_rate": 1e-3, "parameters": make_net().parameters(), **options})


def test_anil_needs_a_head():
    with pytest.raises(TypeError, match="head"):
        metaopt.ANILOptimizer(1e-3, parameters=make_net().parameters())
    with pytest.raises(TypeError, match="head"):
        metaopt.ANILOptimizer(1e-3, parameters=make_net().parameters(), head=None)


def test_adapt_takes_a_layer_parameters_or_a_predicate():
    net = make_net()
    for adapt in (net[2], net[2].parameters(), lambda name, p: name.startswith("2.")):
        opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), adapt=adapt, inner_lr=0.5)
        learner = opt.adapter(net).clone()
        before = learner.fast_weights
        learner.adapt(F.cross_entropy(learner(episode().support[0]), episode().support[1]))
        moved = {name for name, tensor in learner.fast_weights.items() if tensor is not before[name]}
        assert moved == {"2.weight", "2.bias"}


@pytest.mark.parametrize("way", ["unrolled", "first_order", "checkpointed", "implicit"])
def test_grad_scaler_and_accumulation_go_through(way):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scaler = paddle.amp.GradScaler(enable=True)
    nets = make_net(), make_net()
    first, second = [
        metaopt.MAMLOptimizer(0.05, parameters=net.parameters(), inner_lr=0.1, meta_gradient=way) for net in nets
    ]
    with paddle.amp.auto_cast():
        loss = first.meta_loss(nets[0], [episode(1), episode(2)], F.cross_entropy)
    scaler.scale(loss).backward()
    scaler.step(first)
    scaler.update()
    for seed in (1, 2):
        (second.meta_loss(nets[1], [episode(seed)], F.cross_entropy) / 2).backward()
    second.step()
    for a, b in zip(weights(nets[0]), weights(nets[1])):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_regularizers_and_need_clip_of_a_parameter_are_adams():
    def make(cls, net):
        net[0].weight.regularizer = paddle.regularizer.L2Decay(0.3)
        net[2].weight.need_clip = False
        return cls(0.1, parameters=net.parameters(), grad_clip=paddle.nn.ClipGradByGlobalNorm(1e-3))

    nets = make_net(), make_net()
    ours, adam = make(metaopt.MAMLOptimizer.over(paddle.optimizer.SGD), nets[0]), make(paddle.optimizer.SGD, nets[1])
    ours.meta_loss(nets[0], [episode()], F.cross_entropy).backward()
    for p, q in zip(nets[0].parameters(), nets[1].parameters()):
        q.grad = p.grad.clone()
    ours.step()
    adam.step()
    for a, b in zip(weights(nets[0]), weights(nets[1])):
        np.testing.assert_array_equal(a, b)


MASTERS = [paddle.optimizer.SGD, paddle.optimizer.Momentum, paddle.optimizer.Adam, paddle.optimizer.AdamW]


@pytest.mark.parametrize("outer", MASTERS)
def test_master_weights_go_with_the_state_into_a_second_copy(outer):
    def make():
        net = make_net()
        net.to(dtype="float16")
        opt = metaopt.MAMLOptimizer.over(outer)(1e-3, parameters=net.parameters(), multi_precision=True)
        return net, opt

    net, opt = make()
    # What the first step does before its kernel, which the CPU does not have for float16.
    for p in net.parameters():
        opt._create_master_weight(p)
    opt._create_accumulators(paddle.static.default_main_program().global_block(), net.parameters())
    for by_name in opt._accumulators.values():
        for tensor in by_name.values():
            tensor.set_value(paddle.rand(tensor.shape, tensor.dtype))
    copy, other = make()
    other.set_state_dict(opt.state_dict())
    assert list(other._master_weights) == [p.name for p in copy.parameters()] != list(opt._master_weights)
    for p, q in zip(net.parameters(), copy.parameters()):
        own, theirs = opt._master_weights[p.name], other._master_weights[q.name]
        np.testing.assert_array_equal(own.numpy(), theirs.numpy())
        for accumulator, by_name in opt._accumulators.items():
            key, other_key = (p.name, q.name) if p.name in by_name else (own.name, theirs.name)
            np.testing.assert_array_equal(
                by_name[key].numpy(), other._accumulators[accumulator][other_key].numpy(), accumulator
            )


def test_a_state_of_another_model_or_class_of_optimizer_is_refused():
    net = make_net()
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters())
    train(net, opt, 1)
    state = opt.state_dict()
    for outer in (paddle.optimizer.SGD, paddle.optimizer.Momentum):
        other = metaopt.MAMLOptimizer.over(outer)(1e-2, parameters=make_net().parameters())
        with pytest.raises(ValueError, match="moment1.*of another class of optimizer"):
            other.set_state_dict(state)
    smaller = nn.Linear(2, 2).parameters()
    for outer, steps in ((paddle.optimizer.Adam, 1), (paddle.optimizer.Adam, 0), (paddle.optimizer.SGD, 1)):
        saved = metaopt.MAMLOptimizer.over(outer)(1e-2, parameters=net.parameters())
        train(net, saved, steps)
        with pytest.raises(ValueError, match="of a model with 4 parameters, this optimizer has 2"):
            metaopt.MAMLOptimizer.over(outer)(1e-2, parameters=smaller).set_state_dict(saved.state_dict())
    shapes = metaopt.MAMLOptimizer(1e-2, parameters=nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 2)).parameters())
    with pytest.raises(ValueError, match="parameter 0 .* has shape"):
        shapes.set_state_dict(state)
