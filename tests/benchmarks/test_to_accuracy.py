"""The race to an accuracy: everybody's episodes, and how ours is trained on them. No time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle.io import Dataset

import paddle_metaopt as metaopt
from paddle_metaopt.data import EpisodeLoader, EpisodeSampler

PEERS = Path(__file__).resolve().parents[2] / "benchmarks" / "peers"
sys.path.insert(0, str(PEERS))

import to_accuracy  # noqa: E402
from training_episodes import Episodes, written  # noqa: E402
from worker import Worker  # noqa: E402


class Pictures(Dataset):
    labels = np.repeat(np.arange(6), 5)

    def __init__(self):
        self.pixels = np.random.default_rng(0).integers(0, 256, (30, 1, 28, 28))

    def __getitem__(self, index):
        return (self.pixels[index] / 255).astype("float32"), int(self.labels[index])

    def __len__(self):
        return len(self.labels)


def sampler(dataset):
    return EpisodeSampler(dataset, ways=5, shots=1, queries=2, episodes=6, seed=4, tasks_per_batch=2)


@pytest.fixture
def file(tmp_path):
    dataset = Pictures()
    written(tmp_path / "episodes.npz", dataset, sampler(dataset), 2)
    return str(tmp_path / "episodes.npz")


def test_everybody_gets_the_episodes_of_the_loader(file):
    dataset, given = Pictures(), Episodes(file)
    for iteration, batch in zip(range(2), EpisodeLoader(dataset, sampler(dataset))):
        tasks = given.of(iteration)
        assert len(tasks) == len(batch) == 2
        for task, episode in zip(tasks, batch):
            for (x, y), (tensor, labels) in zip(task, episode):
                np.testing.assert_array_equal(x, tensor.numpy())
                np.testing.assert_array_equal(y, labels.numpy())


def test_ours_is_trained_by_adam_on_the_meta_gradient(file, tmp_path):
    weights, key = str(tmp_path / "weights.npz"), to_accuracy.WORKLOAD
    worker = Worker("ours", 1)
    worker.begin_training(key, file, 3e-3)
    net = worker.adapter.net
    before = [p.numpy() for p in net.parameters() if not p.stop_gradient]
    for _ in range(2):
        assert worker.train(1, weights)["seconds"] > 0
    with np.load(weights) as found:
        trained = [found[name] for name in worker.adapter.named]

    for p, value in zip(worker.adapter.named.values(), before):
        p.set_value(value)
    opt = metaopt.MAMLOptimizer(3e-3, parameters=net.parameters(), inner_lr=0.4)
    for iteration in range(2):
        tasks = [[[paddle.to_tensor(v) for v in part] for part in task] for task in Episodes(file).of(iteration)]
        opt.meta_loss(net, tasks, F.cross_entropy).backward()
        opt.step()
        opt.clear_grad()
    for p, value, start in zip(worker.adapter.named.values(), trained, before):
        np.testing.assert_allclose(p.numpy(), value, rtol=1e-5, atol=1e-6)
        assert not np.array_equal(value, start)


def test_the_picture_shows_each_library(tmp_path):
    points = [{"iteration": 250 * i, "hours": i / 60, "accuracy": 0.9 + i / 100} for i in range(1, 6)]
    to_accuracy.picture({"target": 0.95, "points": {"ours": points, "theirs": points}}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
