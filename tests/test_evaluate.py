"""Evaluation leaves everything as it was, and scores as by hand."""

import itertools
import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import array_episode, as_tensors, assert_unchanged, holdings, image_part, maml, normed_net
from paddle import nn

import paddle_metaopt as metaopt


def test_evaluation_leaves_everything_as_it_was(net, opt):
    net.eval()
    before = holdings(net)
    values = [tensor.numpy().copy() for _, _, tensor in before]
    result = metaopt.evaluate(net, opt, [(image_part(), image_part()) for _ in range(3)], F.cross_entropy, steps=3)
    assert_unchanged(net, before, values)
    assert all(p.grad is None for p in net.parameters())
    assert not any(layer.training for layer in net.sublayers(include_self=True))
    assert result.values.shape == (3,)
    np.testing.assert_allclose(result.mean, result.values.mean())
    np.testing.assert_allclose(result.ci95, 1.96 * result.values.std(ddof=1) / np.sqrt(3))


def test_evaluation_by_hand(net, opt):
    (xs, ys), (xq, yq) = image_part(), image_part()
    net.train()
    with opt.adapter(net).task() as task:
        task.adapt(lambda: F.cross_entropy(net(xs), ys), steps=3)
        expected = float((net(xq).argmax(1) == yq).astype("float32").mean())
        loss = float(F.cross_entropy(net(xq), yq))
    episodes = [((xs, ys), (xq, yq))]
    accuracy = metaopt.evaluate(net, opt, episodes, F.cross_entropy, paddle.metric.Accuracy(), steps=3)
    np.testing.assert_allclose(accuracy.mean, expected, rtol=1e-6)
    np.testing.assert_allclose(metaopt.evaluate(net, opt, episodes, F.cross_entropy, steps=3).mean, loss, rtol=1e-5)
    with pytest.raises(ValueError, match="buffers="):
        metaopt.evaluate(net, opt, episodes, F.cross_entropy, statistics="running")
    with pytest.raises(ValueError, match="statistics: expected one of 'batch', 'running'"):
        metaopt.evaluate(net, opt, episodes, F.cross_entropy, statistics="both")
    with pytest.raises(ValueError, match="no episodes"):
        metaopt.evaluate(net, opt, [], F.cross_entropy)
    with pytest.raises(ValueError, match="pair of pairs"):
        metaopt.evaluate(net, opt, [xs], F.cross_entropy)


def test_a_net_with_synchronized_batch_norm_trains_and_is_scored_in_one_process():
    nets = normed_net(), nn.SyncBatchNorm.convert_sync_batchnorm(normed_net())
    assert isinstance(nets[1].norm, nn.SyncBatchNorm)
    losses, scores = [], []
    for net in nets:
        opt = maml(net, buffers="last")
        losses.append(float(opt.meta_loss(net, [array_episode()], F.cross_entropy)))
        result = metaopt.evaluate(net, opt, [array_episode(1)], F.cross_entropy, statistics="running")
        scores.append(result.mean)
    np.testing.assert_allclose(*losses, rtol=1e-6)
    np.testing.assert_allclose(*scores, rtol=1e-6)


def test_evaluations_are_equal_if_their_scores_are():
    def of(*values):
        return metaopt.Evaluation(float(np.mean(values)), 0.0, np.array(values))

    assert of(1.0, 2.0) == of(1.0, 2.0) and of(np.nan) == of(np.nan)
    assert of(1.0, 2.0) != of(2.0, 1.0) and of(1.0) != 1.0


def test_episodes_may_come_out_of_blocks_of_another_net_that_stay_open():
    student, teacher = normed_net(), normed_net()
    opt, (x, y) = maml(student), as_tensors(array_episode())[0]

    def taught():
        while True:
            with maml(teacher).adapter(teacher).task() as task:
                task.adapt(lambda: F.cross_entropy(teacher(x), y))
                yield ((x, teacher(x).argmax(1)), (x, teacher(x).argmax(1)))

    student.eval()
    own, endless = teacher.head.weight, taught()
    next(endless)
    for _ in range(2):
        metaopt.evaluate(student, opt, itertools.islice(endless, 3), F.cross_entropy)
        assert not any(layer.training for layer in student.sublayers(include_self=True))
        assert teacher.head.weight is not own
    endless.close()
    assert teacher.head.weight is own


@pytest.mark.parametrize("vectorize", ["auto", False])
@pytest.mark.parametrize("steps", [0, 2])
def test_a_net_that_changes_its_weights_in_place_has_its_own_afterwards(steps, vectorize):
    net = nn.Sequential(nn.Embedding(5, 3, max_norm=0.5), nn.Linear(3, 1))
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    before = [p.numpy().copy() for p in net.parameters()]
    assert np.linalg.norm(before[0], axis=1).max() > 0.5
    words, y = paddle.to_tensor([0, 1, 2, 3, 4]), paddle.ones([5, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metaopt.evaluate(net, opt, [((words, y), (words, y))] * 2, F.mse_loss, steps=steps, vectorize=vectorize)
    for p, b in zip(net.parameters(), before):
        np.testing.assert_array_equal(p.numpy(), b)
