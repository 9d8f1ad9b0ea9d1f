"""Copies and pickles of a net and its optimizer belong together, and go on bit for bit."""

import copy
import pickle

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import OUTER, array_episode, as_tensors, maml, normed_net, options_of, rate_of_shape

import paddle_metaopt as metaopt
from paddle_metaopt import inner_rules
from paddle_metaopt.paddle_optimizers import groups_of


def train(net, opt, seeds):
    for seed in seeds:
        opt.meta_loss(net, [as_tensors(array_episode(seed))], F.cross_entropy).backward()
        opt.step()
        opt.clear_grad()
    return [t.numpy() for t in net.state_dict().values()] + [t.numpy() for t in opt.learned.values()]


def with_traits(net):
    net.head.weight.need_clip = False
    net.body.weight.regularizer = paddle.regularizer.L2Decay(0.5)
    return net


ALGORITHMS = {
    "maml": lambda net: maml(net, inner_rule=inner_rules.Momentum(paddle.create_parameter([1], "float32"))),
    "subset": lambda net: maml(net, adapt=[net.head.weight, net.body.bias]),
    "iterator": lambda net: maml(net, adapt=iter([net.head.weight, net.body.bias])),
    "by_name": lambda net: maml(net, adapt=lambda name, p: name.startswith("head")),
    "groups": lambda net: maml(net, parameters=[
        {"params": [*net.body.parameters(), *net.norm.parameters()], "inner_lr": rate_of_shape(1)},
        {"params": net.head.parameters(), "inner_lr": paddle.optimizer.lr.StepDecay(0.1, 1)},
    ], adapt_steps=2),
    "rates_of_groups": lambda net: maml(net, parameters=[
        {"params": [*net.body.parameters(), *net.norm.parameters()], "learning_rate": 0.1},
        {"params": net.head.parameters()},
    ]),
    "learned_group": lambda net: metaopt.MetaSGDOptimizer(
        0.05, parameters=net.parameters(), learned_group={"learning_rate": 0.1}
    ),
    "traits": lambda net: maml(with_traits(net), inner_grad_clip=paddle.nn.ClipGradByValue(0.01)),
    "scheduled": lambda net: maml(net, learning_rate=paddle.optimizer.lr.StepDecay(0.05, 2), buffers="mean"),
    "anil": lambda net: metaopt.ANILOptimizer(0.05, parameters=net.parameters(), head=net.head, inner_lr=0.1),
    "boil": lambda net: metaopt.BOILOptimizer(0.05, parameters=net.parameters(), head=net.head, inner_lr=0.1),
    "meta_sgd": lambda net: metaopt.MetaSGDOptimizer(0.05, parameters=net.parameters()),
    "maml_plus_plus": lambda net: metaopt.MAMLPlusPlusOptimizer(0.05, parameters=net.parameters(), adapt_steps=2),
    "meta_curvature": lambda net: metaopt.MetaCurvatureOptimizer(0.05, parameters=net.parameters()),
    "alfa": lambda net: metaopt.ALFAOptimizer(0.05, parameters=net.parameters(), inner_lr=0.1, adapt_steps=2),
    "cavia": lambda net: metaopt.CAVIAOptimizer(0.05, parameters=net.parameters(), context=net.head.bias),
    "t_net": lambda net: metaopt.TNetOptimizer(0.05, parameters=net.parameters(), warp=net.norm),
    "proto_maml": lambda net: metaopt.ProtoMAMLOptimizer(0.05, parameters=net.parameters(), head=net.head),
    "reptile": lambda net: metaopt.ReptileOptimizer(0.05, parameters=net.parameters()),
    "imaml": lambda net: metaopt.IMAMLOptimizer(0.05, parameters=net.parameters(), adapt_steps=2),
}  # fmt: skip


def trains_alike_after(made, way_to_copy, before, make):
    net = normed_net()
    opt = made(net)
    train(net, opt, range(before))
    net_copy, opt_copy = way_to_copy((net, opt))
    assert type(opt_copy) is type(opt)
    held = {id(p) for group in groups_of(opt_copy) for p in group["params"]}
    assert {id(p) for p in net_copy.parameters() if not p.stop_gradient} <= held
    untouched = [t.numpy() for t in net_copy.state_dict().values()]
    first = train(net, opt, range(3, 6))
    assert all(np.array_equal(a, t.numpy()) for a, t in zip(untouched, net_copy.state_dict().values()))
    for a, b in zip(first, train(net_copy, opt_copy, range(3, 6))):
        np.testing.assert_array_equal(a, b)


def pickled(pair):
    try:
        pickle.dumps(pair[0])
    except TypeError:
        pytest.skip("Paddle before 3.3 pickles no Layer")
    return pickle.loads(pickle.dumps(pair))


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_deep_copied_pair_belongs_together_and_goes_on_bit_for_bit(name, before):
    trains_alike_after(ALGORITHMS[name], copy.deepcopy, before, normed_net)


@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name != "by_name"])
def test_a_pickled_pair_belongs_together_and_goes_on_bit_for_bit(name):
    trains_alike_after(ALGORITHMS[name], pickled, 2, normed_net)


@pytest.mark.parametrize("way_to_copy", [copy.deepcopy, pickled])
@pytest.mark.parametrize("outer", OUTER)
def test_a_copy_over_any_outer_rule_goes_on_bit_for_bit(outer, way_to_copy):
    options = options_of(outer)
    combined = metaopt.MAMLOptimizer.over(outer)
    trains_alike_after(
        lambda net: combined(learning_rate=0.05, parameters=net.parameters(), **options), way_to_copy, 2, normed_net
    )


@pytest.mark.parametrize("grouped", [False, True])
def test_an_inner_schedule_is_copied_as_it_was_given(grouped):
    net, schedule = normed_net(), paddle.optimizer.lr.StepDecay(0.1, 1)
    groups = [{"params": net.parameters(), "inner_lr": schedule}]
    opt = maml(net, adapt_steps=2, **({"parameters": groups} if grouped else {"inner_lr": schedule}))
    schedule.step()  # its owner uses it elsewhere
    net_copy, opt_copy = copy.deepcopy((net, opt))
    losses = [float(o.meta_loss(n, [array_episode()], F.cross_entropy)) for n, o in ((net, opt), (net_copy, opt_copy))]
    assert losses[0] == losses[1]


def test_a_pickle_needs_a_predicate_that_python_can_pickle():
    net = normed_net()
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickled((net, ALGORITHMS["by_name"](net)))


class Mine(metaopt.MAMLOptimizer):
    pass


def test_a_class_of_the_users_own_is_copied_as_one():
    trains_alike_after(lambda net: Mine(0.05, parameters=net.parameters()), pickled, 1, normed_net)


def test_an_optimizer_copied_alone_has_parameters_of_its_own():
    net = normed_net()
    opt = maml(net)
    train(net, opt, [0])
    with opt.adapter(net).task():
        alone = copy.deepcopy(opt)
    assert not {id(p) for p in alone._parameter_list} & {id(p) for p in net.parameters()}
    kept, copied = (o.state_dict()["MetaOptimizer"]["accumulators"] for o in (opt, alone))
    assert len(copied) == len(kept) > 0


def test_a_copy_in_the_middle_of_a_meta_batch_keeps_the_sums_of_the_statistics():
    net = normed_net()
    opt = maml(net, buffers="mean")
    pairs = [(net, opt)]
    for seed in (0, 1):
        for n, o in pairs[:1]:
            o.meta_loss(n, [as_tensors(array_episode(seed))], F.cross_entropy).backward()
        if not seed:
            pairs.append(copy.deepcopy((net, opt)))
    n, o = pairs[1]
    for p, q in zip(net.parameters(), n.parameters()):
        if p.grad is not None:  # a copied parameter has no gradient, in Paddle
            q.grad = p.grad.clone()
    n_loss = o.meta_loss(n, [as_tensors(array_episode(1))], F.cross_entropy)
    assert np.isfinite(float(n_loss))
    for one in (opt, o):
        one.step()
    np.testing.assert_array_equal(net.norm._mean.numpy(), n.norm._mean.numpy())


def test_an_adapter_is_copied_without_its_task_and_a_task_not_at_all():
    net = normed_net()
    adapter = maml(net).adapter(net)
    before = adapter.model
    copied = copy.deepcopy(adapter)
    assert copied.model is not before and copied.net is not net
    x, y = as_tensors(array_episode())[0]
    copied.adapt(F.cross_entropy(copied.model(x), y))
    with pytest.raises(TypeError, match=r"a Learner can't be copied.*adapter.clone\(\)"):
        copy.deepcopy(before)
