"""Hours to an accuracy: ``python benchmarks/peers/to_accuracy.py --root ~/data``, on Omniglot 5-way 1-shot.

Every library trains the Omniglot net by second-order MAML from the same weights, on the same episodes in the same
order, with the same Adam, one after the other. Only its meta-gradients and updates are timed. Its weights are judged by
`paddle_metaopt.evaluate` on the same validation episodes, until their accuracy reaches the target.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import environment
import machine
import matplotlib
import numpy as np
import paddle
from adapters import LIBRARIES, OURS, PEERS, ours
from library import Process
from training_episodes import written
from workloads import WORKLOADS

import paddle_metaopt as metaopt

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

WORKLOAD = "omniglot-5+5/2"  # for its net, its inner rate and its one step
WAYS, SHOTS, QUERIES, TASKS, TEST_STEPS = 5, 1, 3, 16, 3


class Judge:
    """The accuracy on validation episodes of weights in a file."""

    def __init__(self, root, count: int):
        data = metaopt.data.Omniglot(root, "valid")
        sampler = metaopt.data.EpisodeSampler(data, WAYS, SHOTS, 15, count)
        self._episodes = list(metaopt.data.EpisodeLoader(data, sampler))
        self._adapter = ours.Adapter(WORKLOADS[WORKLOAD], [])

    def __call__(self, file) -> float:
        by = self._adapter
        with np.load(file) as weights:
            for name, p in by.named.items():
                p.set_value(weights[name])
        found = metaopt.evaluate(by.net, by.opt, self._episodes, by.loss_fn, paddle.metric.Accuracy(), TEST_STEPS)
        return found.mean


def trained(library: str, folder: Path, judge: Judge, given) -> list[dict]:
    """Points of (iteration, hours, accuracy) until the target is reached, or there are no more episodes."""
    points, seconds, file = [], 0.0, folder / "weights.npz"
    with open(folder / "log", "w") as log:
        process = Process(library, given.threads, log)
        try:
            process.send("begin_training", WORKLOAD, str(folder / "episodes.npz"), given.lr)
            process.receive()
            while len(points) * given.every < given.iterations:
                process.send("train", given.every, str(file))
                seconds += process.receive()["seconds"]
                iteration = (len(points) + 1) * given.every
                points.append({"iteration": iteration, "hours": seconds / 3600, "accuracy": judge(file)})
                print(f"{library}: {iteration} iterations, {seconds:.0f} s, {points[-1]['accuracy']:.4f}", flush=True)
                if points[-1]["accuracy"] >= given.target:
                    break
        finally:
            process.close()
    return points


def picture(results: dict, file: Path) -> None:
    _, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for library, points in results["points"].items():
        minutes, accuracies = zip(*((60 * p["hours"], 100 * p["accuracy"]) for p in points))
        axes.plot(minutes, accuracies, label=library)
    axes.axhline(100 * results["target"], color="gray", linewidth=0.8)
    axes.set(xlabel="minutes of training", ylabel="validation accuracy, %", title="Omniglot 5-way 1-shot, second order")
    axes.legend()
    plt.savefig(file, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="folder of Omniglot's archives, or the one above it")
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=[OURS, *PEERS], metavar="NAME")
    parser.add_argument("--target", type=float, default=0.95)
    parser.add_argument("--iterations", type=int, default=8000, help="at most (%(default)s)")
    parser.add_argument("--every", type=int, default=250, help="iterations between two judgements (%(default)s)")
    parser.add_argument("--episodes", type=int, default=300, help="validation episodes (%(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's (%(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=environment.folder() / "to_accuracy.json")
    given = parser.parse_args()
    if any(LIBRARIES[name][0] == "peers" for name in given.libraries):
        environment.build()
    metaopt.tune_cpu(given.threads)
    judge, data = Judge(given.root, given.episodes), metaopt.data.Omniglot(given.root, "train")
    sampler = metaopt.data.EpisodeSampler(
        data, WAYS, SHOTS, QUERIES, given.iterations * TASKS, given.seed, tasks_per_batch=TASKS
    )  # fmt: skip
    settings = {"workload": WORKLOAD, "tasks": TASKS, "queries": QUERIES, "threads": given.threads}
    results = {"about": {**machine.about(Path(__file__).parents[2]), **settings}, "target": given.target, "points": {}}
    with tempfile.TemporaryDirectory() as folder:
        written(f"{folder}/episodes.npz", data, sampler, given.iterations)
        for library in given.libraries:
            results["points"][library] = trained(library, Path(folder), judge, given)
            given.out.write_text(json.dumps(results, indent=1) + "\n")
    picture(results, given.out.with_suffix(".png"))
    for library, points in results["points"].items():
        last = points[-1]
        reached = last["accuracy"] >= given.target
        print(f"{library}: {last['hours']:.3f} hours to {last['accuracy']:.4f}{'' if reached else ', not reached'}")


if __name__ == "__main__":
    sys.exit(main())
