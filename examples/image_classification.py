"""Few-shot classification of characters and photographs by MAML and ANIL: the published tables, cell by cell.

    python examples/image_classification.py --list
    python examples/image_classification.py --recipe maml-omniglot-5w1s --root ~/data
    python examples/image_classification.py --recipe maml-omniglot-5w1s --root ~/data --test weights.checkpoint

A run that was stopped, or killed at any moment, goes on when the same command is given again: it loses the minutes
since its last checkpoint, and is then, bit for bit, one that was never interrupted. Ctrl-C saves first.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from recipes import RECIPES, Recipe, episode_loader, new_net, new_optimizer, new_schedule
from tqdm import tqdm
from training_run import Run, load_weights, read_weights

import paddle_metaopt as metaopt

#: The same for every training, so that runs are compared on the same episodes.
VALID_SEED, TEST_SEED = 1000, 2000
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Meta-train and test a recipe.")
    parser.add_argument("--list", action="store_true", help="show the recipes")
    parser.add_argument("--recipe", choices=RECIPES, metavar="NAME")
    parser.add_argument("--root", help="folder of the data set's archives, or the one above it")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="other numbers than the recipe's"
    )
    parser.add_argument("--iterations", type=int, help="updates; the learning rate's cosine ends there (the recipe's)")
    parser.add_argument("--minutes", type=float, help="end training after that time in all, if it comes first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder of the run's state (results/running/<recipe>)")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the json (%(default)s)")
    parser.add_argument("--no-resume", action="store_true", help="begin anew although there is a state")
    parser.add_argument("--init-from", type=Path, help="state or weights of another run to begin with (a warm start)")
    parser.add_argument("--test", type=Path, metavar="WEIGHTS", help="test these weights, and don't train")
    parser.add_argument("--test-episodes", type=int, default=1000, help="%(default)s")
    parser.add_argument("--save-minutes", type=float, default=3.0, help="between checkpoints (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of matrix products (%(default)s)")
    args = parser.parse_args()
    if args.list:
        for name, recipe in RECIPES.items():
            print(f"{name:24} {recipe.follows}")
        raise SystemExit
    if args.recipe is None:
        parser.error("--recipe NAME is needed; --list shows them")
    if args.root is None or not Path(args.root).expanduser().is_dir():
        parser.error(f"--root {args.root} is not a folder")
    args.out = args.out or Path("results/running") / args.recipe
    try:
        args.settings = with_changes(RECIPES[args.recipe], args.set, args.iterations)
    except ValueError as error:
        parser.error(str(error))
    return args


def with_changes(recipe: Recipe, changes: list[str], iterations: int | None) -> Recipe:
    """The recipe with other values, given as ``queries=5``; of the type that the recipe's has."""
    changed = {} if iterations is None else {"iterations": iterations}
    for change in changes:
        name, _, text = change.partition("=")
        if not hasattr(recipe, name):
            raise ValueError(f"--set {change}: a recipe has no {name!r}")
        kind = type(getattr(recipe, name))
        changed[name] = tuple(map(int, text.split(","))) if kind is tuple else kind(text)
    return dataclasses.replace(recipe, **changed)


def accuracy(logits: paddle.Tensor, y: paddle.Tensor) -> float:
    return float((logits.argmax(-1) == y).astype("float32").mean())


class StopSignal:
    """True from the first Ctrl-C or SIGTERM on; the iteration that is running is finished. A second one kills."""

    def __init__(self) -> None:
        self._came = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember)

    def __bool__(self) -> bool:
        return self._came

    def _remember(self, number, frame) -> None:
        self._came = True
        signal.signal(number, signal.SIG_DFL)


class Metrics:
    """Scalars for VisualDL, if that is installed."""

    def __init__(self, folder: Path) -> None:
        try:
            from visualdl import LogWriter
        except ImportError:
            self._writer = None
        else:
            self._writer = LogWriter(logdir=str(folder / "visualdl"))

    def add(self, point: dict) -> None:
        if self._writer is not None:
            for tag, name in (("train/loss", "loss"), ("valid/accuracy", "accuracy")):
                self._writer.add_scalar(tag=tag, step=point["iteration"], value=point[name])


def train(args: argparse.Namespace, run: Run, schedule, evaluate) -> bool:
    """Train until the iterations or the minutes are over; False if it was interrupted."""
    recipe, progress = run.recipe, run.progress
    tasks = recipe.iterations * recipe.meta_batch
    batches = episode_loader(
        recipe, args.root, "train", tasks, args.seed, recipe.meta_batch, first_batch=progress.iteration
    )
    validation = episode_loader(recipe, args.root, "valid", recipe.valid_episodes, VALID_SEED)
    stop, metrics, first = StopSignal(), Metrics(run.folder), progress.iteration
    saved = last = time.monotonic()
    updating = 0.0
    bar_options = {"bar_format": BAR, "mininterval": 0.1 if sys.stderr.isatty() else 10.0}
    with tqdm(total=recipe.iterations, initial=first, desc=run.name, **bar_options) as bar:
        for episodes in batches:
            loss = run.opt.meta_loss(run.net, episodes, F.cross_entropy)
            loss.backward()
            run.opt.step()
            run.opt.clear_grad()
            schedule.step()
            now = time.monotonic()
            updating += now - last
            run.after_update(float(loss), now - last)
            last = now

            done = progress.iteration
            over = done == recipe.iterations or bool(stop)
            over = over or (args.minutes is not None and progress.seconds > 60 * args.minutes)
            if done % recipe.valid_every == 0 or (over and not stop):
                point = run.validate(validation, evaluate)
                metrics.add(point)
                tqdm.write(f"iteration {done}: validation accuracy {percent(point['accuracy'])}", file=sys.stdout)
                progress.seconds += time.monotonic() - last
            if over or time.monotonic() - saved >= 60 * args.save_minutes:
                run.save()
                saved = time.monotonic()
            show(bar, args, run, (done - first) / updating)
            last = time.monotonic()
            if over:
                break
    return not stop


def show(bar: tqdm, args: argparse.Namespace, run: Run, iterations_per_second: float) -> None:
    progress = run.progress
    left = (run.recipe.iterations - progress.iteration) / iterations_per_second
    if args.minutes is not None:
        left = max(0.0, min(left, 60 * args.minutes - progress.seconds))
    valid = "" if run.best is None else f", valid {percent(progress.curve[-1]['accuracy'])}"
    valid += "" if run.best is None else f" (best {percent(run.best['accuracy'])})"
    tasks = iterations_per_second * run.recipe.meta_batch
    text = f", loss {progress.loss:.3f}{valid}, {tasks:.1f} tasks/s, {tqdm.format_interval(left)} left"
    bar.set_postfix_str(text[2:], refresh=False)
    bar.update()


def steps_by_validation(args: argparse.Namespace, recipe: Recipe, evaluate) -> tuple[int, float]:
    """The best number of inner steps among the recipe's, and its accuracy."""
    found = {}
    for steps in recipe.test_steps:
        validation = episode_loader(recipe, args.root, "valid", recipe.valid_episodes, VALID_SEED)
        found[steps] = evaluate(validation, steps).mean
        print(f"validation accuracy with {steps} inner steps: {percent(found[steps])}", flush=True)
    best = max(found, key=found.get)
    return best, found[best]


def test(args: argparse.Namespace, recipe: Recipe, steps: int, evaluate) -> dict:
    """Accuracy over the test episodes, which nothing was chosen by."""
    loader = episode_loader(recipe, args.root, "test", args.test_episodes, TEST_SEED)
    result = evaluate(tqdm(loader, "test", mininterval=1.0), steps)
    print(f"test accuracy {percent(result.mean)} ± {percent(result.ci95)}: 95 % interval of {len(result.values)}")
    return {
        "accuracy": result.mean,
        "ci95": result.ci95,
        "episodes": len(result.values),
        "queries": 15,
        "inner_steps": steps,
        "statistics": "batch",
    }


def percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def command_and_commit() -> dict:
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    found = subprocess.run(git, capture_output=True, text=True)
    return {"command": shlex.join(["python", *sys.argv]), "commit": found.stdout.strip() or None}


def main() -> None:
    args = parse_arguments()
    metaopt.tune_cpu(args.threads)
    for seed in (paddle.seed, np.random.seed, random.seed):
        seed(args.seed)
    recipe, origin = args.settings, command_and_commit()
    net, schedule = new_net(recipe), new_schedule(recipe)
    opt = new_optimizer(recipe, net, schedule)

    def evaluate(episodes, steps: int) -> metaopt.Evaluation:
        return metaopt.evaluate(net, opt, episodes, F.cross_entropy, accuracy, steps=steps)

    if args.test is not None:
        found = read_weights(args.test)
        load_weights(net, found["weights"], args.test)
        steps = found.get("inner_steps") or steps_by_validation(args, recipe, evaluate)[0]
        print(json.dumps({"recipe": args.recipe, **test(args, recipe, steps, evaluate), **origin}))
        return

    run = Run(args.recipe, recipe, args.seed, args.out, net, opt)
    if run.path.exists() and not args.no_resume:
        run.load()
    elif args.init_from is not None:
        run.begin_from(args.init_from)
    run.progress.starts.append({"iteration": run.progress.iteration, "iterations": recipe.iterations, **origin})
    if not is_over(args, run) and not train(args, run, schedule, evaluate):
        print("interrupted; the same command goes on")
        raise SystemExit(130)
    finish(args, run, evaluate, origin)


def is_over(args: argparse.Namespace, run: Run) -> bool:
    minutes = float("inf") if args.minutes is None else args.minutes
    return run.progress.iteration >= run.recipe.iterations or run.progress.seconds > 60 * minutes


def finish(args: argparse.Namespace, run: Run, evaluate, origin: dict) -> None:
    """Test the best weights; write them, and the json."""
    load_weights(run.net, run.best["weights"], run.path)
    steps, valid = steps_by_validation(args, run.recipe, evaluate)
    measured = test(args, run.recipe, steps, evaluate)
    metaopt.save_checkpoint(run.folder / "weights.checkpoint", {**run.best, "inner_steps": steps})
    progress = run.progress
    result = {
        "recipe": run.name,
        **measured,
        "valid_accuracy": valid,
        "seed": run.seed,
        "iterations": progress.iteration,
        "tasks_trained": progress.iteration * run.recipe.meta_batch,
        "best_iteration": run.best["iteration"],
        "hours": round(progress.seconds / 3600, 3),
        "init_from": run.init_from,
        **origin,
        "starts": progress.starts,
        "settings": dataclasses.asdict(run.recipe),
        "curve": progress.curve,
    }
    args.results.mkdir(parents=True, exist_ok=True)
    name = run.name if run.seed == 0 else f"{run.name}-seed{run.seed}"
    path = args.results / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
