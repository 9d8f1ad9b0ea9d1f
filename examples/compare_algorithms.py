"""Every algorithm of the library, trained for the same short time on sine waves and on Omniglot.

    python examples/compare_algorithms.py --root ~/data/omniglot

Prints one table (and writes it as Markdown) and draws one picture. Without --root, only the waves. The budgets are
small, for a look at the algorithms side by side and not for a ranking: none is tuned.
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
from paddle.io import DataLoader  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.data import Episode, EpisodeSampler, Omniglot, Sinusoid  # noqa: E402
from paddle_metaopt.models import MLP, OmniglotNet  # noqa: E402

#: Name: (optimizer class, its own arguments on the waves, on Omniglot).
ALGORITHMS = {
    "MAML": (metaopt.MAMLOptimizer, {"inner_lr": 0.01}, {"inner_lr": 0.4}),
    "FOMAML": (metaopt.MAMLOptimizer, {"inner_lr": 0.01, "first_order": True}, {"inner_lr": 0.4, "first_order": True}),
    "ANIL": (metaopt.ANILOptimizer, {"inner_lr": 0.01, "adapt_steps": 5}, {"inner_lr": 0.4, "adapt_steps": 3}),
    "BOIL": (metaopt.BOILOptimizer, {"inner_lr": 0.01}, {"inner_lr": 0.4}),
    "Meta-SGD": (metaopt.MetaSGDOptimizer, {"inner_lr": (0.005, 0.02)}, {"inner_lr": (0.1, 0.4)}),
    "MAML++": (
        metaopt.MAMLPlusPlusOptimizer,
        {"inner_lr": 0.01, "adapt_steps": 2, "iterations_per_epoch": 100, "multi_step_loss_epochs": 5},
        {"inner_lr": 0.2, "adapt_steps": 2, "iterations_per_epoch": 20, "multi_step_loss_epochs": 5},
    ),
    "Meta-Curvature": (metaopt.MetaCurvatureOptimizer, {"inner_lr": 0.01}, {"inner_lr": 0.4}),
    "Reptile": (
        metaopt.ReptileOptimizer,
        {"inner_lr": 0.02, "adapt_steps": 8},
        {"inner_lr": 0.1, "adapt_steps": 5, "inner_rule": "sgd"},
    ),
    "iMAML": (
        metaopt.IMAMLOptimizer,
        # Nothing in its gradient keeps the net where the inner descent is stable: so that is clipped.
        {
            "inner_lr": 0.01,
            "adapt_steps": 8,
            "proximal": 10.0,
            "learning_rate": 1e-3,
            "inner_grad_clip": paddle.nn.ClipGradByGlobalNorm(5.0),
        },
        {"inner_lr": 0.05, "adapt_steps": 10, "proximal": 2.0},
    ),
}
NEEDS_HEAD = (metaopt.ANILOptimizer, metaopt.BOILOptimizer)
#: Their rates are learned for the inner steps of training, and may be too large for more.
TESTED_AS_TRAINED = (metaopt.MetaSGDOptimizer, metaopt.MAMLPlusPlusOptimizer)


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
    options: int  # which of an algorithm's arguments
    meta_lr: float
    test_steps: int


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="All algorithms side by side, on a small budget.")
    parser.add_argument("--root", help="Omniglot's folder; without it, only the waves")
    parser.add_argument("--wave-iterations", type=int, default=1000, help="updates on the waves (%(default)s)")
    parser.add_argument("--omniglot-iterations", type=int, default=60, help="updates on Omniglot (%(default)s)")
    parser.add_argument("--meta-batch", type=int, default=4, help="tasks per update (%(default)s)")
    parser.add_argument("--test-tasks", type=int, default=100, help="new tasks to be judged on (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS), metavar="ALGORITHM")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="compare_algorithms.png", help="the picture; the table stands beside it")
    args = parser.parse_args()
    if args.root is not None and not Path(args.root).expanduser().is_dir():
        parser.error(f"--root {args.root} is not a folder")
    return args


def waves(args: argparse.Namespace) -> Problem:
    def tensors(data, index):
        (xs, ys), (xq, yq) = data[index]
        return Episode((paddle.to_tensor(xs), paddle.to_tensor(ys)), (paddle.to_tensor(xq), paddle.to_tensor(yq)))

    def meta_batches():
        data = Sinusoid(shots=10, queries=10, episodes=args.wave_iterations * args.meta_batch, seed=args.seed)
        for first in range(0, len(data), args.meta_batch):
            yield [tensors(data, first + task) for task in range(args.meta_batch)]

    def test_episodes():
        data = Sinusoid(shots=10, queries=100, episodes=args.test_tasks, seed=args.seed + 1)
        return [tensors(data, index) for index in range(len(data))]

    return Problem(
        "sine waves", "mean squared error", lambda: MLP(sizes=(1, 40, 40, 1)), lambda net: net[-1], meta_batches,
        test_episodes, F.mse_loss, lambda prediction, y: float(F.mse_loss(prediction, y)), 1, 3e-3, 10,
    )  # fmt: skip


def characters(args: argparse.Namespace) -> Problem:
    def episodes(mode, count, tasks_per_batch=None):
        data = Omniglot(args.root, mode)
        sampler = EpisodeSampler(data, 5, 1, 5, count, args.seed, tasks_per_batch=tasks_per_batch)
        return DataLoader(data, batch_sampler=sampler, collate_fn=sampler.collate_fn)

    return Problem(
        "Omniglot, 5-way 1-shot", "accuracy", lambda: OmniglotNet(5), lambda net: net.classifier,
        lambda: episodes("train", args.omniglot_iterations * args.meta_batch, args.meta_batch),
        lambda: list(episodes("test", args.test_tasks)), F.cross_entropy,
        lambda logits, y: float((logits.argmax(-1) == y).astype("float32").mean()), 2, 3e-3, 3,
    )  # fmt: skip


def train(args: argparse.Namespace, problem: Problem, name: str):
    """The trained net and its optimizer, the loss of every update, and seconds per update."""
    paddle.seed(args.seed)
    np.random.seed(args.seed)
    net = problem.make_net()
    cls, *options = ALGORITHMS[name]
    options = dict(options[problem.options - 1])
    if cls in NEEDS_HEAD:
        options["head"] = problem.head(net)
    clip = paddle.nn.ClipGradByGlobalNorm(10.0)
    opt = cls(options.pop("learning_rate", problem.meta_lr), parameters=net.parameters(), grad_clip=clip, **options)
    losses, began = [], time.perf_counter()
    iterations = args.wave_iterations if problem.options == 1 else args.omniglot_iterations
    with tqdm(problem.meta_batches(), f"{problem.name}: {name}", total=iterations) as bar:
        for episodes in bar:
            loss = opt.meta_loss(net, episodes, problem.loss_fn)
            loss.backward()
            opt.step()
            opt.clear_grad()
            losses.append(float(loss))
            if len(losses) % 10 == 0:
                bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    return net, opt, losses, (time.perf_counter() - began) / len(losses)


def run(args: argparse.Namespace, problem: Problem) -> dict:
    test = problem.test_episodes()
    rows = {}
    for name in args.only:
        net, opt, losses, seconds = train(args, problem, name)
        steps = opt.adapt_steps if isinstance(opt, TESTED_AS_TRAINED) else problem.test_steps
        before, after = (
            metaopt.evaluate(net, opt, test, problem.loss_fn, problem.metric, steps=count) for count in (0, steps)
        )
        rows[name] = {"before": before, "after": after, "steps": steps, "losses": losses, "seconds": seconds}
    return rows


def table(problem: Problem, rows: dict) -> str:
    base = rows.get("MAML", next(iter(rows.values())))["seconds"]
    lines = [
        f"{problem.name}: {problem.unit} on {len(next(iter(rows.values()))['after'].values)} new tasks",
        "",
        "| algorithm | before adapting | after adapting | steps | time per update |",
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        before, after = (f"{row[key].mean:.3f} ± {row[key].ci95:.3f}" for key in ("before", "after"))
        lines.append(f"| {name} | {before} | {after} | {row['steps']} | {row['seconds'] / base:.1f} |")
    return "\n".join(lines)


def draw(results: list, path: str) -> None:
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(len(results), 2, figsize=(11, 4 * len(results)), squeeze=False)
        for (problem, rows), (curves, bars) in zip(results, axes):
            colors = plt.get_cmap("tab10").colors
            for color, (name, row) in zip(colors, rows.items()):
                width = max(1, len(row["losses"]) // 40)
                smooth = np.convolve(row["losses"], np.ones(width) / width, "valid")
                curves.plot(np.arange(len(smooth)) + width, smooth, label=name, color=color)
            curves.set(title=problem.name, xlabel="updates", ylabel="query loss in training", yscale="log")
            curves.legend(frameon=False, fontsize=8)
            names = list(rows)
            after = [rows[name]["after"] for name in names]
            bars.barh(names, [r.mean for r in after], xerr=[r.ci95 for r in after], color=colors[: len(names)])
            bars.invert_yaxis()
            bars.set(xlabel=f"{problem.unit} on new tasks after adapting")
        figure.tight_layout()
        figure.savefig(path, dpi=120)
        plt.close(figure)


def main() -> None:
    args = parse_arguments()
    problems = [waves(args)] + ([characters(args)] if args.root else [])
    results = [(problem, run(args, problem)) for problem in problems]
    text = "\n\n".join(table(problem, rows) for problem, rows in results)
    print(f"\n{text}\n\n(time per update relative to MAML's)")
    page = Path(args.out).with_suffix(".md")
    page.write_text(text + "\n", encoding="utf-8")
    draw(results, args.out)
    print(f"\ndrawn: {args.out}; table: {page}")


if __name__ == "__main__":
    main()
