"""Adapt and score over episodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Callable

import numpy as np
import paddle

from .arguments import checked_function, checked_layer, one_of, require_dynamic_mode, whole_number
from .double_grad.scope import patches_kept
from .double_grad.undo import Undo
from .meta_batch import each_of, episode_parts, loss_on
from .outer import require_meta_optimizer


@dataclass(frozen=True)
class Evaluation:
    """Scores over tasks.

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

    def __str__(self):
        return f"{self.mean:.4f} ± {self.ci95:.4f} ({len(self.values)} tasks)"


def evaluate(
    net, opt, episodes, loss_fn: Callable, metric=None, steps: int | None = None, statistics: str = "batch"
) -> Evaluation:
    """Adapt to each episode's support set and score on its query set.

    Afterwards modes, weights, buffers and gradients are as they were, and no graph is kept.

    Parameters
    ----------
    net : Layer
    opt : MetaOptimizer
    episodes : iterable of Episode
        As for ``opt.meta_loss``; taken one by one.
    loss_fn : callable
        ``loss_fn(net_output, y)``, the scalar loss that is adapted on.
    metric : callable or paddle.metric.Metric, optional
        ``metric(net_output, y)`` gives a number for a task's query set; the loss by default.
    steps : int, optional
        Inner steps; the optimizer's ``adapt_steps`` by default.
    statistics : {"batch", "running"}
        What BatchNorm normalizes by, in adapting and in scoring. Dropout is on in adapting, off in scoring.

    Raises
    ------
    ValueError
        If there are no episodes, or one is not a pair of pairs, or has no examples; if ``statistics="running"`` and the
        optimizer restores the statistics after each task, so that there are none to run by.
    TypeError
        If `net` is no Layer, `opt` no meta-optimizer, or a function no function.
    RuntimeError
        In static mode.
    """
    require_dynamic_mode()
    checked_layer("evaluate", "net", net)
    require_meta_optimizer("evaluate", "opt", opt)
    checked_function("evaluate", "loss_fn", loss_fn, "loss_fn(net_output, y)")
    if metric is not None and not isinstance(metric, paddle.metric.Metric):
        checked_function("evaluate", "metric", metric, "metric(net_output, y), or a paddle.metric.Metric object")
    steps = opt.adapt_steps if steps is None else whole_number("evaluate", "steps", steps)
    one_of("evaluate", "statistics", statistics, ("batch", "running"))
    if statistics == "running" and opt.algorithm.buffers == "restore":
        raise ValueError(
            "statistics='running' needs statistics that training kept: construct the optimizer with buffers='last' or "
            "buffers='mean'"
        )
    score = _score_function(loss_fn if metric is None else metric)
    values = []
    modes = [(layer, layer.training) for layer in net.sublayers(include_self=True)]
    with Undo(partial(_put_back, modes)), patches_kept():
        for episode in each_of(episodes):
            support, query = episode_parts(episode, net, adapts=steps > 0)
            _set_modes(net, True, statistics)
            learner = opt.begin(net, support, track=False)
            try:
                learner.adapt(partial(loss_on, learner, support, loss_fn), steps=steps)
                _set_modes(net, False, statistics)
                with paddle.set_grad_enabled(learner.task.leaves.net_takes_gradients):
                    values.append(loss_on(learner, query, score))
            finally:
                learner.end()
    if not values:
        raise ValueError("evaluate: there are no episodes")
    values = np.asarray(values, dtype=np.float64)
    spread = values.std(ddof=1) if len(values) > 1 else np.nan
    return Evaluation(float(values.mean()), float(1.96 * spread / np.sqrt(len(values))), values)


def _put_back(modes: list):
    for layer, training in modes:
        layer.training = training


def _set_modes(net, training: bool, statistics: str):
    for layer in net.sublayers(include_self=True):
        is_batch_norm = isinstance(layer, paddle.nn.layer.norm._BatchNormBase)
        layer.training = statistics == "batch" if is_batch_norm else training


def _score_function(metric):
    if not isinstance(metric, paddle.metric.Metric):
        return lambda prediction, y: _number(metric(prediction, y))

    def score(prediction, y):
        metric.reset()
        metric.update(metric.compute(prediction, y))
        return float(np.mean(metric.accumulate()))

    return score


def _number(score) -> float:
    if isinstance(score, paddle.Tensor) and score.size != 1:
        raise ValueError(
            f"evaluate: metric: expected one number for a query set, got shape {list(score.shape)}; reduce it, e.g. by "
            "mean()"
        )
    return score.item() if isinstance(score, paddle.Tensor) else float(score)
