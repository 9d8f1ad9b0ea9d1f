"""Gradient-based meta-learning for PaddlePaddle, as optimizers."""

from . import data, double_grad, errors, inner_rules, models
from .algorithms import ANILOptimizer, MAMLOptimizer
from .data import Episode
from .double_grad import twice_differentiable
from .errors import MetaOptError, NotTwiceDifferentiableError, StaleTaskError
from .evaluate import Evaluation, evaluate
from .learner import InnerAdapter, Learner
from .optimizer import MetaOptimizer

__version__ = "0.1.0"

__all__ = [
    "ANILOptimizer",
    "Episode",
    "Evaluation",
    "InnerAdapter",
    "Learner",
    "MAMLOptimizer",
    "MetaOptError",
    "MetaOptimizer",
    "NotTwiceDifferentiableError",
    "StaleTaskError",
    "data",
    "double_grad",
    "errors",
    "evaluate",
    "inner_rules",
    "models",
    "twice_differentiable",
]
