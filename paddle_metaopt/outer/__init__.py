"""A ``paddle.optimizer`` with an inner loop, and the base of the choices that an algorithm makes."""

from .adapter import InnerAdapter, require_meta_optimizer
from .algorithm import Algorithm
from .choices import Members, Which, adapts_only, all_but, itself, parameters_in, require_some_of, required
from .learned import Learned, PerParameter, Weight
from .optimizer import MetaOptimizer

__all__ = [
    "Algorithm",
    "InnerAdapter",
    "Learned",
    "Members",
    "MetaOptimizer",
    "PerParameter",
    "Weight",
    "Which",
    "adapts_only",
    "all_but",
    "itself",
    "parameters_in",
    "require_meta_optimizer",
    "require_some_of",
    "required",
]
