"""No value is read back to the host while a meta-gradient is computed: on a GPU each would wait for all before it."""

from __future__ import annotations

from collections import Counter

import paddle
import paddle.nn.functional as F
import pytest
from helpers import episode, make_net
from meta_combinations import ALGORITHMS

import paddle_metaopt as metaopt

READING = ("numpy", "item", "tolist", "cpu", "__float__", "__int__", "__index__", "__bool__", "__array__")


@pytest.fixture
def reads(monkeypatch):
    """How often each of the methods was called that read a Tensor's values."""
    found = Counter()

    def counted(name, method):
        def read(self, *args, **kwargs):
            found[name] += 1
            return method(self, *args, **kwargs)

        return read

    for name in READING:
        monkeypatch.setattr(paddle.Tensor, name, counted(name, getattr(paddle.Tensor, name)))
    return found


@pytest.mark.parametrize("vectorize", ["auto", False])
@pytest.mark.parametrize("way", ["unrolled", "first_order"])
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS.keys() - {"anil", "reptile", "imaml"}))
def test_unrolled_and_first_order_read_nothing(reads, algorithm, way, vectorize):
    net = make_net()
    opt = ALGORITHMS[algorithm](net, meta_gradient=way, **({} if algorithm == "meta_sgd" else {"adapt_steps": 2}))
    tasks = [episode(), episode()]
    reads.clear()
    opt.meta_loss(net, tasks, F.mse_loss, vectorize=vectorize).backward()

    assert reads == {}
    assert any(p.grad is not None for p in net.parameters())


def test_reptile_reads_nothing(reads):
    net = make_net()
    ALGORITHMS["reptile"](net).meta_loss(net, [episode(), episode()], F.mse_loss).backward()

    assert reads == {}


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("buffers", ["restore", "last", "mean"])
def test_images_batch_norm_and_clipping_read_nothing(reads, net, buffers, first_order):
    opt = metaopt.MAMLOptimizer(
        1e-3, parameters=net.parameters(), adapt_steps=2, first_order=first_order, buffers=buffers,
        inner_grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0),
    )  # fmt: skip
    part = paddle.randn([3, 1, 28, 28]), paddle.to_tensor([0, 1, 2])
    opt.meta_loss(net, [(part, part)] * 2, F.cross_entropy).backward()
    opt.step()

    assert reads == {}


@pytest.mark.parametrize("vectorize, runs", [(True, 1), (False, 2)])
def test_checkpointed_compares_the_losses_of_its_replays_and_reads_nothing_else(reads, vectorize, runs):
    net = make_net()
    opt = ALGORITHMS["maml"](net, meta_gradient="checkpointed", adapt_steps=2)
    opt.meta_loss(net, [episode(), episode()], F.mse_loss, vectorize=vectorize)

    assert reads == {"tolist": 4 * runs, "numpy": 4 * runs}  # Paddle's tolist calls numpy; two steps, then and now
