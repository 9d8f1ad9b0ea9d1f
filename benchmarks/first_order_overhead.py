"""What the rules cost ordinary first-order training: a step inside `twice_differentiable` against plain Paddle.

``python benchmarks/first_order_overhead.py [--rounds N]``: the two take turns in one process, and the ratio of the
medians is what counts; times on a shared machine mean little by themselves.
"""

from __future__ import annotations

import argparse
import statistics
import time

import paddle
import paddle.nn.functional as F
from paddle import nn

import paddle_metaopt as metaopt


def conv4():
    net = metaopt.models.Conv4(ways=5, in_channels=3, image_size=84)
    x, y = paddle.randn([25, 3, 84, 84]), paddle.arange(25) % 5
    return net, lambda: F.cross_entropy(net(x), y)


def transformer():
    layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.1, activation="gelu")
    body, head = nn.TransformerEncoder(layer, 2), nn.Linear(128, 5)
    embedding = nn.Embedding(1000, 128)
    tokens, y = paddle.randint(0, 1000, [16, 64]), paddle.arange(16) % 5
    net = nn.LayerList([embedding, body, head])
    return net, lambda: F.cross_entropy(head(body(embedding(tokens)).mean(1)), y)


def step_time(net, loss, inside: bool) -> float:
    began = time.perf_counter()
    if inside:
        with metaopt.twice_differentiable():
            loss().backward()
    else:
        loss().backward()
    spent = time.perf_counter() - began
    net.clear_gradients()
    return spent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    for make in (conv4, transformer):
        paddle.seed(0)
        net, loss = make()
        step_time(net, loss, True), step_time(net, loss, False)
        turns = [(step_time(net, loss, True), step_time(net, loss, False)) for _ in range(rounds)]
        inside, outside = (statistics.median(column) for column in zip(*turns))
        print(f"{make.__name__}: {inside / outside:.2f} (inside {inside * 1e3:.0f} ms, plain {outside * 1e3:.0f} ms)")


if __name__ == "__main__":
    main()
