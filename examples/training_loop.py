"""The loop of image_classification.py: updates, validations, checkpoints, and a bar that tells of them."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import paddle.nn.functional as F
from recipes import make_alike
from tqdm import tqdm
from training_run import Run

import paddle_metaopt as metaopt

BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class StopSignal:
    """True from the first Ctrl-C or SIGTERM in the block on, which then does no more than that; a second one kills."""

    def __enter__(self) -> StopSignal:
        self._came = False
        self._before = {number: signal.signal(number, self._remember) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

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
                if point[name] is not None:
                    self._writer.add_scalar(tag=tag, step=point["iteration"], value=point[name])


def train(run: Run, schedule, batches, validation, evaluate, minutes: float, save_minutes: float) -> None:
    """Train until the iterations or the minutes are over, and validate there; a warm start before the first as well.

    Raises
    ------
    KeyboardInterrupt
        After a Ctrl-C or SIGTERM, when the iteration that was running is done and saved.
    """
    recipe, progress = run.recipe, run.progress
    metrics, first = Metrics(run.folder), progress.iteration

    def over() -> bool:
        return progress.iteration >= recipe.iterations or progress.seconds >= 60 * minutes

    def validate() -> None:
        began = time.monotonic()
        point = run.validate(validation, evaluate)
        progress.seconds += time.monotonic() - began
        metrics.add(point)
        text = f"iteration {progress.iteration}: validation accuracy {percent(point['accuracy'])}"
        tqdm.write(text, file=sys.stdout)

    if over():
        if not run.is_validated:  # it was interrupted there, or is to end earlier than it was
            validate()
            run.save()
        return
    if run.init_from is not None and first == 0 and not run.is_validated:  # it may be better than what it leads to
        validate()
    saved = last = time.monotonic()
    updating = 0.0
    bar_options = {"bar_format": BAR, "mininterval": 0.1 if sys.stderr.isatty() else 10.0}
    with StopSignal() as stop, tqdm(total=recipe.iterations, initial=first, desc=run.name, **bar_options) as bar:
        for episodes in batches:
            loss = meta_loss(run, episodes)
            loss.backward()
            if recipe.alike:
                make_alike(p.grad for p in run.net.classifier.parameters())
            run.opt.step()
            run.opt.clear_grad()
            schedule.step()
            now = time.monotonic()
            updating += now - last
            run.after_update(float(loss), now - last)
            last = now

            ends = over()
            if progress.iteration % recipe.valid_every == 0 or (ends and not stop):
                validate()
            ends = ends or bool(stop)
            if ends or time.monotonic() - saved >= 60 * save_minutes:
                run.save()
                saved = time.monotonic()
            show(bar, run, minutes, (progress.iteration - first) / updating)
            last = time.monotonic()
            if ends:
                break
    if stop:
        raise KeyboardInterrupt


def meta_loss(run: Run, episodes):
    try:
        return run.opt.meta_loss(run.net, episodes, F.cross_entropy, diverged="raise")
    except metaopt.DivergedError as error:
        raise SystemExit(
            f"iteration {run.progress.iteration + 1}: {error}; a smaller lr or inner_lr may help: --set lr=..., with "
            f"--no-resume or another --out. {run.path} has what was saved before"
        ) from None


def show(bar: tqdm, run: Run, minutes: float, iterations_per_second: float) -> None:
    progress = run.progress
    left = (run.recipe.iterations - progress.iteration) / iterations_per_second
    left = max(0.0, min(left, 60 * minutes - progress.seconds))
    valid = ""
    if run.best is not None:
        valid = f"valid {percent(progress.curve[-1]['accuracy'])} (best {percent(run.best['accuracy'])}), "
    tasks = iterations_per_second * run.recipe.meta_batch
    text = f"loss {progress.loss:.3f}, {valid}{tasks:.1f} tasks/s, {tqdm.format_interval(left)} left"
    bar.set_postfix_str(text, refresh=False)
    bar.update()


def percent(share: float) -> str:
    return f"{100 * share:.2f} %"
