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


@pytest.mark.parametrize(
    "y, error, named",
    [
        (paddle.to_tensor([0, 1, 3]), ValueError, r"3 class numbers from 0 to 2, integers; got 0 to 3"),
        (paddle.to_tensor([0, -1, 2]), ValueError, r"3 class numbers from 0 to 2, integers; got -1 to 2"),
        (paddle.eye(3), ValueError, r"3 class numbers .* got paddle.float32 of shape \[3, 3\]"),
        (paddle.to_tensor([0.0, 1.0, 2.0]), ValueError, r"3 class numbers .* got paddle.float32 of shape \[3\]"),
        (paddle.to_tensor([0, 1]), ValueError, r"3 class numbers .* got paddle.int64 of shape \[2\]"),
        ([0, 1, 2], TypeError, r"3 class numbers .* got \[0, 1, 2\]"),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(y, error, named):
    net = Classifier()
    opt = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.head)
    x = paddle.randn([3, 3])
    with pytest.raises(error, match="support: y: expected " + named):
        opt.adapter(net).clone(support=(x, y))
    with pytest.raises(error, match="support: y: expected " + named):
        opt.meta_loss(net, [((x, y), (x, y))], F.cross_entropy)
    assert all(p.is_leaf for p in net.parameters())


def test_a_support_set_by_hand_is_a_pair_of_tensors_or_arrays():
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.head)
    (x, y), (xq, _) = labelled_episode()
    expected = opt.adapter(net).clone(support=(x, y))(xq)
    for given in ((x.numpy(), y.numpy()), [x.numpy().astype("float32").astype("float64"), y.numpy().astype("int32")]):
        np.testing.assert_allclose(opt.adapter(net).clone(support=given)(xq).numpy(), expected.numpy(), rtol=1e-6)
    for given, form in ((x, "Tensor"), ((x, y, y), "tuple of Tensor, Tensor, Tensor"), ({"x": x, "y": y}, "dict")):
        with pytest.raises(ValueError, match=rf"support: expected a pair \(x, y\), got {form}$"):
            opt.adapter(net).clone(support=given)
    with pytest.raises(ValueError, match="support set has no examples"):
        opt.adapter(net).task(support=(x[:0], y[:0]))


@pytest.mark.parametrize("buffers", ["restore", "last", "mean"])
def test_the_class_means_move_no_statistics(buffers):
    class Normed(Classifier):
        def __init__(self):
            super().__init__()
            self.body.add_sublayer("norm", nn.BatchNorm1D(self.head.weight.shape[0]))

    paddle.seed(1)
    net, episode = in_double(Normed()), labelled_episode()
    found = []
    for optimizer, head in ((metaopt.MAMLOptimizer, {}), (metaopt.ProtoMAMLOptimizer, {"head": net.head})):
        opt = optimizer(0.0, parameters=net.parameters(), inner_lr=0.0, buffers=buffers, **head)
        norm = net.body[-1]
        norm._mean.set_value(paddle.zeros_like(norm._mean))
        opt.meta_loss(net, [episode], F.cross_entropy).backward()
        opt.step(), opt.clear_grad()
        found.append(norm._mean.numpy().copy())
    np.testing.assert_array_equal(*found)
    assert (abs(found[0]).max() > 0) == (buffers != "restore")
