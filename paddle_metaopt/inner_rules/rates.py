"""The inner learning rate as users give it: a number, something learned, or a schedule over the inner steps."""

from __future__ import annotations

import copy
from typing import Any, Callable, Iterator, Sequence, Union

import paddle

from ..arguments import at_least_zero

#: What users may give as ``inner_lr=``.
Rate = Union[
    float, paddle.Tensor, Sequence[Union[float, paddle.Tensor]], Callable[[int], Any], paddle.optimizer.lr.LRScheduler
]


def rate_by_step(inner_lr, steps: int = 0) -> Callable:
    """``rate(step)`` from what is given as ``inner_lr=``, for `steps` inner steps and more.

    Parameters
    ----------
    inner_lr : float, Tensor, list, callable, or LRScheduler
        A list has one rate for each inner step, and its last one from there on; a callable is asked for each step,
        counted from 0; a scheduler is read as if it were stepped after each inner step, and stays as it is.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, or not a finite number of at least 0.
    """
    if isinstance(inner_lr, paddle.Tensor):
        return lambda step: inner_lr
    if isinstance(inner_lr, paddle.optimizer.lr.LRScheduler):
        return _from_scheduler(inner_lr)
    if isinstance(inner_lr, (list, tuple)):
        if len(inner_lr) < max(steps, 1):
            raise ValueError(
                f"inner_lr: expected a rate for each of the {max(steps, 1)} inner steps, got a list of {len(inner_lr)} "
                "(for more steps in evaluation, its last rate goes on)"
            )
        rates = [rate if isinstance(rate, paddle.Tensor) else checked_rate(rate) for rate in inner_lr]
        return lambda step: rates[min(step, len(rates) - 1)]
    if callable(inner_lr):
        return lambda step: _of_call(inner_lr(step))
    rate = checked_rate(inner_lr)
    return lambda step: rate


def require_fit(rate, parameters: list) -> None:
    """Raise a ValueError if the rate's shape fits none of the parameters."""
    if isinstance(rate, paddle.Tensor) and not any(_fits(rate, p) for p in parameters):
        shown = ", ".join(f"{p.name} of shape {list(p.shape)}" for p in parameters[:3])
        raise ValueError(
            f"inner_lr: a rate of shape {list(rate.shape)} does not fit {shown}{', ...' * (len(parameters) > 3)}; "
            "expected one element, or a shape that broadcasts to the parameter's"
        )


def _fits(rate, parameter) -> bool:
    ends = parameter.shape[max(parameter.ndim - rate.ndim, 0) :]
    broadcasts = rate.ndim <= parameter.ndim and all(size in (1, end) for size, end in zip(rate.shape, ends))
    return rate.size == 1 or broadcasts


def lasting(choice):
    """What a user gave, as it is now: a scheduler goes on when its owner steps it, an iterator can be read once."""
    if isinstance(choice, paddle.optimizer.lr.LRScheduler):
        return copy.deepcopy(choice)
    return list(choice) if isinstance(choice, Iterator) else choice


def learned_rates(inner_lr) -> list:
    """The trainable tensors among what is given as ``inner_lr=``."""
    given = paddle.utils.flatten([inner_lr])
    found = [rate for rate in given if isinstance(rate, paddle.Tensor) and not rate.stop_gradient]
    return list({id(rate): rate for rate in found}.values())


_KINDS = "a number, a Tensor, a list of them for the inner steps, a function of the step, or an LRScheduler"


def checked_rate(rate, kinds: str = _KINDS) -> float:
    """The rate as a float; `kinds` says what else would have been right.

    Raises
    ------
    TypeError, ValueError
        If it is not a finite number of at least 0.
    """
    return at_least_zero(None, "inner_lr", rate, kinds=kinds)


def _of_call(rate):
    return rate if isinstance(rate, paddle.Tensor) else checked_rate(rate)


def _from_scheduler(scheduler):
    if isinstance(scheduler, paddle.optimizer.lr.ReduceOnPlateau):
        raise ValueError("inner_lr: ReduceOnPlateau follows a metric, which the inner loop does not have")
    ahead = copy.deepcopy(scheduler)
    known = [float(ahead())]

    def rate(step):
        while len(known) <= step:
            ahead.step()
            known.append(float(ahead()))
        return known[step]

    return rate
