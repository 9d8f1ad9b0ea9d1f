"""Nine algorithms, which take any net as it is, trained for the same short time on sine waves and on Omniglot.

    python examples/compare_algorithms.py --root ~/data/omniglot

Prints one table for each (and writes them as Markdown) and draws one picture. Without --root, only the waves. The
budgets are small, for a look at the algorithms side by side and not for a ranking: none is tuned.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import matplotlib
import numpy as np
from tqdm import tqdm

matplotlib.use("Agg")
warnings.filterwarnings("ignore", message="No ccache found")

import matplotlib.pyplot as plt  # noqa: E402
import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.data import EpisodeLoader, EpisodeSampler, Omniglot, Sinusoid  # noqa: E402
from paddle_metaopt.models import MLP, OmniglotNet  # noqa: E402

#: Name: (optimizer class, its own arguments on the waves, on Omniglot).
ALGORITHMS = {
    "MAML": (metaopt.MAMLOptimizer, {"inner_lr": 0.01}, {"inner_lr": 0.4}),
    "FOMAML": (metaopt.MAMLOptimizer, {"inner_lr": 0.01, "first_order": True}, {"inner_lr": 0.4, "first_order": True}),
    "BOIL": (metaopt.BOILOptimizer, {"inner_lr": 0.01}, {"inner_lr": 0.4}),
    "Meta-SGD": (metaopt.MetaSGDOptimizer, {"inner_lr": (0.005, 0.02)}, {"inner_lr": (0.1, 0.4)}),
    "Meta-Curvature": (metaopt.MetaCurvatureOptimizer, {"inner_lr": 0.01}, {"inner_lr": 0.4}),
    "MAML, 5 steps": (
        metaopt.MAMLOptimizer,
        {"inner_lr": 0.01, "adapt_steps": 5},
        {"inner_lr": 0.1, "adapt_steps": 5},
    ),
    "MAML++": (
        metaopt.MAMLPlusPlusOptimizer,
        # The rates start at a hundredth, where a step of Adam's on the weights would be a third of them.
        {"inner_lr": 0.01, "adapt_steps": 5, "learned_group": {"learning_rate": 0.1}},
        {"inner_lr": 0.1, "adapt_steps": 5},
    ),
    "ANIL": (metaopt.ANILOptimizer, {"inner_lr": 0.01, "adapt_steps": 5}, {"inner_lr": 0.1, "adapt_steps": 5}),
    "Reptile": (metaopt.ReptileOptimizer, {"inner_lr": 0.02, "adapt_steps": 8}, {"inner_lr": 0.1, "adapt_steps": 5}),
    "iMAML": (
        metaopt.IMAMLOptimizer,
        {"inner_lr": 0.005, "adapt_steps": 16, "proximal": 2.0},
        {"inner_lr": 0.05, "adapt_steps": 10, "proximal": 2.0},
    ),
}
NEEDS_HEAD = (metaopt.ANILOptimizer, metaopt.BOILOptimizer)


@dataclass
class Problem:
    """What the algorithms are compared on."""

    name: str
    unit: str
    make_net: Callable
    head: Callable
    meta_batches: Callable
    test_episodes: Callable
    loss_fn: Callable
    metric: Callable
    less_is_better: bool
    options: int  # which of an algorithm's arguments
    iterations: int
    meta_lr: float = 3e-3


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="All algorithms side by side, on a small budget.")
    parser.add_argument("--root", help="Omniglot's folder; without it, only the waves")
    parser.add_argument("--wave-iterations", type=int, default=500, help="updates on the waves (%(default)s)")
    parser.add_argument("--omniglot-iterations", type=int, default=100, help="updates on Omniglot (%(default)s)")
    parser.add_argument("--meta-batch", type=int, default=4, help="tasks per update (%(default)s)")
    parser.add_argument("--test-tasks", type=int, default=100, help="new tasks to be judged on (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS), metavar="ALGORITHM")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="a training run for each (%(default)s)")
    parser.add_argument("--out", default="compare_algorithms.png", help="the picture; the table stands beside it")
    args = parser.parse_args()
    if args.root is not None and not Path(args.root).expanduser().is_dir():
        parser.error(f"--root {args.root} is not a folder")
    return args


def waves(args: argparse.Namespace) -> Problem:
    def meta_batches(seed):
        data = Sinusoid(shots=10, queries=10, episodes=args.wave_iterations * args.meta_batch, seed=seed)
        for first in range(0, len(data), args.meta_batch):
            yield [data[first + task] for task in range(args.meta_batch)]

    def test_episodes():
        data = Sinusoid(shots=10, queries=100, episodes=args.test_tasks, seed=1000)
        return [data[index] for index in range(len(data))]

    return Problem(
        "sine waves", "mean squared error", lambda: MLP(sizes=(1, 40, 40, 1)), lambda net: net[-1], meta_batches,
        test_episodes, F.mse_loss, F.mse_loss, True, 1, args.wave_iterations,
    )  # fmt: skip


def characters(args: argparse.Namespace) -> Problem:
    def episodes(mode, count, seed, tasks_per_batch=None):
        data = Omniglot(args.root, mode)
        sampler = EpisodeSampler(data, 5, 1, 5, count, seed, tasks_per_batch=tasks_per_batch)
        return EpisodeLoader(data, sampler)

    return Problem(
        "Omniglot, 5-way 1-shot", "accuracy", lambda: OmniglotNet(5), lambda net: net.classifier,
        lambda seed: episodes("train", args.omniglot_iterations * args.meta_batch, seed, args.meta_batch),
        lambda: list(episodes("test", args.test_tasks, 1000)), F.cross_entropy,
        lambda logits, y: (logits.argmax(-1) == y).astype("float32").mean(), False, 2, args.omniglot_iterations,
    )  # fmt: skip


def train(problem: Problem, name: str, seed: int):
    """The trained net and its optimizer, the loss of every update, and seconds per update."""
    paddle.seed(seed)
    np.random.seed(seed)
    net = problem.make_net()
    cls, *options = ALGORITHMS[name]
    options = dict(options[problem.options - 1])
    if cls in NEEDS_HEAD:
        options["head"] = problem.head(net)
    if cls is metaopt.MAMLPlusPlusOptimizer:  # a tenth of the updates an epoch, the loss of every step for half of them
        options.update(iterations_per_epoch=max(1, problem.iterations // 10), multi_step_loss_epochs=5)
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(problem.meta_lr, problem.iterations)
    clip = paddle.nn.ClipGradByGlobalNorm(10.0)
    opt = cls(schedule, parameters=net.parameters(), grad_clip=clip, **options)
    losses, began = [], time.perf_counter()
    with tqdm(problem.meta_batches(seed), f"{problem.name}: {name}, seed {seed}", total=problem.iterations) as bar:
        for episodes in bar:
            loss = opt.meta_loss(net, episodes, problem.loss_fn)
            loss.backward()
            opt.step()
            opt.clear_grad()
            schedule.step()
            losses.append(float(loss))
            if len(losses) % 10 == 0:
                bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    return net, opt, losses, (time.perf_counter() - began) / len(losses)


@dataclass
class Row:
    """What became of an algorithm, over all seeds: scores of every task, losses of every update."""

    scores: dict  # inner steps to the tasks' scores
    losses: np.ndarray
    seconds: float
    steps: int

    def quartiles(self, steps: int) -> np.ndarray:
        scores = self.scores[steps]
        return np.quantile(np.where(np.isfinite(scores), scores, np.inf), [0.25, 0.5, 0.75])

    def cell(self, steps: int) -> str:
        low, median, high = self.quartiles(steps)
        return f"{median:.3f} ({low:.3f} to {high:.3f})"

    def tasks_made_worse(self, less_is_better: bool) -> int:
        gain = self.scores[0] - self.scores[self.steps]
        return int((~(gain >= 0 if less_is_better else gain <= 0)).sum())  # where it diverged, the gain is nan


def run(args: argparse.Namespace, problem: Problem) -> dict:
    test = problem.test_episodes()
    rows = {}
    for name in args.only:
        scores, losses, seconds = {}, [], []
        for seed in args.seeds:
            net, opt, losses_of_run, seconds_of_run = train(problem, name, seed)
            losses.append(losses_of_run)
            seconds.append(seconds_of_run)
            for steps in sorted({0, 1, opt.adapt_steps}):
                result = metaopt.evaluate(net, opt, test, problem.loss_fn, problem.metric, steps=steps)
                scores[steps] = np.concatenate([scores.get(steps, []), result.values])
        rows[name] = Row(scores, np.median(losses, 0), float(np.mean(seconds)), opt.adapt_steps)
    return rows


def table(args: argparse.Namespace, problem: Problem, rows: dict) -> str:
    base = rows.get("MAML", next(iter(rows.values()))).seconds
    lines = [
        f"{problem.name}: {problem.unit} on {args.test_tasks} new tasks, median (quartiles), after "
        f"{problem.iterations} updates of {args.meta_batch} tasks, seeds {', '.join(map(str, args.seeds))}",
        "",
        "| algorithm | before adapting | after 1 step | as many as in training | steps | made worse | time |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        worse = row.tasks_made_worse(problem.less_is_better)
        cells = [row.cell(0), row.cell(1), row.cell(row.steps), row.steps, worse, f"{row.seconds / base:.1f}"]
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def draw(results: list, path: str) -> None:
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(len(results), 2, figsize=(11, 4 * len(results)), squeeze=False)
        for (problem, rows), (curves, bars) in zip(results, axes):
            colors = plt.get_cmap("tab10").colors
            for color, (name, row) in zip(colors, rows.items()):
                width = max(1, len(row.losses) // 40)
                smooth = np.median(np.lib.stride_tricks.sliding_window_view(row.losses, width), axis=1)
                curves.plot(np.arange(len(smooth)) + width, smooth, label=name, color=color)
            curves.set(title=problem.name, xlabel="updates", ylabel="query loss in training, median", yscale="log")
            if curves is axes[0][0]:
                curves.legend(frameon=False, fontsize=8)
            low, median, high = np.transpose([row.quartiles(row.steps) for row in rows.values()])
            bars.barh(list(rows), median, xerr=[median - low, high - median], color=colors[: len(rows)])
            bars.invert_yaxis()
            bars.set(title="new tasks after adapting", xlabel=f"{problem.unit}, median and quartiles")
        figure.tight_layout()
        figure.savefig(path, dpi=120)
        plt.close(figure)


def main() -> None:
    args = parse_arguments()
    problems = [waves(args)] + ([characters(args)] if args.root else [])
    results = [(problem, run(args, problem)) for problem in problems]
    text = "\n\n".join(table(args, problem, rows) for problem, rows in results)
    print(f"\n{text}\n\n(made worse: tasks with a worse score after adapting than before; time: per update, to MAML's)")
    page = Path(args.out).with_suffix(".md")
    page.write_text(text + "\n", encoding="utf-8")
    draw(results, args.out)
    print(f"\ndrawn: {args.out}; table: {page}")


if __name__ == "__main__":
    main()
