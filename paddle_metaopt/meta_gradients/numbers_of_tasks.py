"""Numbers that decide how a way back goes on: one for a task by itself, one for each of several at once."""

from __future__ import annotations

import numpy as np

from ..tensors import real_parts
from ..vmap import factor_for_each, numbers_in


def dot(first, second) -> np.ndarray:
    """The inner product of lists of tensors, of each task; of complex ones, that of their parts."""
    pairs = [pair for a, b in zip(first, second) for pair in zip(real_parts(a), real_parts(b))]
    return sum((np.array(numbers_in((a * b).sum())) for a, b in pairs), np.zeros(1))


def norm(tensors) -> np.ndarray:
    """The Euclidean norm of a list of tensors, of each task."""
    tensors = [t.detach() for t in tensors]
    return dot(tensors, tensors) ** 0.5


def factors(numbers, tensors) -> list:
    """What multiplies each of the tensors by its task's number."""
    return [factor_for_each(numbers, tensor) for tensor in tensors]
