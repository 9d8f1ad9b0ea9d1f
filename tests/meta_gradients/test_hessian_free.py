"""Differences of gradients in place of second derivatives."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Smooth, episode, gradients_of, make_net, maml, trainable

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import HessianFree


def test_hessian_free_is_refused_in_float32_unless_insisted():
    paddle.seed(2)
    net = Smooth()
    task = [tuple(t.astype("float32") for t in part) for part in episode()]
    with pytest.raises(ValueError, match="allow_float32=True"):
        maml(net, "hessian_free").meta_loss(net, [task], F.mse_loss)
    exact = maml(net, "unrolled").meta_loss(net, [task], F.mse_loss)
    exact.backward()
    reference = np.concatenate([g.ravel() for g in gradients_of(net.parameters())])
    net.clear_gradients()
    maml(net, HessianFree(allow_float32=True)).meta_loss(net, [task], F.mse_loss).backward()
    found = np.concatenate([g.ravel() for g in gradients_of(net.parameters())])
    assert np.linalg.norm(found - reference) < 1e-2 * np.linalg.norm(reference)


def test_hessian_free_needs_no_rule():
    class Unruled(paddle.autograd.PyLayer):
        """x², whose backward cannot be differentiated."""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensor()
            return paddle.to_tensor(2 * x.numpy() * g.numpy())

    net, task = make_net(), episode()

    def loss_fn(prediction, y):
        return F.mse_loss(Unruled.apply(prediction), y)

    with pytest.raises(metaopt.NotTwiceDifferentiableError, match="Unruled"):
        maml(net, "unrolled").meta_loss(net, [task], loss_fn)
    opt = maml(net, "hessian_free")
    opt.meta_loss(net, [task], loss_fn).backward()
    gradients = gradients_of(net.parameters())
    weights = trainable(net)
    gradients = [g for g, p in zip(gradients, net.parameters()) if not p.stop_gradient]
    result = compare_with_differences(lambda: float(opt.meta_loss(net, [task], loss_fn)), gradients, weights)
    assert result.error < 1e-5
