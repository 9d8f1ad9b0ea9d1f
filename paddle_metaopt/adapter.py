"""`InnerAdapter`: a net and the optimizer whose choices it adapts by."""

from __future__ import annotations

import paddle

from .learner import Learner


class InnerAdapter:
    """Adapts a net to tasks by the choices of its optimizer.

    Parameters
    ----------
    net : Layer
    optimizer : MetaOptimizer

    Attributes
    ----------
    model : Learner
        The present learner of `adapt` and `step`, made on first access.
    """

    def __init__(self, net, optimizer):
        if not isinstance(net, paddle.nn.Layer):
            raise TypeError(f"net: expected a paddle.nn.Layer, got {net!r}")
        if not callable(getattr(optimizer, "_begin_task", None)):
            raise TypeError(f"optimizer: expected a MetaOptimizer, such as MAMLOptimizer(...), got {optimizer!r}")
        self.net = net
        self.optimizer = optimizer
        self._model = None

    def clone(self) -> Learner:
        """A new learner that starts from the net's weights, its graph kept to them."""
        return self.optimizer._begin_task(self.net)

    def task(self) -> Learner:
        """A new learner to be used in a ``with`` block, inside which the net itself runs on the fast weights."""
        return self.clone()

    @property
    def model(self) -> Learner:
        if self._model is None or not self._model.is_running:
            self._model = self.clone()
        return self._model

    def adapt(self, train_loss):
        """One inner step of the present learner from a loss, or ``adapt_steps`` from a function."""
        self.model.adapt(train_loss)

    def step(self, validation_loss):
        """One outer step: backward, ``step`` and ``clear_grad`` of the optimizer; ends the present learner."""
        validation_loss.backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self._model = None
