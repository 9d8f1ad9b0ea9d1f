"""A script in which the optimizer alone was changed is warned, once; no use with tasks is."""

import copy
import re
import warnings

import paddle
import paddle.nn.functional as F
import pytest
from helpers import array_episode, as_tensors, maml, normed_net

import paddle_metaopt as metaopt


def plain_loss(net):
    x, y = as_tensors(array_episode())[0]
    return F.cross_entropy(net(x), y)


def assert_silent(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert not of_plain_steps(caught)


def assert_warns_once(call, said):
    with pytest.warns(UserWarning, match=said) as caught:
        call()
    assert [w.filename for w in of_plain_steps(caught)] == [__file__]
    assert_silent(call)


def of_plain_steps(caught):
    return [w for w in caught if re.search("on a plain loss|no gradient went back", str(w.message))]


@pytest.mark.parametrize("take_step", [lambda opt, loss: opt.step(), lambda opt, loss: opt.minimize(loss)])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_plain_loss_under_a_meta_optimizer_warns_once(take_step, grouped):
    net = normed_net()
    opt = maml(net, parameters=[{"params": net.parameters()}] if grouped else net.parameters())

    def train_step():
        loss = plain_loss(net)
        loss.backward()
        take_step(opt, loss)

    said = r"MAMLOptimizer: .* one of Adam on a plain loss.*opt.meta_loss\(.*use metaopt.Model in its place"
    assert_warns_once(train_step, said)


def by_meta_loss(net, opt):
    opt.meta_loss(net, [array_episode()], F.cross_entropy).backward()
    opt.step()


def by_hand(net, opt):
    learner = opt.adapter(net).clone()
    learner.adapt(plain_loss(learner))
    plain_loss(learner).backward()
    opt.step()


def in_a_block(net, opt):
    with opt.adapter(net).task() as task:
        task.adapt(lambda: plain_loss(net))
        plain_loss(net).backward()
    opt.step()


def accumulated(net, opt):
    for seed in range(2):
        opt.meta_loss(net, [array_episode(seed)], F.cross_entropy).backward()
    opt.step()
    by_hand(net, opt)


def by_the_adapter(net, opt):
    adapter = opt.adapter(net)
    adapter.adapt(plain_loss(adapter.model))
    adapter.step(plain_loss(adapter.model))


def by_a_scaler(net, opt):
    scaler = paddle.amp.GradScaler(enable=True)
    scaler.scale(opt.meta_loss(net, [array_episode()], F.cross_entropy)).backward()
    scaler.step(opt)


def by_minimize(net, opt):
    loss = opt.meta_loss(net, [array_episode()], F.cross_entropy)
    loss.backward()
    opt.minimize(loss)


def with_a_regularizer(net, opt):
    (opt.meta_loss(net, [array_episode()], F.cross_entropy) + 0.01 * (net.head.weight**2).sum()).backward()
    opt.step()


def by_gradients_of_paddle_grad(net, opt):
    loss = opt.meta_loss(net, [array_episode()], F.cross_entropy)
    for p, g in zip(opt._parameter_list, paddle.grad(loss, opt._parameter_list, allow_unused=True)):
        if g is not None:
            p.grad = g
    opt.step()


def resumed(net, opt):
    opt.set_state_dict(opt.state_dict())
    by_meta_loss(net, opt)


def without_gradients(net, opt):
    opt.step()
    opt.clear_grad()
    opt.step()


def a_copy(net, opt):
    by_meta_loss(net, opt)
    net, opt = copy.deepcopy((net, opt))
    plain_loss(net).backward()
    opt.step()


LEGITIMATE = [
    by_meta_loss, by_hand, in_a_block, accumulated, by_the_adapter, by_a_scaler, by_minimize, with_a_regularizer,
    by_gradients_of_paddle_grad, resumed, without_gradients, a_copy,
]  # fmt: skip


@pytest.mark.parametrize("train_step", LEGITIMATE)
def test_no_use_with_tasks_warns(train_step):
    net = normed_net()
    assert_silent(lambda: train_step(net, maml(net)))


OPTIMIZERS = {
    "maml": metaopt.MAMLOptimizer,
    "first order": lambda **o: metaopt.MAMLOptimizer(first_order=True, **o),
    "no steps": lambda **o: metaopt.MAMLOptimizer(adapt_steps=0, **o),
    "checkpointed": lambda **o: metaopt.MAMLOptimizer(meta_gradient="checkpointed", **o),
    "evolution": lambda **o: metaopt.MAMLOptimizer(meta_gradient=metaopt.meta_gradients.Evolution(), **o),
    "anil": lambda net, **o: metaopt.ANILOptimizer(head=net.head, **o),
    "cavia": lambda net, **o: metaopt.CAVIAOptimizer(context=net.head.bias, **o),
    "meta-sgd": metaopt.MetaSGDOptimizer,
    "maml++": metaopt.MAMLPlusPlusOptimizer,
    "reptile": metaopt.ReptileOptimizer,
    "imaml": metaopt.IMAMLOptimizer,
}


@pytest.mark.parametrize("train_step", [by_meta_loss, by_hand])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_algorithm_warns(name, train_step):
    net = normed_net()
    given = {"net": net} if name in ("anil", "cavia") else {}

    def train():
        try:
            opt = OPTIMIZERS[name](parameters=net.parameters(), **given)
            for _ in range(2):
                train_step(net, opt)
        except (metaopt.NeedsMetaLossError, ValueError) as error:  # it needs losses as functions, or meta_loss
            assert "function" in str(error) or "meta_loss" in str(error)

    assert_silent(train)


def with_the_net_in_the_learners_place(net, opt):
    learner = opt.adapter(net).clone()
    learner.adapt(plain_loss(learner))
    plain_loss(net).backward()
    opt.step()


def after_the_block(net, opt):
    with opt.adapter(net).task() as task:
        task.adapt(lambda: plain_loss(net))
    plain_loss(net).backward()
    opt.step()


@pytest.mark.parametrize("mistake", [with_the_net_in_the_learners_place, after_the_block])
def test_a_query_loss_on_the_nets_own_weights_warns_once(mistake):
    net = normed_net()
    opt = maml(net)
    by_hand(net, opt)
    assert_warns_once(lambda: mistake(net, opt), "no gradient went back through.*place of the learner, or after")
