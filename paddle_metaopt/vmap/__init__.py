"""Tensors with a hidden task axis: what is written for one task runs for all of them at once. Useful by itself."""

from . import operators as _operators  # noqa: F401  completes Batched
from . import rules as _rules  # noqa: F401  registers them
from .batched import Batched, CannotBatch, close_the_rest, tasks_of
from .dispatch import batching, is_unmoved
from .gradients import batched_gradients
from .origin import origin_of
from .registry import batches
from .spread import (
    each_apart,
    factor_for_each,
    for_all_tasks,
    inside,
    numbers_in,
    of_each,
    one_after_the_other,
    put_into,
    repeated,
    spread,
    spread_all,
    summed,
)
from .streams import Streams, for_each
from .task_by_task import task_by_task
from .transform import vmap

close_the_rest()

__all__ = [
    "Batched",
    "CannotBatch",
    "Streams",
    "batched_gradients",
    "batches",
    "batching",
    "each_apart",
    "factor_for_each",
    "for_all_tasks",
    "for_each",
    "inside",
    "is_unmoved",
    "numbers_in",
    "of_each",
    "one_after_the_other",
    "origin_of",
    "put_into",
    "repeated",
    "spread",
    "spread_all",
    "summed",
    "task_by_task",
    "tasks_of",
    "vmap",
]
