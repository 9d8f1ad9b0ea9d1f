"""Few-shot classification of characters and photographs by MAML and ANIL: the published tables, cell by cell.

    python examples/image_classification.py --list
    python examples/image_classification.py --recipe maml-omniglot-5w1s --root ~/data
    python examples/image_classification.py --recipe maml-omniglot-5w1s --root ~/data --test

A run that was stopped, or killed at any moment, goes on when the same command is given again: it loses the minutes
since its last checkpoint, and is then, bit for bit, one that was never interrupted. Ctrl-C saves first.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import random
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from tqdm import tqdm

warnings.filterwarnings("ignore", message="No ccache found")

import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402
from recipes import RECIPES, Recipe, episode_loader, new_net, new_optimizer, new_schedule  # noqa: E402
from training_loop import percent, train  # noqa: E402
from training_run import Run, load_weights, read_weights, write_json  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.models.trained import WEIGHTS  # noqa: E402

#: The same for every training, so that runs are compared on the same episodes.
VALID_SEED, TEST_SEED = 1000, 2000
SHIPPED = Path()
#: What makes a recipe that cell of the table which it is named for.
CELL = ("algorithm", "data", "net", "ways", "shots")


def parse_arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Meta-train and test a recipe.")
    parser.add_argument("--list", action="store_true", help="show the recipes")
    parser.add_argument("--recipe", choices=RECIPES, metavar="NAME")
    parser.add_argument("--root", help="folder of the data set's archives, or the one above it")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="other numbers than the recipe's"
    )
    parser.add_argument("--iterations", type=int, help="updates; the learning rate's cosine ends there (the recipe's)")
    parser.add_argument(
        "--minutes", type=float, default=math.inf,
        help="end training after that time in all, if it comes first; with 0 its start is tested",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder of the run's state (results/running/<recipe>)")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the json (%(default)s)")
    parser.add_argument("--no-resume", action="store_true", help="begin anew although there is a state")
    parser.add_argument(
        "--init-from", type=Path, nargs="+", metavar="PATH",
        help="state or weights of another run to begin with (a warm start); of several, the mean of their weights",
    )  # fmt: skip
    parser.add_argument(
        "--test", type=Path, nargs="?", const=SHIPPED, metavar="WEIGHTS",
        help="don't train; test these weights, or those that come with the package",
    )  # fmt: skip
    parser.add_argument("--test-episodes", type=int, default=1000, help="%(default)s; 0 for a trial, without json")
    parser.add_argument("--save-minutes", type=float, default=3.0, help="between checkpoints (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of matrix products (%(default)s)")
    args = parser.parse_args(given)
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
    other = [name for name in CELL if getattr(args.settings, name) != getattr(RECIPES[args.recipe], name)]
    if other and args.test is None and args.test_episodes and args.results == parser.get_default("results"):
        parser.error(f"with other {', '.join(other)} it is no result of {args.recipe}: --results names another folder")
    return args


def with_changes(recipe: Recipe, changes: list[str], iterations: int | None) -> Recipe:
    """The recipe with other values, given as ``queries=5``; of the type that the recipe's has."""
    changed = {} if iterations is None else {"iterations": iterations}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in dataclasses.asdict(recipe):
            raise ValueError(f"--set {change}: a recipe has no {name!r}")
        kind = type(getattr(recipe, name))
        read = {tuple: lambda text: tuple(map(int, text.split(","))), bool: lambda text: bool(int(text))}
        try:
            changed[name] = read.get(kind, kind)(text)
        except ValueError as error:
            raise ValueError(f"--set {change}: {error}") from None
    return dataclasses.replace(recipe, **changed)


def with_inner_settings(recipe: Recipe, found: dict) -> Recipe:
    """The recipe with the inner rate that the weights were trained for, and the steps if they were chosen."""
    steps = {"test_steps": (found["adapt_steps"],)} if "adapt_steps" in found else {}
    return dataclasses.replace(recipe, inner_lr=found["inner_lr"], **steps)


def accuracy(logits: paddle.Tensor, y: paddle.Tensor) -> float:
    return float((logits.argmax(-1) == y).astype("float32").mean())


def steps_by_validation(
    args: argparse.Namespace, recipe: Recipe, evaluate, first: float | None = None
) -> tuple[int, float]:
    """The best number of inner steps among the recipe's, and its accuracy; that of the `first` may be known."""
    found = {} if first is None else {recipe.test_steps[0]: first}
    for steps in recipe.test_steps[len(found) :]:
        validation = episode_loader(recipe, args.root, "valid", recipe.valid_episodes, VALID_SEED)
        found[steps] = evaluate(validation, steps).mean
        print(f"validation accuracy with {steps} inner steps: {percent(found[steps])}", flush=True)
    best = max(found, key=found.get)
    return best, found[best]


def test(args: argparse.Namespace, recipe: Recipe, steps: int, evaluate) -> dict:
    """Accuracy over the test episodes; choices are made on the validation classes."""
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


def command_and_commit() -> dict:
    """With "-dirty" if the example, or the library, is not as it was committed."""
    git = ["git", "-C", str(Path(__file__).parents[1])]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip() or None
    changed = [*git, "diff", "--quiet", "HEAD", "--", "examples", "paddle_metaopt"]
    if commit is not None and subprocess.run(changed, capture_output=True).returncode:
        commit += "-dirty"
    return {"command": shlex.join(["python", *sys.argv]), "commit": commit}


def main() -> None:
    args = parse_arguments()
    metaopt.tune_cpu(args.threads)
    for seed in (paddle.seed, np.random.seed, random.seed):
        seed(args.seed)
    recipe, origin = args.settings, command_and_commit()
    if args.test is not None:
        path = args.test if args.test != SHIPPED else WEIGHTS / f"{args.recipe}.checkpoint"
        if not path.is_file():
            raise SystemExit(f"there are no weights {path}: name a file, or train")
        found = read_weights(path)
        recipe = with_changes(with_inner_settings(RECIPES[args.recipe], found), args.set, args.iterations)
    net, schedule = new_net(recipe), new_schedule(recipe)
    opt = new_optimizer(recipe, net, schedule)

    def evaluate(episodes, steps: int) -> metaopt.Evaluation:
        return metaopt.evaluate(net, opt, episodes, F.cross_entropy, accuracy, steps=steps)

    if args.test is not None:
        load_weights(net, opt, found["weights"], path)
        several = len(recipe.test_steps) > 1
        steps = steps_by_validation(args, recipe, evaluate)[0] if several else recipe.test_steps[0]
        print(json.dumps({"recipe": args.recipe, **test(args, recipe, steps, evaluate), **origin}))
        return

    run = Run(args.recipe, recipe, args.seed, args.out, net, opt)
    if run.path.exists() and not args.no_resume:
        run.load(args.init_from)
    elif args.init_from is not None:
        run.begin_from(args.init_from)
    run.progress.starts.append({"iteration": run.progress.iteration, "iterations": recipe.iterations, **origin})
    batches = episode_loader(
        recipe, args.root, "train", recipe.iterations * recipe.meta_batch, args.seed, recipe.meta_batch,
        first_batch=min(run.progress.iteration, recipe.iterations),
    )  # fmt: skip
    validation = episode_loader(recipe, args.root, "valid", recipe.valid_episodes, VALID_SEED)
    train(run, schedule, batches, validation, evaluate, args.minutes, args.save_minutes)
    if args.test_episodes:
        finish(args, run, evaluate, origin)


def finish(args: argparse.Namespace, run: Run, evaluate, origin: dict) -> None:
    """Test the best weights; write them, and the json."""
    load_weights(run.net, run.opt, run.best["weights"], run.path)
    steps, valid = steps_by_validation(args, run.recipe, evaluate, first=run.best["accuracy"])
    measured = test(args, run.recipe, steps, evaluate)
    choices = {key: getattr(run.recipe, key) for key in ("algorithm", "net", "ways", "shots", "inner_lr")}
    metaopt.save_checkpoint(run.folder / "weights.checkpoint", {**run.best, **choices, "adapt_steps": steps})
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
    write_json(path, result)
    print(f"written: {path}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted; the same command goes on")
        raise SystemExit(130) from None
