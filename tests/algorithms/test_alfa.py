"""ALFA against differences, for all that it learns, and its first step against MAML's."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import EXACT, Classifier, error_of_meta_gradient, in_double, labelled_episode, parameter

import paddle_metaopt as metaopt


@pytest.mark.parametrize("way", [*EXACT, "first_order"])
def test_alfa_is_exact_for_the_weights_the_rates_the_decays_and_the_net_that_makes_them(way):
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.ALFAOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, meta_gradient=way)
    paddle.seed(5)
    for value in opt.learned.values():  # away from where they start, that all of them matter
        value.set_value(value + 0.1 * paddle.randn(value.shape, "float64"))
    assert len(opt.learned) == 6 + 5  # each weight's rates; the net's two layers, and the decays
    if way != "first_order":
        assert error_of_meta_gradient(net, opt, labelled_episode()) < 1e-6
    else:
        opt.meta_loss(net, [labelled_episode()], F.cross_entropy).backward()
    assert all(value.grad is not None for value in opt.learned.values())


def test_alfa_starts_as_maml_with_weight_decay_and_resumes():
    paddle.seed(1)
    net = in_double(Classifier())
    (x, y), _ = labelled_episode()
    opt = metaopt.ALFAOptimizer(parameters=net.parameters(), inner_lr=0.3, inner_decay=0.01, adapt_steps=1)
    learner = opt.adapter(net).clone()
    loss = F.cross_entropy(net(x), y)
    gradients = paddle.grad(loss, net.parameters())
    learner.adapt(F.cross_entropy(learner(x), y))
    for (name, p), g in zip(net.named_parameters(), gradients):
        expected = p.numpy() * (1 - 0.3 * 0.01) - 0.3 * g.numpy()
        np.testing.assert_allclose(learner.fast_weights[name].numpy(), expected, rtol=1e-12)
    opt.meta_loss(net, [labelled_episode()], F.cross_entropy).backward()
    opt.step()
    copy = in_double(Classifier())
    other = metaopt.ALFAOptimizer(parameters=copy.parameters(), inner_lr=0.1, adapt_steps=1)
    other.set_state_dict(opt.state_dict())
    for a, b in zip(opt.learned.values(), other.learned.values()):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    fewer = metaopt.ALFAOptimizer(parameters=net.head.parameters(), inner_lr=0.1)
    net2 = in_double(Classifier())
    more = metaopt.ALFAOptimizer(parameters=[*net2.parameters(), parameter(1.0)], inner_lr=0.1)
    fewer.meta_loss(net, [labelled_episode()], F.cross_entropy)
    with pytest.raises(ValueError, match="ALFA was made for 7 trainable parameters, and this net adapts 6"):
        more.meta_loss(net2, [labelled_episode()], F.cross_entropy)
