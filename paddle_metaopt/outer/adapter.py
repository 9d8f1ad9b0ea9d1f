"""`InnerAdapter`: a net and the optimizer whose choices it adapts by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import paddle

from ..arguments import checked_layer, require_dynamic_mode
from ..meta_batch import support_part
from ..task import Learner


def require_meta_optimizer(owner, name: str, optimizer):
    """Raise a TypeError for anything that can't begin a task."""
    if not callable(getattr(optimizer, "begin", None)) or isinstance(optimizer, type):
        raise TypeError(
            f"{owner if isinstance(owner, str) else type(owner).__name__}: {name}: expected a MetaOptimizer, such as "
            f"MAMLOptimizer(...), got {optimizer!r}"
        )


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

    def __init__(self, net: paddle.nn.Layer, optimizer):
        require_dynamic_mode()
        self.net = checked_layer(self, "net", net)
        require_meta_optimizer(self, "optimizer", optimizer)
        self.optimizer = optimizer
        self._model = None

    def __getstate__(self):
        return {**vars(self), "_model": None}  # a task is not copied

    if not TYPE_CHECKING:  # it would have every name to them

        def __getattr__(self, name):
            of_the_net = not name.startswith("_") and hasattr(vars(self).get("net"), name)
            hint = f"; the net keeps its weights and parts, so use net.{name}" if of_the_net else ""
            raise AttributeError(f"an InnerAdapter has no {name!r}{hint}")

    def clone(self, support: tuple[Any, Any] | list[Any] | None = None) -> Learner:
        """A new learner that starts from the net's weights, its graph kept to them.

        Parameters
        ----------
        support : pair of x and y, optional
            The support set, for algorithms whose tasks begin at weights that depend on it, as ProtoMAML's do; Tensors
            or numpy arrays.
        """
        return self.optimizer.begin(self.net, support if support is None else support_part(support, self.net))

    def task(self, support: tuple[Any, Any] | list[Any] | None = None) -> Learner:
        """A new learner to be used in a ``with`` block, inside which the net itself runs on the fast weights."""
        return self.clone(support)

    @property
    def model(self) -> Learner:
        if self._model is None or not self._model.is_running:
            self._model = self.clone()
        return self._model

    def adapt(self, train_loss: paddle.Tensor | Callable[[], paddle.Tensor]) -> None:
        """One inner step of the present learner from a loss, or ``adapt_steps`` from a function."""
        self.model.adapt(train_loss)

    def step(self, validation_loss: paddle.Tensor) -> None:
        """One outer step: backward, ``step`` and ``clear_grad`` of the optimizer; ends the present learner.

        Raises
        ------
        TypeError, ValueError
            If `validation_loss` is no Tensor, or no real scalar, or a constant.
        """
        if not isinstance(validation_loss, paddle.Tensor):
            raise TypeError(f"InnerAdapter.step: validation_loss: expected a Tensor, got {validation_loss!r}")
        if validation_loss.size != 1 or validation_loss.is_complex():
            raise ValueError(
                "InnerAdapter.step: validation_loss: expected a real scalar, got "
                f"shape {list(validation_loss.shape)} of {validation_loss.dtype}; reduce it, e.g. by mean()"
            )
        if validation_loss.stop_gradient:
            raise ValueError(
                "InnerAdapter.step: validation_loss: it is a constant, so no step follows from it; compute it with the "
                "learner, adapter.model(x), and not under paddle.no_grad()"
            )
        validation_loss.backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self._model = None
