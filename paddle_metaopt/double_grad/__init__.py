"""Exact second derivatives for ordinary Paddle code; knows nothing of meta-learning."""

from . import rules as _rules  # noqa: F401  registers them
from . import testing
from .activity import ANY_ORDER, is_active
from .audit import audit, trust
from .guards import guard_engine
from .kinds import BilinearMap, elementwise, linear_map
from .primitive import requires_grad, with_pullback
from .registry import composition, natively_exact, replaces, rule, supported
from .scope import activate, twice_differentiable

__all__ = [
    "ANY_ORDER",
    "BilinearMap",
    "activate",
    "audit",
    "composition",
    "elementwise",
    "guard_engine",
    "is_active",
    "linear_map",
    "natively_exact",
    "replaces",
    "requires_grad",
    "rule",
    "supported",
    "testing",
    "trust",
    "twice_differentiable",
    "with_pullback",
]
