"""Every form of episode, of tensors and of arrays, is read as it is meant."""

import collections
import gc

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import array_episode, as_tensors, maml, normed_net, part, small_net
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import data, models


def test_a_meta_batch_is_the_mean_and_reads_every_kind_of_episode():
    class TwoInputs(nn.Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, a, b):
            return self.linear(a + b)

    net = TwoInputs()
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), inner_lr=0.1)
    (xs, ys), (xq, yq) = as_tensors(array_episode())
    kinds = [
        (((xs, xs), ys), ((xq, xq), yq)),
        [[[xs, xs], ys], [[xq, xq], yq]],
        (({"a": xs, "b": xs}, ys), ({"a": xq, "b": xq}, yq)),
    ]
    losses = [float(opt.meta_loss(net, [kind], F.cross_entropy)) for kind in kinds]
    assert losses[0] == losses[1] == losses[2]
    other = (((xq, xq), yq), ((xs, xs), ys))
    single = float(opt.meta_loss(net, [other], F.cross_entropy))
    both = float(opt.meta_loss(net, (kind for kind in [kinds[0], other]), F.cross_entropy))
    np.testing.assert_allclose(both, (losses[0] + single) / 2, rtol=1e-6)
    with pytest.raises(ValueError, match="no episodes"):
        opt.meta_loss(net, [], F.cross_entropy)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_batch_of_episodes_is_not_taken_for_one(count):
    """Two would be a pair of pairs of pairs: net(*(x, y))."""
    net = small_net()
    batch = [metaopt.Episode(part(), part()) for _ in range(count)]
    with pytest.raises(ValueError, match="an episode is a pair of pairs, .*; got list of Episode"):
        metaopt.evaluate(net, maml(net), [batch, batch], F.mse_loss)


def test_the_sinusoids_are_taken_as_they_are():
    net = models.MLP()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.01)
    arrays = [data.Sinusoid()[i] for i in range(2)]
    loss = opt.meta_loss(net, arrays, F.mse_loss)
    assert float(loss) == float(opt.meta_loss(net, [as_tensors(e) for e in arrays], F.mse_loss))
    assert metaopt.evaluate(net, opt, arrays, F.mse_loss).values.shape == (2,)


@pytest.mark.parametrize("of_the_net, of_the_array", [("float32", "float64"), ("float64", "float32")])
def test_a_floating_array_takes_the_type_of_the_net_and_an_integer_one_keeps_its_own(of_the_net, of_the_array):
    net = normed_net()
    net.to(dtype=of_the_net)
    seen = []

    def loss_fn(output, y):
        seen.append((str(output.dtype), str(y.dtype)))
        return F.cross_entropy(output, y)

    maml(net).meta_loss(net, [array_episode(dtype=of_the_array)], loss_fn)
    metaopt.evaluate(net, maml(net), [array_episode(dtype=of_the_array)], loss_fn)
    assert set(seen) == {(f"paddle.{of_the_net}", "paddle.int64")}


def test_a_tensor_keeps_its_type():
    seen = []

    def loss_fn(output, target):
        seen.append(target.dtype)
        return F.mse_loss(output, target.astype("float32"))

    net, pair = nn.Linear(3, 2), (paddle.ones([2, 3]), paddle.ones([2, 2], "float64"))
    maml(net).meta_loss(net, [(pair, pair)], loss_fn)
    assert set(seen) == {paddle.float64}


Inputs = collections.namedtuple("Inputs", "a b")


@pytest.mark.parametrize(
    "form", [lambda x: (x, x[:, ::-1]), lambda x: {"b": x[:, ::-1], "a": x}, lambda x: Inputs(x, x[:, ::-1])]
)
def test_arrays_in_tuples_and_dicts_become_tensors(form):
    class Two(nn.Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, a, b, *, names=None):
            return self.linear(a - 2 * b)

    net = Two()
    opt = maml(net)
    (xs, ys), (xq, yq) = array_episode()
    tensors = [
        [[paddle.to_tensor(x), paddle.to_tensor(x[:, ::-1].copy())], paddle.to_tensor(y)]
        for x, y in ((xs, ys), (xq, yq))
    ]
    expected = opt.meta_loss(net, [tensors], F.cross_entropy)
    loss = opt.meta_loss(net, [((form(xs), ys), (form(xq), yq))], F.cross_entropy)
    assert float(loss) == float(expected)


def test_what_is_no_number_is_left_alone():
    class Named(nn.Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x, names, how):
            assert names.tolist() == ["a", "b"] and how is None
            return self.linear(x)

    net = Named()
    (xs, ys), (xq, yq) = array_episode()
    names = {"names": np.array(["a", "b"], object), "how": None}
    maml(net).meta_loss(net, [(({"x": xs, **names}, ys), ({"x": xq, **names}, yq))], F.cross_entropy)


@pytest.mark.parametrize("use", ["meta_loss", "evaluate"])
def test_the_code_that_makes_the_episodes_runs_in_plain_paddle(use):
    net, encoder = small_net(), nn.Linear(3, 3)
    encoder.to(dtype="float64")
    names = []

    def episodes():
        for _ in range(2):
            h = F.relu_(encoder(part(1)[0]) * 1.0)  # in place, on what needs a gradient
            names.append(h.grad_fn.name())
            yield (h.detach(), part(1)[1]), part(2)

    gc.collect()  # tasks that other tests left in a cycle
    if use == "meta_loss":
        maml(net, adapt_steps=2).meta_loss(net, episodes(), F.mse_loss).backward()
    else:
        metaopt.evaluate(net, maml(net, adapt_steps=2), episodes(), F.mse_loss)
    assert all("MetaOptRule" not in name for name in names) and len(names) == 2
