"""`InnerAdapter`: its present learner, and its outer step."""

import copy

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import image_part, loss_of, maml, normed_net, part, small_net

import paddle_metaopt as metaopt


def test_the_seeds_base_learner(net, opt):
    (xs, ys), (xq, yq) = image_part(), image_part()
    adapter = metaopt.InnerAdapter(net, opt)
    first = adapter.model
    assert adapter.model is first
    before = net.classifier.weight.numpy().copy()
    adapter.adapt(F.cross_entropy(adapter.model(xs), ys))
    adapter.step(F.cross_entropy(adapter.model(xq), yq))
    assert not np.allclose(before, net.classifier.weight.numpy())
    assert float(net.classifier.weight.grad.abs().sum()) == 0
    assert adapter.model is not first


def test_the_adapters_model_is_a_new_one_after_an_outer_step_by_hand():
    net = small_net()
    opt = maml(net, adapt_steps=2)
    adapter = opt.adapter(net)
    first = adapter.model
    adapter.adapt(loss_of(adapter.model, part()))
    loss_of(adapter.model, part()).backward()
    opt.step()
    adapter.adapt(loss_of(adapter.model, part()))
    assert adapter.model is not first and adapter.model.is_running and not first.is_running


def test_an_adapter_that_is_taken_for_the_net_names_the_net(net, opt):
    adapter = opt.adapter(net)
    for name in ("parameters", "state_dict", "classifier"):
        with pytest.raises(AttributeError, match=f"an InnerAdapter has no '{name}'.*use net.{name}"):
            getattr(adapter, name)
    with pytest.raises(AttributeError, match="an InnerAdapter has no 'nonsense'$"):
        _ = adapter.nonsense
    assert not hasattr(copy.copy(adapter), "parameters")


def adapter_step(loss):
    net = normed_net()
    maml(net).adapter(net).step(loss)


@pytest.mark.parametrize(
    "loss, error, message",
    [
        (paddle.to_tensor(0.1), ValueError, "InnerAdapter.step: validation_loss: it is a constant"),
        (0.1, TypeError, "InnerAdapter.step: validation_loss: expected a Tensor, got 0.1"),
        (paddle.ones([2]), ValueError, r"expected a real scalar, got shape \[2\].*mean\(\)"),
        (paddle.ones([], "complex64"), ValueError, "expected a real scalar, got.*complex64"),
    ],
)
def test_an_outer_step_needs_a_loss_that_depends_on_something(loss, error, message):
    with pytest.raises(error, match=message):
        adapter_step(loss)
