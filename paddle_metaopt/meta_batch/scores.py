"""What is made of the net's output on the query set of a task: a score, a loss, arrays."""

from __future__ import annotations

from typing import Any, Callable, Union

import numpy as np
import paddle

from ..arguments import checked_function
from ..tensors import detached
from ..vmap import each_apart, for_each
from .episodes import net_output

#: What users give as ``loss_fn=``, a function of a net's output and a target, and as ``metric=``.
Loss = Callable[..., paddle.Tensor]
Metric = Union[Callable[..., Any], paddle.metric.Metric]

_NOT_YET = object()


class ScoredQuery:
    """The query loss of a task, which keeps the net's output where the task ended.

    Parameters
    ----------
    learner : Learner
    part : pair
        (x, y) of the query set.
    loss_fn : callable
    """

    def __init__(self, learner, part, loss_fn: Callable):
        self._learner, self._part, self._loss_fn = learner, part, loss_fn
        self._output = _NOT_YET

    def __call__(self):
        x, y = self._part
        output = net_output(self._learner, x)
        # Ways back may ask elsewhere too: after earlier steps, or later at weights that were moved.
        if self._output is _NOT_YET and self._learner.task.residence.is_at_the_end:
            self._output = detached(output)
        return self._loss_fn(output, y)

    def scores(self, score: Callable, tasks: int | None) -> list:
        """The score of the task, or of each of so many at once, after its meta-gradient was computed."""
        with paddle.no_grad():
            if self._output is _NOT_YET:  # the query loss counted after earlier steps only
                self()
            return scores_of(score, self._output, self._part[1], tasks)


def scores_of(score: Callable, output, y, tasks: int | None) -> list:
    """``score(output, y)`` of a task, or of each of so many at once."""
    if tasks is None:
        return [score(output, y)]
    apart = each_apart((output, y), tasks)
    return for_each(lambda task: score(*apart[task]), tasks)


def score_function(owner: str, metric, argument: str = "metric") -> Callable:
    """``score(net_output, y)``, a float, by what a user gave for a metric.

    Raises
    ------
    TypeError
        If that is no function, and no ``paddle.metric.Metric``. When called, a ValueError if it gives no single number.
    """
    if isinstance(metric, paddle.metric.Metric):
        return lambda output, y: _number(owner, argument, _asked(metric, output, y))
    checked_function(owner, argument, metric, "metric(net_output, y), or a paddle.metric.Metric object")
    return lambda output, y: _number(owner, argument, metric(output, y))


def computed(metric: paddle.metric.Metric, output, y) -> list:
    """What a metric of Paddle's computes of a query set, for its ``update``."""
    found = as_list(metric.compute(*as_list(output), *as_list(y)))
    return [value.numpy() if isinstance(value, paddle.Tensor) else value for value in found]


def loss_of(loss_fn: Callable, output, y):
    """The loss, or the sum of several, where each output of a net and each target is an argument of its own."""
    first, *others = as_list(loss_fn(*as_list(output), *as_list(y)))
    return sum(others, first)


def arrays_of(output, y) -> list:
    """The outputs of a net as arrays."""
    return paddle.utils.map_structure(lambda t: t.numpy() if isinstance(t, paddle.Tensor) else t, as_list(output))


def stacked(outputs: tuple):
    """All the rows of the arrays of several tasks, or of each array in nests of them."""
    return paddle.utils.map_structure(lambda *arrays: np.concatenate([np.atleast_1d(a) for a in arrays]), *outputs)


def as_list(value: Any) -> list:
    """The entries of a tuple or list; anything else as the only one."""
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _asked(metric: paddle.metric.Metric, output, y):
    metric.reset()
    metric.update(*computed(metric, output, y))
    return metric.accumulate()


def _number(owner: str, argument: str, score) -> float:
    expected = f"{owner}: {argument}: expected one number for a query set, got"
    if score is None:
        raise TypeError(f"{expected} None; is there a return?")
    number = score if isinstance(score, paddle.Tensor) else np.asarray(score)
    if number.size != 1:
        advice = "reduce it, e.g. by mean()" + ", or choose one: Accuracy(topk=(1,))" * (argument == "metric")
        raise ValueError(f"{expected} shape {list(number.shape)}; {advice}")
    try:
        return float(number.item())
    except TypeError:
        raise TypeError(f"{expected} {score!r}") from None
