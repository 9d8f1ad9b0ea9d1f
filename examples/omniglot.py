"""Few-shot classification of handwritten characters by MAML, first-order MAML or ANIL.

    python examples/omniglot.py --root ~/data/omniglot --ways 5 --shots 1 --algorithm maml --minutes 60

Ctrl-C stops after the iteration that is running. Add --resume to go on: the result is then, bit for bit, that of a run
that was never interrupted, even if the process was killed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from tqdm import tqdm

warnings.filterwarnings("ignore", message="No ccache found")

import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402
from paddle.io import DataLoader  # noqa: E402
from training_loop import BAR, StopSignal  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.checkpoint import checksum  # noqa: E402
from paddle_metaopt.data import EpisodeSampler, Omniglot  # noqa: E402
from paddle_metaopt.models import OmniglotNet  # noqa: E402

# What must not change between a run and its resumption.
SETTINGS = [
    *("algorithm", "ways", "shots", "queries", "meta_batch", "inner_lr", "adapt_steps", "lr", "seed", "iterations"),
    *("eval_every", "valid_episodes", "test_steps"),
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Meta-train on Omniglot.")
    parser.add_argument("--root", required=True, help="folder of images_background.zip and images_evaluation.zip")
    parser.add_argument("--ways", type=int, default=5, help="classes per episode (%(default)s)")
    parser.add_argument("--shots", type=int, default=1, help="support examples per class (%(default)s)")
    parser.add_argument("--queries", type=int, default=5, help="query examples per class (%(default)s)")
    parser.add_argument("--algorithm", choices=("maml", "fomaml", "anil"), default="maml")
    parser.add_argument("--iterations", type=int, default=10_000, help="updates; also the cosine's (%(default)s)")
    parser.add_argument("--minutes", type=float, help="stop training after that time, if it comes first")
    parser.add_argument("--meta-batch", type=int, default=16, help="episodes per update (%(default)s)")
    parser.add_argument("--inner-lr", type=float, default=0.4, help="step size of the inner loop (%(default)s)")
    parser.add_argument("--adapt-steps", type=int, default=1, help="inner steps in training (%(default)s)")
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's learning rate at the start (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--eval-every", type=int, default=200, help="iterations between validations (%(default)s)")
    parser.add_argument("--valid-episodes", type=int, default=50, help="episodes of a validation (%(default)s)")
    parser.add_argument("--test-episodes", type=int, default=600, help="episodes of the test (%(default)s)")
    parser.add_argument("--test-steps", type=int, default=3, help="inner steps in validation and test (%(default)s)")
    parser.add_argument("--save-every", type=int, default=200, help="iterations between checkpoints (%(default)s)")
    parser.add_argument("--out", help="folder of the checkpoint (runs/omniglot-<algorithm>-<ways>way-<shots>shot)")
    parser.add_argument("--init", help="checkpoint of another run, whose weights to begin from (a warm restart)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint, if there is one")
    args = parser.parse_args()
    args.out = Path(args.out or f"runs/omniglot-{args.algorithm}-{args.ways}way-{args.shots}shot")
    if not Path(args.root).expanduser().is_dir():
        parser.error(f"--root {args.root} is not a folder")
    return args


def new_optimizer(args: argparse.Namespace, net: OmniglotNet, sched) -> metaopt.MetaOptimizer:
    common = {
        "learning_rate": sched,
        "parameters": net.parameters(),
        "inner_lr": args.inner_lr,
        "adapt_steps": args.adapt_steps,
    }
    if args.algorithm == "anil":
        return metaopt.ANILOptimizer(head=net.classifier, **common)
    return metaopt.MAMLOptimizer(first_order=args.algorithm == "fomaml", **common)


def accuracy(logits: paddle.Tensor, y: paddle.Tensor) -> float:
    return float((logits.argmax(-1) == y).astype("float32").mean())


def episode_loader(args: argparse.Namespace, mode: str, episodes: int, tasks_per_batch=None, first_batch=0):
    """The episodes of `mode`; those of training in meta-batches."""
    characters = Omniglot(args.root, mode)
    sampler = EpisodeSampler(
        characters, args.ways, args.shots, args.queries, episodes, args.seed, tasks_per_batch=tasks_per_batch
    )
    sampler.resume(first_batch)
    return DataLoader(characters, batch_sampler=sampler, collate_fn=sampler.collate_fn)


class Checkpoint:
    """All that training goes on from, in one file: weights, optimizer, schedule, random states, iteration."""

    def __init__(self, args: argparse.Namespace, net: OmniglotNet, opt: metaopt.MetaOptimizer) -> None:
        self.path = args.out / "run.checkpoint"
        self._settings = {name: getattr(args, name) for name in SETTINGS}
        self._net, self._opt = net, opt

    def save(self, iteration: int, valid_accuracy: float) -> None:
        state = self._state()
        progress = {"settings": self._settings, "iteration": iteration, "valid_accuracy": valid_accuracy}
        metaopt.save_checkpoint(self.path, {**progress, **state})
        tqdm.write(f"saved iteration {iteration}, sha256 {checksum(state)}", file=sys.stdout)
        sys.stdout.flush()

    def load(self) -> tuple[int, float]:
        """The iterations done and the last validation's accuracy."""
        state = metaopt.load_checkpoint(self.path)
        for name, now in self._settings.items():
            if state["settings"][name] != now:
                raise SystemExit(f"{self.path} was made with {name} = {state['settings'][name]}, not {now}")
        self._net.set_state_dict(state["weights"])
        self._opt.set_state_dict(state["optimizer"])
        paddles, numpys, pythons = state["random"]
        paddle.set_rng_state(paddles)
        np.random.set_state(numpys)
        random.setstate(pythons)
        print(f"resumed at iteration {state['iteration']}, sha256 {checksum(self._state())}", flush=True)
        return state["iteration"], state["valid_accuracy"]

    def _state(self) -> dict:
        return {
            "weights": self._net.state_dict(),
            "optimizer": self._opt.state_dict(),
            "random": [paddle.get_rng_state(), np.random.get_state(), random.getstate()],
        }


def train(args: argparse.Namespace, net: OmniglotNet, opt, sched, checkpoint: Checkpoint) -> bool:
    """Train until the iterations or the minutes are over; False if it was interrupted."""
    done, valid_accuracy = checkpoint.load() if checkpoint.path.exists() else (0, float("nan"))
    first = done
    batches = episode_loader(args, "train", args.iterations * args.meta_batch, args.meta_batch, first_batch=done)
    validation = episode_loader(args, "valid", args.valid_episodes)
    stop, began, spent = StopSignal(), time.monotonic(), 0.0
    with tqdm(total=args.iterations, initial=done, desc=args.algorithm, bar_format=BAR) as bar:
        for episodes in batches:
            started = time.monotonic()
            loss = opt.meta_loss(net, episodes, F.cross_entropy)
            loss.backward()
            opt.step()
            opt.clear_grad()
            sched.step()
            done += 1
            spent += time.monotonic() - started

            if done % args.eval_every == 0:
                result = metaopt.evaluate(net, opt, validation, F.cross_entropy, accuracy, steps=args.test_steps)
                valid_accuracy = result.mean
                tqdm.write(f"iteration {done}: validation accuracy {percent(result)}", file=sys.stdout)
            elapsed = time.monotonic() - began
            left = elapsed / (done - first) * (args.iterations - done)
            time_left = args.minutes is None or elapsed < 60 * args.minutes
            if args.minutes is not None:
                left = max(0.0, min(left, 60 * args.minutes - elapsed))
            bar.set_postfix_str(
                f"loss {float(loss):.3f}, valid {100 * valid_accuracy:.1f} %, {tqdm.format_interval(left)} left"
            )
            bar.update()
            over = done == args.iterations or not time_left or bool(stop)
            if over or done % args.save_every == 0:
                checkpoint.save(done, valid_accuracy)
            if over:
                break
    per_iteration = f", {spent / (done - first):.3f} s per iteration" if done > first else ""
    print(f"{done} iterations{per_iteration}", flush=True)
    return not stop


def percent(result: metaopt.Evaluation) -> str:
    return f"{100 * result.mean:.2f} % ± {100 * result.ci95:.2f} % ({len(result.values)} episodes)"


def main() -> None:
    args = parse_arguments()
    paddle.seed(args.seed)
    np.random.seed(args.seed)
    random.seed(args.seed)
    net = OmniglotNet(args.ways)
    if args.init:
        net.set_state_dict(metaopt.load_checkpoint(args.init)["weights"])
    sched = paddle.optimizer.lr.CosineAnnealingDecay(args.lr, T_max=args.iterations)
    opt = new_optimizer(args, net, sched)
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint(args, net, opt)
    if checkpoint.path.exists() and not args.resume:
        raise SystemExit(f"{checkpoint.path} exists: add --resume to go on from it, or choose another --out")
    if not train(args, net, opt, sched, checkpoint):
        print("interrupted; add --resume to go on")
        raise SystemExit(130)
    test = tqdm(episode_loader(args, "test", args.test_episodes), "test")
    result = metaopt.evaluate(net, opt, test, F.cross_entropy, accuracy, steps=args.test_steps)
    print(f"test accuracy {percent(result)}: 95 % interval, {args.test_steps} inner steps")


if __name__ == "__main__":
    main()
