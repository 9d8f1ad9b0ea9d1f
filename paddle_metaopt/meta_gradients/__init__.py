"""Ways back from the query loss to what is meta-learned."""

from .checkpointed import Checkpointed
from .displacement import Displacement
from .evolution import Evolution
from .hessian_free import HessianFree
from .implicit import Implicit
from .meta_gradient import MetaGradient
from .solvers import SolverReport
from .step_by_step import StepByStep
from .step_graphs import StepGraphs
from .unrolled import FirstOrder, Unrolled
from .way_back import AsksWhereItEnds, ForwardOnly, Replaying, WayBack

_BY_NAME = {
    "unrolled": Unrolled,
    "first_order": FirstOrder,
    "checkpointed": Checkpointed,
    "hessian_free": HessianFree,
    "implicit": Implicit,
}


def meta_gradient(choice, first_order: bool):
    """The way back of that name, or `choice` itself if it is one; ``first_order=True`` means ``"first_order"``.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is neither a name nor a way back.
    """
    if first_order:
        return FirstOrder()
    if isinstance(choice, WayBack):
        return choice
    if not isinstance(choice, str):
        raise TypeError(
            f"meta_gradient: expected one of {', '.join(map(repr, _BY_NAME))}, or an object such as "
            f"metaopt.meta_gradients.Implicit(proximal=1.0), got {choice!r}"
        )
    if choice not in _BY_NAME:
        raise ValueError(f"meta_gradient: no way named {choice!r}; there are {', '.join(map(repr, _BY_NAME))}")
    return _BY_NAME[choice]()


__all__ = [
    "AsksWhereItEnds",
    "Checkpointed",
    "Displacement",
    "Evolution",
    "FirstOrder",
    "ForwardOnly",
    "HessianFree",
    "Implicit",
    "MetaGradient",
    "Replaying",
    "SolverReport",
    "StepByStep",
    "StepGraphs",
    "Unrolled",
    "WayBack",
    "meta_gradient",
]
