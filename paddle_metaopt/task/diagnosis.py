"""What is wrong with a user's losses, inputs or nets: found before it becomes a wrong number, and said."""

from __future__ import annotations

from typing import Callable

import paddle

from ..double_grad.audit import explain, layer_of, unverified_nodes
from ..errors import NotTwiceDifferentiableError


def refuse_unverified(loss, weights: list, net, run_again: Callable) -> None:
    """Raise unless every op from the weights to the loss has an exact second derivative.

    Parameters
    ----------
    loss : Tensor
    weights : list of Tensor
    net : Layer
    run_again : callable
        Calls the net as it was called last, to find the layer that the error speaks of.

    Raises
    ------
    NotTwiceDifferentiableError
    """
    culprits = unverified_nodes(loss, weights)
    if culprits:
        raise NotTwiceDifferentiableError(explain(culprits, layer_of(culprits, weights, net, run_again)))


def require_adapted(names: list) -> list:
    """The names of the weights that adapt; none raises a ValueError."""
    if not names:
        raise ValueError(
            "nothing adapts: no parameter of the net is trainable, in the optimizer, and chosen by adapt= or head=; "
            "is it another net than the optimizer's, or is one of the two a copy? Copy them together, "
            "copy.deepcopy((net, opt))"
        )
    return names


def require_slopes(gradients: dict) -> None:
    """Raise a ValueError if an inner loss has no gradient at all."""
    if not gradients:
        raise ValueError(
            "the inner loss does not depend on the weights that adapt; was it computed with the net instead of the "
            "learner, or outside of the task's with block, before the last inner step, or under paddle.no_grad()?"
        )


def refuse_attribute_of(net, name: str) -> None:
    """Raise an AttributeError that says where an attribute of the net can be used, if a learner is asked for one."""
    if not name.startswith("_") and hasattr(net, name):
        raise AttributeError(
            f"a Learner calls its net as a whole, and has no {name!r}; inside of `with adapter.task() as task:` the "
            f"net itself runs on the fast weights, net.{name} too"
        )


def refuse_to_load(learner, *args, **kwargs):
    """Raise a TypeError, where a Layer has a method that loads weights: Paddle's own would find nothing in a learner to
    load them into, and say so only in what it returns."""
    raise TypeError(
        "a Learner's weights follow from its task, so none can be loaded into it; load them into the net, by "
        "net.set_state_dict(...), and begin a task by adapter.clone()"
    )


def checked_inputs(owner: str, inputs) -> list:
    """What a user names as ``inputs=``; anything but leaf tensors that want a gradient raises."""
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(f"{owner}: inputs: expected a list of leaf tensors, got {inputs!r}")
    for tensor in inputs:
        if not isinstance(tensor, paddle.Tensor) or tensor.stop_gradient or not tensor.is_leaf:
            raise ValueError(
                f"{owner}: inputs: expected leaf tensors with stop_gradient=False; compute what follows from them "
                f"inside the loss function. Got {tensor!r}"
            )
    return list(inputs)


def require_dependence(depends: bool) -> None:
    """Raise a ValueError if the query loss does not depend on the task."""
    if not depends:
        raise ValueError(
            "the query loss does not depend on the weights of the task; compute it inside the function, with the "
            "learner, or with the net in a task() block"
        )


def checked_solution(solved, task) -> tuple:
    """What a way back answered, if it is a loss and a gradient, or None, for each tensor that is asked for."""
    wanted = len(task.meta_parameters)
    if not (isinstance(solved, (tuple, list)) and len(solved) == 2 and len(solved[1]) == wanted):
        raise TypeError(
            f"{type(task.plan.way).__name__}.solve: expected the query loss and a list of {wanted} gradients, one or "
            "None for each of task.meta_parameters"
        )
    return tuple(solved)


def one_loss(loss) -> Callable:
    """A function that gives a loss which was computed already.

    Raises
    ------
    ValueError
        If no graph of it was recorded.
    """
    if loss.stop_gradient and not paddle.is_grad_enabled():
        raise ValueError(
            "adapt(loss) under paddle.no_grad(): no graph of the loss was recorded; pass a function, which is "
            "computed with gradients on there too: adapt(lambda: loss_fn(learner(x), y), steps=1)"
        )
    return lambda: loss
