"""A ``paddle.optimizer`` with an inner loop, and the base of the choices that an algorithm makes."""

from .adapter import InnerAdapter, require_meta_optimizer
from .algorithm import Algorithm
from .choices import adapts_only, all_but, itself, parameters_in, require_some_of
from .learned import Learned, PerParameter, Weight
from .optimizer import MetaOptimizer

__all__ = [
    "Algorithm",
    "InnerAdapter",
    "Learned",
    "MetaOptimizer",
    "PerParameter",
    "Weight",
    "adapts_only",
    "all_but",
    "itself",
    "parameters_in",
    "require_meta_optimizer",
    "require_some_of",
]
