"""Keywords, groups and rates that fit nothing are refused by name."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import array_episode, maml, normed_net, rate_of_shape

import paddle_metaopt as metaopt


def test_an_unknown_keyword_names_class_and_argument():
    for make, name in ((metaopt.MAMLOptimizer, "MAMLOptimizer"), (metaopt.ANILOptimizer, "ANILOptimizer"),
                       (metaopt.MAMLOptimizer.over(paddle.optimizer.Lamb), r"MAMLOptimizer.over\(Lamb\)")):  # fmt: skip
        with pytest.raises(TypeError, match=f"^{name}: .*inner_steps'; there are learning_rate, .*, adapt_steps"):
            make(learning_rate=0.1, parameters=normed_net().parameters(), inner_steps=3)


def test_arguments_in_torchs_order_are_told_how_to_give_the_parameters():
    parameters = normed_net().parameters()
    with pytest.raises(ValueError, match=r"^MAMLOptimizer: parameters: .* parameters=net.parameters\(\), got None"):
        metaopt.MAMLOptimizer(parameters, 1e-3)


@pytest.mark.parametrize("lists", [{"inner_lr": [0.1, 0.2]}, {"parameters": "group"}])
def test_a_list_of_rates_shorter_than_the_steps_is_refused(lists):
    net = normed_net()
    if "parameters" in lists:
        lists = {"parameters": [{"params": net.parameters(), "inner_lr": [0.1, 0.2]}]}
    with pytest.raises(ValueError, match="MAMLOptimizer: inner_lr: expected a rate for each of the 3 .* a list of 2"):
        maml(net, adapt_steps=3, **lists)
    opt = maml(net, adapt_steps=2, **lists)
    assert metaopt.evaluate(net, opt, [array_episode()], F.cross_entropy, steps=4).values.size == 1


@pytest.mark.parametrize("inner_lr", [rate_of_shape(3, 3), [rate_of_shape(5)], rate_of_shape(1, 4, 2)])
def test_a_learned_rate_that_fits_no_parameter_is_refused_at_once(inner_lr):
    with pytest.raises(ValueError, match=r"MAMLOptimizer: inner_lr: a rate of shape \[.*does not fit linear.*broadc"):
        maml(normed_net(), inner_lr=inner_lr)


def test_a_learned_rate_has_to_fit_what_adapts():
    net = normed_net()
    rate = rate_of_shape(4, 2)
    maml(net, inner_lr=rate, adapt=[net.head.weight]).meta_loss(net, [array_episode()], F.cross_entropy)
    with pytest.raises(ValueError, match=r"inner_lr: a rate of shape \[4, 2\] does not fit linear.* of shape \[3, 4\]"):
        maml(net, inner_lr=rate).meta_loss(net, [array_episode()], F.cross_entropy)
    with pytest.raises(ValueError, match=r"a rate of shape \[3\] does not fit"):
        maml(net, inner_lr=lambda step: paddle.ones([3])).meta_loss(net, [array_episode()], F.cross_entropy)


def test_a_given_rate_need_not_fit_what_is_learned_besides_the_weights():
    net = normed_net()
    kept = [net.head.weight]
    rate = paddle.full(net.head.weight.shape, 0.1)
    opt = metaopt.MetaCurvatureOptimizer(0.1, parameters=kept, inner_lr=rate)
    assert opt.learned
    opt.meta_loss(net, [array_episode()], F.cross_entropy).backward()
    assert all(value.grad is not None for value in opt.learned.values())


def test_an_unknown_option_of_the_learned_group_is_named():
    with pytest.raises(ValueError, match="learned_group: Adam has no option 'learning_rte'.*learning_rate"):
        metaopt.MetaSGDOptimizer(0.1, parameters=normed_net().parameters(), learned_group={"learning_rte": 0.1})
