"""Adapt and score over episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Callable, Iterable

import numpy as np
import paddle

from .arguments import checked_function, checked_layer, checked_vectorize, one_of, require_dynamic_mode, whole_number
from .double_grad.scope import patches_kept
from .double_grad.undo import Undo
from .meta_batch import (
    Loss,
    Metric,
    TaskStreams,
    each_of,
    episode_parts,
    in_groups,
    loss_on,
    most_at_once,
    net_output,
    score_function,
    scores_of,
)
from .meta_gradients import ForwardOnly
from .outer import MetaOptimizer, require_meta_optimizer
from .vmap import batching, for_all_tasks


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores over tasks; equal if those of all tasks are.

    Attributes
    ----------
    mean : float
        Over the tasks.
    ci95 : float
        Half the width of the 95 % confidence interval of the mean, by the normal approximation; nan for one task.
    values : ndarray of float64, shape [tasks]
        Each task's score.
    """

    mean: float
    ci95: float
    values: np.ndarray

    def __eq__(self, other):
        return isinstance(other, Evaluation) and np.array_equal(self.values, other.values, equal_nan=True)

    def __str__(self):
        return f"{self.mean:.4f} ± {self.ci95:.4f} ({len(self.values)} tasks)"


def evaluate(
    net: paddle.nn.Layer, opt: MetaOptimizer, episodes: Iterable[Any], loss_fn: Loss, metric: Metric | None = None,
    steps: int | None = None, statistics: str = "batch", vectorize: bool | str = "auto",
) -> Evaluation:  # fmt: skip
    """Adapt to each episode's support set and score on its query set.

    Afterwards modes, weights, buffers and gradients are as they were, and no graph is kept.

    Parameters
    ----------
    net : Layer
    opt : MetaOptimizer
    episodes : iterable of Episode
        As for ``opt.meta_loss``; taken a few at a time. With a net in a ``paddle.DataParallel``, each process gives its
        own, and all get the scores of all, in turn: the first one of each process, the second one of each, ...
    loss_fn : callable
        ``loss_fn(net_output, y)``, the scalar loss that is adapted on.
    metric : callable or paddle.metric.Metric, optional
        ``metric(net_output, y)`` gives a number for a task's query set; the loss by default.
    steps : int, optional
        Inner steps; the optimizer's ``adapt_steps`` by default.
    statistics : {"batch", "running"}
        What BatchNorm normalizes by, in adapting and in scoring. Dropout is on in adapting, off in scoring.
    vectorize : {"auto", True, False}
        Whether tasks of equal shapes adapt as one program, as for ``opt.meta_loss``. The metric sees each task's own.

    Raises
    ------
    ValueError
        If there are no episodes, or one is not a pair of pairs, or has no examples; if ``statistics="running"`` and the
        optimizer restores the statistics after each task, so that there are none to run by.
    TypeError
        If `net` is no Layer, `opt` no meta-optimizer, or a function no function.
    VectorizeError
        With ``vectorize=True``, if the tasks can't run as one program.
    RuntimeError
        In static mode.
    """
    require_dynamic_mode()
    checked_layer("evaluate", "net", net)
    require_meta_optimizer("evaluate", "opt", opt)
    checked_function("evaluate", "loss_fn", loss_fn, "loss_fn(net_output, y)")
    score = score_function("evaluate", loss_fn, "loss_fn") if metric is None else score_function("evaluate", metric)
    if steps is not None:
        whole_number("evaluate", "steps", steps)
    require_fit("evaluate", opt, statistics, vectorize)
    net, processes = opt.meta_batches.join(net, opt.learned)
    values = scored(net, opt, episodes, loss_fn, score, steps, statistics, vectorize)
    values = values if processes is None else processes.gathered(values)
    if not values:
        raise ValueError("evaluate: there are no episodes")
    values = np.asarray(values, dtype=np.float64)
    spread = values.std(ddof=1) if len(values) > 1 else np.nan
    return Evaluation(float(values.mean()), float(1.96 * spread / np.sqrt(len(values))), values)


def require_fit(owner: str, opt, statistics: str, vectorize: bool | str) -> None:
    """Raise a ValueError for a choice of how to evaluate that is none, or does not fit the optimizer."""
    one_of(owner, "statistics", statistics, ("batch", "running"))
    if statistics == "running" and opt.algorithm.buffers == "restore":
        raise ValueError(
            "statistics='running' needs statistics that training kept: construct the optimizer with buffers='last' or "
            "buffers='mean'"
        )
    checked_vectorize(owner, vectorize)


def scored(
    net, opt, episodes, loss_fn: Callable, score: Callable, steps: int | None, statistics: str, vectorize: bool | str
) -> list:
    """``score(net_output, y)`` of each episode's query set, adapted to its support set; see `evaluate`."""
    steps = opt.adapt_steps if steps is None else steps
    run = _Run(net, opt, loss_fn, score, steps, statistics)
    modes = [(layer, layer.training) for layer in net.sublayers(include_self=True)]
    found = []
    with Undo(partial(_put_back, modes)), patches_kept(), TaskStreams() as streams:
        tasks = enumerate(episode_parts(episode, net, adapts=steps > 0) for episode in each_of(episodes))
        for few in _a_few_at_a_time(tasks, steps):
            found += run.scores(few, streams, vectorize)
    return found


class _Run:
    def __init__(self, net, opt, loss_fn, score, steps, statistics):
        self._net, self._opt, self._loss_fn, self._score = net, opt, loss_fn, score
        self._steps, self._statistics = steps, statistics
        self._plan = replace(opt.plan, way=ForwardOnly())

    def scores(self, tasks: list, streams: TaskStreams, vectorize) -> list:
        """The scores of the tasks, in their order."""
        _set_modes(self._net, True, self._statistics)
        batches, found = self._opt.meta_batches, {}
        trial = batches.trial(self._net, self._loss_fn, self._plan, vectorize)
        for group in in_groups(tasks, None, self._steps) if trial.goes_on else [[task] for task in tasks]:
            scores = batches.run(group, trial, streams, self._net, self._loss_fn, self._together, self._alone)
            found.update(zip([number for number, _ in group], scores))
        return [found[number] for number, _ in tasks]

    def _alone(self, tasks, streams) -> list:
        return [score for number, part in tasks for score in streams.alone(number, partial(self._adapted, part, None))]

    def _together(self, tasks, streams, accept) -> list:
        def accepted():
            _set_modes(self._net, True, self._statistics)  # as they were at first: else they count as written
            accept()
            _set_modes(self._net, False, self._statistics)

        numbers, parts = zip(*tasks)
        with streams.of(numbers) as own, batching(len(parts), own):
            return self._adapted(for_all_tasks(parts), len(parts), accepted)

    def _adapted(self, part, tasks, accept=lambda: None) -> list:
        """The score of a task, or those of so many at once; ``accept()`` is called before they are asked for."""
        net, (support, (x, y)) = self._net, part
        learner = self._opt.begin(net, support, plan=self._plan, tasks=tasks)
        try:
            learner.adapt(partial(loss_on, learner, support, self._loss_fn), steps=self._steps)
            _set_modes(net, False, self._statistics)
            with paddle.set_grad_enabled(learner.task.leaves.net_takes_gradients):
                output = net_output(learner, x)
                accept()
                return scores_of(self._score, output, y, tasks)
        finally:
            learner.end()
            _set_modes(net, True, self._statistics)


def _a_few_at_a_time(tasks, steps):
    """Lists of tasks, of as many as run together."""
    few = []
    for task in tasks:
        few.append(task)
        if len(few) >= min(most_at_once(few[0][1], steps), _MOST):
            yield few
            few = []
    if few:
        yield few


#: Of episodes that are held in memory.
_MOST = 32


def _put_back(modes: list):
    for layer, training in modes:
        layer.training = training


def _set_modes(net, training: bool, statistics: str):
    for layer in net.sublayers(include_self=True):
        is_batch_norm = isinstance(layer, paddle.nn.layer.norm._BatchNormBase)
        layer.training = statistics == "batch" if is_batch_norm else training
