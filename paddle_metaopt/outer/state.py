"""What ours adds to the state of an outer optimizer."""

from __future__ import annotations

from .. import paddle_optimizers
from .learned import require_same

_KEY = "MetaOptimizer"


def with_ours(optimizer, outer: dict, learned: list, outer_steps: int, keeper) -> dict:
    """The state of the outer optimizer, with where each of its tensors belongs, what is learned besides, how many steps
    were taken, and the statistics that are kept."""
    outer[_KEY] = {
        **paddle_optimizers.places(optimizer),
        "parameters": [p.name for p in paddle_optimizers.parameters_of(optimizer)],
        "learned": [[entry.kind, entry.value.detach().clone()] for entry in learned],
        "outer_steps": outer_steps,
        "buffers": keeper.state(),
    }
    return outer


def taken_apart(state: dict) -> tuple:
    """The outer optimizer's part, and ours, None if it is the state of a plain optimizer."""
    outer = dict(state)
    return outer, outer.pop(_KEY, None)


def require_fit(optimizer, ours: dict, learned: list) -> None:
    """Raise a ValueError if a state is of other things learned, of more or fewer parameters, or of these in another
    order: what it has of them goes by position, for the names differ in a second copy of the model."""
    require_same(ours.get("learned", []), learned)
    own = [p.name for p in paddle_optimizers.parameters_of(optimizer)]
    saved = ours.get("parameters", own)
    if len(saved) != len(own):
        raise ValueError(f"the state is of a model with {len(saved)} parameters, this optimizer has {len(own)}")
    if saved != own and sorted(saved) == sorted(own):
        first, here = next(pair for pair in zip(saved, own) if len(set(pair)) > 1)
        raise ValueError(
            f"the state has the same parameters in another order, {first} where this optimizer has {here}: give "
            "parameters= in the order that the saved optimizer had"
        )


def without_buffers(state: dict) -> dict:
    """A state for a copy that has the statistics that are kept already, with those of tasks since the last step."""
    return {**state, _KEY: {name: value for name, value in state[_KEY].items() if name != "buffers"}}


def restore_ours(optimizer, ours: dict, learned: list, keeper) -> int:
    """Restore our part, after the outer one; returns how many steps were taken."""
    paddle_optimizers.forget_what_was_loaded(optimizer)
    for (_, value), entry in zip(ours.get("learned", []), learned):
        entry.value.set_value(value)
    if "buffers" in ours:
        keeper.set_state(ours["buffers"])
    return ours.get("outer_steps", 0)
