"""What a task of an LSTM costs, in plain training steps of it.

``python benchmarks/recurrent.py [--rounds N] [--length L] [--kind LSTM] [--size 128]``: an embedding, a recurrent layer
in one or both directions and a linear head on 25 sequences, of the same and of different lengths. A plain step is a
forward, a backward and an Adam step; a task is ``meta_loss`` with one inner step, and its backward. They take turns in
one process, and the ratio of the least processor times is what counts.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

import paddle_metaopt as metaopt


class Reader(nn.Layer):
    def __init__(self, kind, direction, size):
        super().__init__()
        self.embedding = nn.Embedding(200, size)
        self.encoder = kind(size, size, direction=direction)
        self.head = nn.Linear(size if direction == "forward" else 2 * size, 5)

    def forward(self, words, lengths=None):
        return self.head(self.encoder(self.embedding(words), sequence_length=lengths)[0].mean(1))


def episode(length: int, padded: bool):
    random = np.random.default_rng(0)
    x = {"words": paddle.to_tensor(random.integers(0, 200, (25, length)))}
    if padded:
        x["lengths"] = paddle.to_tensor(random.integers(length // 2, length + 1, 25))
    part = x, paddle.to_tensor(np.repeat(np.arange(5), 5))
    return part, part


def contestants(net, task):
    """What takes turns, by name; each is a function to be timed."""
    x, y = task[0]
    plain = paddle.optimizer.Adam(1e-3, parameters=net.parameters())

    def step():
        F.cross_entropy(net(**x), y).backward()
        plain.step()
        plain.clear_grad()

    settings = {"parameters": net.parameters(), "inner_lr": 0.1, "adapt_steps": 1}
    optimizers = {
        "FOMAML": metaopt.MAMLOptimizer(1e-3, first_order=True, **settings),
        "ANIL": metaopt.ANILOptimizer(1e-3, head=net.head, **settings),
        "MAML": metaopt.MAMLOptimizer(1e-3, **settings),
    }

    def of(optimizer):
        def run():
            optimizer.meta_loss(net, [task], F.cross_entropy).backward()
            optimizer.clear_grad()

        return run

    return {"plain": step, **{name: of(optimizer) for name, optimizer in optimizers.items()}}


def least_times(functions: dict, rounds: int) -> dict:
    """The least processor time of each, in ms."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds + 1):
        for name, function in functions.items():
            began = time.process_time()
            function()
            best[name] = min(best[name], (time.process_time() - began) * 1e3)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--length", type=int, default=30)
    parser.add_argument("--kind", choices=["LSTM", "GRU", "SimpleRNN"], default="LSTM")
    parser.add_argument("--size", type=int, default=128, help="of the embedding and of the hidden state")
    given = parser.parse_args()
    paddle.seed(0)
    for direction in ("forward", "bidirect"):
        for padded in (False, True):
            net = Reader(getattr(nn, given.kind), direction, given.size)
            best = least_times(contestants(net, episode(given.length, padded)), given.rounds)
            ratios = "  ".join(f"{name} {best[name] / best['plain']:.2f}" for name in list(best)[1:])
            which = f"{given.kind} {direction}{' padded' * padded}"
            print(f"{which}: a plain step {best['plain']:.1f} ms; in steps: {ratios}")


if __name__ == "__main__":
    main()
