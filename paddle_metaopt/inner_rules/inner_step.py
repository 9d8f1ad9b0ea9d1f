"""One step of the inner loop, as a pure function."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Callable

import paddle

from .clipping import clip_gradients
from .rates import require_fit


@dataclass(frozen=True)
class InnerStep:
    """θₖ₊₁ = rule(θₖ, clip(transform(∇L + λ (θₖ − θ₀))), rate): differentiable in all of it.

    Attributes
    ----------
    rule : object
        See `paddle_metaopt.inner_rules`.
    rate : callable
        ``rate(parameter, step)``, the learning rate of one of the net's parameters in an inner step counted from 0: a
        number, or a Tensor that broadcasts against it.
    transform : callable or None
        ``transform(parameter, gradient, step)``, what the rule gets in place of a parameter's gradient.
    clip : ClipGradBy... or None
        Of ``paddle.nn``, for the gradients; parameters with ``need_clip=False`` are left out.
    proximal : float
        λ of the term λ/2 |θₖ − θ₀|² that is added to the loss, θ₀ being where the task began.
    """

    rule: Any
    rate: Callable
    transform: Callable | None = None
    clip: Any = None
    proximal: float = 0.0

    def before(self, fast: dict) -> dict:
        """The rule's state before the first step, by the names of the weights that adapt."""
        return self.rule.init({name: weight.detach() for name, weight in fast.items()})

    def __call__(self, own: dict, start: dict, fast: dict, gradients: dict, state: dict, step: int) -> tuple:
        """The moved weights, and the rule's state after it.

        Parameters
        ----------
        own : dict of str to Parameter
            The net's parameters, to which rates and transforms belong.
        start : dict of str to Tensor
            The weights that the task began with.
        fast : dict of str to Tensor
            The weights that adapt, as they are.
        gradients : dict of str to Tensor
            Of the loss, for some of them; the others pass through.
        state : dict
            What `before`, or the last step, gave.
        step : int
            How many were taken before.
        """
        if self.proximal:
            gradients = {
                name: g + self.proximal * (fast[name] - start[name].detach()) for name, g in gradients.items()
            }
        if self.transform is not None:
            gradients = {name: _answered(self.transform(own[name], g, step), name) for name, g in gradients.items()}
        exempt = [name for name in gradients if not getattr(own[name], "need_clip", True)]
        gradients = clip_gradients(self.clip, gradients, exempt)
        rates = {name: _fitted(self.rate(own[name], step), own[name]) for name in fast}
        moved, state = self.rule.update(fast, gradients, rates, state)
        for name in gradients:
            if moved[name].shape != fast[name].shape:
                raise ValueError(
                    f"the inner rule {type(self.rule).__name__} made a weight of shape {list(moved[name].shape)} of "
                    f"{name}, which has {list(fast[name].shape)}: does something in it broadcast?"
                )
        return moved, state

    def is_closed(self, own: dict, step: int) -> bool:
        """Whether what it gives surely depends on no other tensors than those that it is given."""
        if self.transform is not None or self.clip is not None or not _has_only_numbers(self.rule):
            return False
        return not any(isinstance(self.rate(parameter, step), paddle.Tensor) for parameter in own.values())

    @property
    def penalty(self) -> float:
        """Factor of the L2 penalty that the rule adds to the losses."""
        return float(getattr(self.rule, "weight_decay", 0.0))


def _has_only_numbers(rule) -> bool:
    is_ours = type(rule).__module__.rpartition(".")[0] == __package__
    return is_ours and all(isinstance(value, (int, float)) for value in vars(rule).values())


def _answered(transformed, name):
    if not isinstance(transformed, paddle.Tensor):
        raise TypeError(f"transform: expected a Tensor for {name}, got {transformed!r}")
    return transformed


def _fitted(rate, parameter):
    """The rate in the parameter's type; one of one element as a scalar, for it must not add an axis to the weight."""
    if not isinstance(rate, (paddle.Tensor, Real)):
        raise TypeError(f"rate: expected a number or a Tensor for {parameter.name}, got {rate!r}")
    if not isinstance(rate, paddle.Tensor):
        return rate
    if rate.dtype != parameter.dtype:
        rate = rate.astype(parameter.dtype)
    require_fit(rate, [parameter])
    return rate.reshape([]) if rate.size == 1 and rate.ndim > parameter.ndim else rate
