"""Learning to reweight examples (Ren et al. 2018): training on wrong labels, guided by a few right ones.

    python examples/reweighting.py

Each step asks by a meta-gradient which examples of the batch would lower the loss on clean ones if they counted more.
"""

from __future__ import annotations

import argparse

import numpy as np
import paddle
import paddle.nn.functional as F

import paddle_metaopt as metaopt

CLASSES, FEATURES = 4, 8


def example_weights(look_ahead, x, y, clean_x, clean_y):
    """A weight for each example: how much the loss on clean ones would fall if it counted in the next step."""
    weights = paddle.zeros([len(y)])
    weights.stop_gradient = False
    learner = look_ahead.clone()
    learner.adapt((F.cross_entropy(learner(x), y, reduction="none") * weights).sum())
    clean_loss = learner.meta_loss(lambda: F.cross_entropy(learner(clean_x), clean_y), inputs=[weights])
    (gradient,) = paddle.grad(clean_loss, [weights])
    useful = F.relu(-gradient)
    return useful / (useful.sum() + 1e-12)


def train(x, y, clean=None, steps=400, batch=100, lr=0.05, seed=0):
    """Train a net on x and y, with clean examples as a guide or without; the weights that each example had at last."""
    net = metaopt.models.MLP([FEATURES, 128, 128, CLASSES])
    opt = paddle.optimizer.Momentum(lr, parameters=net.parameters())
    look_ahead = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=lr).adapter(net)
    rng, batch, had = np.random.default_rng(seed), min(batch, len(y)), np.full(len(y), np.nan)
    for _ in range(steps):
        at = rng.choice(len(y), batch, replace=False)
        xs, ys = paddle.to_tensor(x[at]), paddle.to_tensor(y[at])
        weights = paddle.full([batch], 1 / batch) if clean is None else example_weights(look_ahead, xs, ys, *clean)
        (F.cross_entropy(net(xs), ys, reduction="none") * weights).sum().backward()
        opt.step()
        opt.clear_grad()
        had[at] = weights.numpy()
    return net, had


def compare(seed: int, examples: int, clean: int, noise: float, steps: int) -> dict:
    """Accuracy on right labels by how it was trained, and the share of the weight that wrong labels had."""
    paddle.seed(seed)
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(FEATURES, 32)), rng.normal(size=(32, CLASSES))

    def points(count):
        x = rng.normal(size=(count, FEATURES)).astype("float32")
        return x, (np.tanh(x @ first) @ second).argmax(1)

    (x, right), (clean_x, clean_y), (test_x, test_y) = points(examples), points(clean), points(5000)
    y = np.where(rng.random(examples) < noise, 0, right)  # some of each class are labelled as the first one
    all_x, all_y = np.concatenate([x, clean_x]), np.concatenate([y, clean_y])
    wrong = np.concatenate([y != right, np.zeros(clean, bool)])
    guide = paddle.to_tensor(clean_x), paddle.to_tensor(clean_y)
    found = {}
    for name, data in (
        ("the clean ones alone", (clean_x, clean_y)),
        ("all alike", (all_x, all_y)),
        ("reweighted", (all_x, all_y, guide)),
    ):
        net, had = train(*data, steps=steps, seed=seed)
        with paddle.no_grad():
            accuracy = float((net(paddle.to_tensor(test_x)).argmax(-1).numpy() == test_y).mean())
        share = np.nansum(had[wrong]) / np.nansum(had) if len(had) == len(wrong) else 0.0
        found[name] = accuracy, share
    return {"wrong": wrong.mean(), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description="Train on wrong labels, with examples reweighted by a few right ones.")
    parser.add_argument("--noise", type=float, default=0.6, help="share labelled as the first class (%(default)s)")
    parser.add_argument("--examples", type=int, default=2000, help="with such labels (%(default)s)")
    parser.add_argument("--clean", type=int, default=50, help="with right labels (%(default)s)")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    args = parser.parse_args()
    runs = [compare(seed, args.examples, args.clean, args.noise, args.steps) for seed in args.seeds]
    wrong = np.mean([run.pop("wrong") for run in runs])
    print(f"{wrong:.0%} of the labels are wrong; over {len(runs)} seeds, mean (range):")
    for name in runs[0]:
        accuracy, share = np.array([run[name] for run in runs]).T
        spread = f"{accuracy.mean():.3f} ({accuracy.min():.3f} to {accuracy.max():.3f})"
        print(f"{name}: accuracy {spread}; wrong labels have {share.mean():.0%} of the weight")


if __name__ == "__main__":
    main()
