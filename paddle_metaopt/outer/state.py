"""What ours adds to the state of an outer optimizer."""

from __future__ import annotations

from .. import paddle_optimizers

_KEY = "MetaOptimizer"


def with_ours(optimizer, outer: dict, learned: list, outer_steps: int, keeper) -> dict:
    """The state of the outer optimizer, with where each of its tensors belongs, what is learned besides, how many steps
    were taken, and the statistics that are kept."""
    outer[_KEY] = {
        **paddle_optimizers.places(optimizer),
        "learned": [[entry.kind, entry.value.detach().clone()] for entry in learned],
        "outer_steps": outer_steps,
        "buffers": keeper.state(),
    }
    return outer


def taken_apart(state: dict) -> tuple:
    """The outer optimizer's part, and ours, None if it is the state of a plain optimizer."""
    outer = dict(state)
    return outer, outer.pop(_KEY, None)


def restore_ours(optimizer, ours: dict, learned: list, keeper) -> int:
    """Restore our part, after the outer one; returns how many steps were taken."""
    paddle_optimizers.forget_what_was_loaded(optimizer)
    for (_, value), entry in zip(ours.get("learned", []), learned):
        entry.value.set_value(value)
    keeper.set_state(ours.get("buffers", []))
    return ours.get("outer_steps", 0)
