"""What the learner adds to an inner step, against the same step by ``paddle.grad`` by hand.

``python benchmarks/learner_overhead.py [--rounds N] [--steps K]``: a task of K inner steps by ``adapter.clone()``,
``learner`` and ``adapt``, and K steps on the fast weights by hand inside ``twice_differentiable()``, audited too,
neither with a query. They take turns in one process. The difference of the least processor times, divided by K, is the
learner's; what the task's beginning and end take is in it.
"""

from __future__ import annotations

import argparse
import time

import paddle
import paddle.nn.functional as F
from paddle import nn

import paddle_metaopt as metaopt


def sinusoid():
    net = nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
    return net, paddle.randn([10, 1]), paddle.randn([10, 1]), F.mse_loss


def omniglot():
    net = metaopt.models.OmniglotNet(ways=5)
    return net, paddle.randn([5, 1, 28, 28]), paddle.arange(5), F.cross_entropy


def by_learner(adapter, x, y, loss_fn, steps):
    learner = adapter.clone()
    for _ in range(steps):
        learner.adapt(loss_fn(learner(x), y))
    learner.end()


def by_hand(net, slots, x, y, loss_fn, steps, rate):
    with metaopt.twice_differentiable():
        fast = [weights[name] for weights, name in slots]
        own = list(fast)
        try:
            for _ in range(steps):
                loss = loss_fn(net(x), y)
                gradients = paddle.grad(loss, fast, create_graph=True)
                fast = [p - rate * g for p, g in zip(fast, gradients)]
                for (weights, name), p in zip(slots, fast):
                    weights[name] = p
        finally:
            for (weights, name), p in zip(slots, own):
                weights[name] = p


def slots_of(net):
    """(a layer's dict of parameters, name) of each that is trained."""
    return [
        (layer._parameters, name)
        for layer in net.sublayers(include_self=True)
        for name, p in layer._parameters.items()
        if p is not None and not p.stop_gradient
    ]


def overhead(net, x, y, loss_fn, steps: int, rounds: int) -> str:
    optimizer = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.01)
    adapter, slots = optimizer.adapter(net), slots_of(net)
    learner, hand = [], []
    for _ in range(rounds):
        learner.append(timed(by_learner, adapter, x, y, loss_fn, steps) / steps)
        hand.append(timed(by_hand, net, slots, x, y, loss_fn, steps, 0.01) / steps)
    return f"{min(learner) - min(hand):.2f} ms an inner step ({min(learner):.2f} against {min(hand):.2f})"


def timed(function, *args) -> float:
    began = time.process_time()
    function(*args)
    return (time.process_time() - began) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--steps", type=int, default=5)
    given = parser.parse_args()
    for make in (sinusoid, omniglot):
        paddle.seed(0)
        print(f"{make.__name__}: {overhead(*make(), given.steps, given.rounds)}")


if __name__ == "__main__":
    main()
