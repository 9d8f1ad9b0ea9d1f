"""Exact second derivatives for ordinary Paddle code; knows nothing of meta-learning."""

from . import rules as _rules  # noqa: F401  registers them
from .audit import audit, trust
from .interception import (
    activate,
    audited_already,
    guard_engine,
    in_backward,
    is_active,
    noting_engine_leaves,
    twice_differentiable,
)
from .kinds import BilinearMap, elementwise, linear_map
from .primitive import requires_grad, with_pullback
from .registry import natively_exact, replaces, rule, supported

__all__ = [
    "BilinearMap",
    "activate",
    "audit",
    "audited_already",
    "elementwise",
    "guard_engine",
    "in_backward",
    "is_active",
    "linear_map",
    "natively_exact",
    "noting_engine_leaves",
    "replaces",
    "requires_grad",
    "rule",
    "supported",
    "trust",
    "twice_differentiable",
    "with_pullback",
]
