"""ProtoMAML against differences, and against the nearest class mean, which it begins as."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import EXACT, Classifier, error_of_meta_gradient, in_double, labelled_episode
from paddle import nn

import paddle_metaopt as metaopt


@pytest.mark.parametrize("way", EXACT)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_proto_maml_is_exact_through_the_class_means(way, steps):
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.ProtoMAMLOptimizer(
        parameters=net.parameters(), head=net.head, inner_lr=0.3, adapt_steps=steps, meta_gradient=way
    )
    assert error_of_meta_gradient(net, opt, labelled_episode()) < 1e-6
    assert net.head.weight.grad is None or not net.head.weight.grad.abs().max() > 0


def test_proto_maml_begins_as_the_classifier_by_the_nearest_mean():
    paddle.seed(1)
    net = in_double(Classifier())
    (x, y), (xq, _) = labelled_episode()
    opt = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.head)
    logits = opt.adapter(net).clone(support=(x, y))(xq)
    with paddle.no_grad():
        f, fq = net.body(x).numpy(), net.body(xq).numpy()
    means = np.stack([f[y.numpy() == k].mean(0) for k in range(3)])
    distances = ((fq[:, None] - means[None]) ** 2).sum(-1)
    expected = -distances + (fq**2).sum(1, keepdims=True)
    np.testing.assert_allclose(logits.numpy(), expected, rtol=1e-12)
    with opt.adapter(net).task(support=(x, y)):
        np.testing.assert_allclose(net(xq).numpy(), expected, rtol=1e-12)
    task = labelled_episode()
    scores = metaopt.evaluate(net, opt, [task], F.cross_entropy, lambda out, y: out.numpy()[0, 0], steps=0)
    np.testing.assert_allclose(scores.mean, expected[0, 0], rtol=1e-12)


def test_proto_maml_says_what_it_needs():
    net = Classifier()
    with pytest.raises(TypeError, match="ProtoMAMLOptimizer: head: expected a paddle.nn.Linear with a bias"):
        metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.body)
    opt = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.head)
    with pytest.raises(ValueError, match=r"adapter.clone\(support=\(x, y\)\)"):
        opt.adapter(net).clone()
    wrong = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=nn.Linear(4, 3))
    with pytest.raises(ValueError, match="head: expected the net to call it once"):
        wrong.adapter(net).clone(support=(paddle.randn([3, 3]), paddle.arange(3)))
    assert all(p.is_leaf for p in net.parameters())
