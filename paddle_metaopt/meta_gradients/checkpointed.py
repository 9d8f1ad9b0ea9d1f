"""The exact meta-gradient in the memory of one inner step."""

from __future__ import annotations

from ..vmap import batched_gradients
from .step_by_step import StepByStep


class Checkpointed(StepByStep):
    """The exact meta-gradient in the memory of one inner step, for the price of taking each step twice.

    The idea is gradient checkpointing (Chen et al. 2016, https://arxiv.org/abs/1604.06174), with a checkpoint before
    every step.
    """

    name = "meta_gradient='checkpointed'"
    serves_together = True

    def inner_gradient(self, task, moment, fast):
        return ExactGradient(task, moment, fast)


class ExactGradient:
    """The gradient of a step's loss at `fast`, with its derivative by Paddle's engine.

    Attributes
    ----------
    values : dict of str to Tensor
        By the names of the weights that adapt.
    """

    def __init__(self, task, moment, fast, elsewhere=False):
        loss = moment.loss_again(fast, elsewhere)
        self._task, self._fast = task, fast
        self._live = task.gradients(loss, fast, differentiable=True)
        self.values = {name: g.detach() for name, g in self._live.items()}

    def pulled(self, towards: dict, again: bool = False) -> tuple:
        """The gradients of <values, towards> for the fast weights, by name, and for ``task.meta_parameters``; `again`
        leaves the graph for another call."""
        live = [(self._live[name], u) for name, u in towards.items() if not self._live[name].stop_gradient]
        wrt = [*self._fast.values(), *self._task.meta_parameters]
        if not live:
            return {}, []
        gradients, cotangents = zip(*live)
        found = batched_gradients(
            gradients, wrt, grad_outputs=cotangents, retain_graph=again, allow_unused=True
        )
        return dict(zip(self._fast, found)), found[len(self._fast) :]
