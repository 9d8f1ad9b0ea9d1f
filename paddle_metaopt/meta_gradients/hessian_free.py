"""Second derivatives by differences of gradients, for nets with an op that has none."""

from __future__ import annotations

import numpy as np
import paddle

from ..arguments import above_zero, flag
from ..callers import warn
from ..tensors import real_type
from ..vmap import batched_gradients
from .numbers_of_tasks import factors, norm
from .step_by_step import StepByStep


class HessianFree(StepByStep):
    """The meta-gradient with each Hessian-vector product replaced by a central difference of two gradients.

    Each inner step costs two more gradients, and no op needs a second derivative. In float64 the error is that of
    rounding; in float32 it is not usable for nets with kinks such as ReLU's. The scheme is HF-MAML's (Fallah et al.
    2020, https://arxiv.org/abs/1908.10400).

    Parameters
    ----------
    allow_float32 : bool
        Go ahead although the net is not in float64.
    step : float, optional
        Length of the difference relative to the weights' norm; 1e-8 in float64, else 1e-3. In float64 it is shortened
        where a kink lies within.

    Raises
    ------
    ValueError, TypeError
        If `step` is no number larger than 0. At the first inner step, if the net is not in float64 and
        `allow_float32` is not set.
    """

    name = "meta_gradient='hessian_free'"
    order = 1
    serves_together = True

    def __init__(self, allow_float32: bool = False, step: float | None = None):
        self.allow_float32 = flag(self, "allow_float32", allow_float32)
        self.step = None if step is None else above_zero(self, "step", step)

    def inner_gradient(self, task, moment, fast):
        if not self.allow_float32 and any(real_type(fast[name]) != paddle.float64 for name in task.adapted):
            raise ValueError(
                "meta_gradient='hessian_free' takes differences of gradients, which in float32 are mostly rounding and "
                "kinks: convert the net, net.to(dtype='float64'), or insist by "
                "meta_gradient=metaopt.meta_gradients.HessianFree(allow_float32=True)"
            )
        return _DifferencedGradient(task, moment, fast, self.step)


#: How often the step is shortened tenfold until no kink is crossed.
_ATTEMPTS = 4


class _DifferencedGradient:
    def __init__(self, task, moment, fast, step):
        self._task, self._moment, self._fast, self._step = task, moment, fast, step
        self.values = task.gradients(moment.loss_again(fast), fast)

    def pulled(self, towards: dict) -> tuple:
        length = norm(towards.values())
        if not length.any():
            return {}, []
        double = real_type(next(iter(towards.values()))) == paddle.float64
        size = 1.0 + norm(self._fast[name] for name in towards)
        epsilon = (self._step or (1e-8 if double else 1e-3)) * size / np.where(length, length, 1.0)
        for _ in range(_ATTEMPTS):
            ahead, behind = (self._all_gradients(towards, sign * epsilon, 0.5 / epsilon) for sign in (1.0, -1.0))
            crosses = (length != 0) & self._crosses_a_kink(ahead, behind, epsilon)
            if not double or not crosses.any():
                break
            epsilon = np.where(crosses, epsilon / 10, epsilon)
        else:
            warn(
                "hessian_free: a kink of the net, such as ReLU's, lies within every step that was tried, so this "
                "meta-gradient may be far off",
                RuntimeWarning,
            )
        slopes = [None if a is None or b is None else a - b for a, b in zip(ahead, behind)]
        return dict(zip(self._fast, slopes)), slopes[len(self._fast) :]

    def _crosses_a_kink(self, ahead, behind, epsilon) -> np.ndarray:
        """Whether the gradient jumps between the two points: then it does not lie halfway in the middle."""
        sides = [(a, b, self.values[n]) for n, a, b in zip(self._fast, ahead, behind) if n in self.values]
        scale = factors(1.0 / epsilon, [middle for _, _, middle in sides])
        bend = norm(a + b - s * middle for s, (a, b, middle) in zip(scale, sides))
        return bend > 1e-5 * norm(a - b for a, b, _ in sides)

    def _all_gradients(self, towards, epsilon, weight):
        """The gradients of `weight` times the loss at a distance of `epsilon`."""
        moved = dict(self._fast)
        for (name, u), distance in zip(towards.items(), factors(epsilon, towards.values())):
            there = self._fast[name].detach() + distance * u
            there.stop_gradient = False
            moved[name] = there
        loss = self._moment.loss_again(moved, elsewhere=True)
        (weight,) = factors(weight, [loss])
        wrt = [*moved.values(), *self._task.meta_parameters]
        return batched_gradients(loss, wrt, grad_outputs=[weight * paddle.ones_like(loss)], allow_unused=True)
