"""A training that survives being killed: its state in one file, its best weights, and its curve."""

from __future__ import annotations

import json
import random
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
import paddle
from recipes import Recipe, alike, make_alike
from tqdm import tqdm

import paddle_metaopt as metaopt
from paddle_metaopt.atomic_file import replacing
from paddle_metaopt.checkpoint import checksum
from paddle_metaopt.models.trained import all_learned


@dataclass
class Progress:
    """How far a run has come.

    Attributes
    ----------
    iteration : int
        Updates done.
    seconds : float
        Of training, with its validations, over all starts.
    loss : float
        Exponential mean of the query loss.
    curve : list
        A dict for each validation: iteration, tasks, hours, loss (None before the first update), accuracy.
    starts : list
        A dict for each start of the program: iteration, iterations (planned), command, commit.
    """

    iteration: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    curve: list = field(default_factory=list)
    starts: list = field(default_factory=list)


class Run:
    """A net and its optimizer in training, and the folder in which they are kept.

    Attributes
    ----------
    progress : Progress
    best : dict or None
        Weights, iteration and accuracy of the best validation.
    init_from : dict or None
        Whose weights it began with; with the mean of several, those are in its "sources".
    """

    def __init__(self, name: str, recipe: Recipe, seed: int, folder: Path, net, opt) -> None:
        self.name, self.recipe, self.seed, self.folder = name, recipe, seed, folder
        self.net, self.opt = net, opt
        self.progress, self.best, self.init_from = Progress(), None, None
        self._begin()

    @property
    def path(self) -> Path:
        return self.folder / "run.checkpoint"

    @property
    def is_validated(self) -> bool:
        """Whether the curve has a point where the run stands."""
        return bool(self.progress.curve) and self.progress.curve[-1]["iteration"] == self.progress.iteration

    def begin_from(self, paths: list[Path]) -> None:
        """Take the weights of another run, or of a weights file; a head that is alike, of any number of classes.

        The mean of the weights that several trainings came to, one of which led to the others, is often better than
        each of them (Wortsman et al. 2022, model soups). What some of them did not learn is the mean of those that did.
        """
        sources, given = [], {}
        for path in paths:
            found = read_weights(path)
            weights = self._with_own_ways(found["weights"])
            load_weights(self.net, self.opt, weights, path)
            kept = {key: found[key] for key in ("recipe", "iteration", "accuracy")}
            sources.append({"path": str(path), **kept, "sha256": checksum(found["weights"])})
            for name, value in weights.items():
                given.setdefault(name, []).append(value)
        put({name: sum(values) / len(values) for name, values in given.items()}, self._own())
        self.init_from = sources[0] if len(sources) == 1 else {"path": _all_of(paths), "sources": sources}
        self._begin()

    def _with_own_ways(self, weights: dict) -> dict:
        if not self.recipe.alike:
            return weights
        return {
            name: alike(value, self.recipe.ways) if name.startswith("classifier.") else value
            for name, value in weights.items()
        }

    def _begin(self):
        if self.recipe.alike:
            make_alike(self.net.classifier.parameters())
        self._mean = copied(self._own()) if self.recipe.ema else None

    def after_update(self, loss: float, seconds: float) -> None:
        self.progress.iteration += 1
        self.progress.seconds += seconds
        before = self.progress.loss
        self.progress.loss = loss if np.isnan(before) else 0.98 * before + 0.02 * loss
        if self._mean is not None:
            done = self.progress.iteration
            decay = min(self.recipe.ema, (1 + done) / (10 + done))  # what the training began with is soon forgotten
            for name, value in self._own().items():
                self._mean[name] = decay * self._mean[name] + (1 - decay) * value.detach()

    def validate(self, episodes, evaluate) -> dict:
        """A point of the curve; the weights are remembered if they are the best so far."""
        with self.averaged():
            result = evaluate(episodes, self.recipe.test_steps[0])
            weights = copied(self._own())
        iteration, accuracy, loss = self.progress.iteration, result.mean, self.progress.loss
        point = {
            "iteration": iteration,
            "tasks": iteration * self.recipe.meta_batch,
            "hours": round(self.progress.seconds / 3600, 4),
            "loss": None if np.isnan(loss) else loss,
            "accuracy": accuracy,
        }
        self.progress.curve.append(point)
        if self.best is None or accuracy > self.best["accuracy"]:
            self.best = {"weights": weights, "iteration": iteration, "accuracy": accuracy, "recipe": self.name}
        return point

    @contextmanager
    def averaged(self):
        """In the block the net has the mean of the last weights, if the recipe wants one."""
        if self._mean is None:
            yield
            return
        own = copied(self._own())
        put(self._mean, self._own())
        try:
            yield
        finally:
            put(own, self._own())

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        state = self._trained()
        digest = checksum(state)
        settings = {"name": self.name, "recipe": _as_kept(self.recipe), "seed": self.seed}
        beside = {"progress": asdict(self.progress), "best": self.best, "init_from": self.init_from}
        metaopt.save_checkpoint(self.path, {**settings, **beside, **state})
        write_json(self.folder / "curve.json", {"recipe": self.name, "curve": self.progress.curve})
        tqdm.write(f"saved iteration {self.progress.iteration}, sha256 {digest}", file=sys.stdout)
        sys.stdout.flush()

    def load(self, init_from: list[Path] | None = None) -> None:
        """Go on from the file.

        Raises
        ------
        SystemExit
            If it is of another recipe, or began with other weights than `init_from`. The number of iterations may
            differ: the schedule goes on with the new one. So may those inner steps that are tried at the end only.
        """
        state = metaopt.load_checkpoint(self.path)
        now = {"name": self.name, "seed": self.seed, **_as_kept(self.recipe)}
        added_since = {each.name: each.default for each in fields(Recipe)}
        before = {"name": state["name"], "seed": state["seed"], **added_since, **state["recipe"]}
        if init_from is not None:
            now["init_from"], before["init_from"] = _all_of(init_from), (state["init_from"] or {}).get("path")
        for state_of in (now, before):
            state_of["test_steps"] = state_of["test_steps"][:1]
        for key in now.keys() - {"iterations", "follows"}:
            if now[key] != before.get(key):
                raise SystemExit(
                    f"{self.path} was made with {key} = {before.get(key)}, not {now[key]}: choose another --out, or "
                    "--no-resume to begin anew"
                )
        self.net.set_state_dict(state["weights"])
        self.opt.set_state_dict(state["optimizer"])
        self._mean = state["mean"]
        self.progress, self.best = Progress(**state["progress"]), state["best"]
        self.init_from = state["init_from"]
        paddles, numpys, pythons = state["random"]
        paddle.set_rng_state(paddles)
        np.random.set_state(numpys)
        random.setstate(pythons)
        print(f"resumed at iteration {self.progress.iteration}, sha256 {checksum(self._trained())}", flush=True)

    def _own(self) -> dict:
        return all_learned(self.net, self.opt)

    def _trained(self) -> dict:
        """What has to be the same, bit for bit, for the rest of the run to be."""
        return {
            "weights": self.net.state_dict(),
            "mean": self._mean,
            "optimizer": self.opt.state_dict(),
            "random": [paddle.get_rng_state(), np.random.get_state(), random.getstate()],
        }


def write_json(path: Path, value) -> None:
    with replacing(path) as file:
        file.write(json.dumps(value, indent=1).encode() + b"\n")


def put(values: dict, into: dict) -> None:
    for name, value in values.items():
        into[name].set_value(value)


def copied(weights: dict) -> dict:
    return {name: value.detach().clone() for name, value in weights.items()}


def read_weights(path: Path) -> dict:
    """Weights, iteration, accuracy, recipe and inner rate: of a weights file, or the best ones of a run."""
    state = metaopt.load_checkpoint(path)
    found = state.get("best", state)
    if found is None or "weights" not in found:
        raise SystemExit(f"{path} holds no weights that were validated")
    return found if found is state else {**found, "inner_lr": state["recipe"]["inner_lr"]}


def load_weights(net, opt, weights: dict, path: Path) -> None:
    """Of a file without learned rates, the net's weights alone: a warm start."""
    own = all_learned(net, opt)
    whole, of_net, given = (
        {(name, *value.shape) for name, value in values.items()} for values in (own, net.state_dict(), weights)
    )
    if not of_net <= given <= whole:
        raise SystemExit(f"{path} holds the weights of another net, or another algorithm's, than the recipe's")
    put(weights, own)


def _all_of(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))


def _as_kept(recipe: Recipe) -> dict:
    return {**asdict(recipe), "test_steps": list(recipe.test_steps)}
