"""Gradient-based meta-learning for PaddlePaddle, as optimizers."""

from .paddle_build import require_paddle

require_paddle()  # before what imports it

from . import data, double_grad, errors, inner_rules, meta_gradients, models
from .algorithms import (
    ALFAOptimizer,
    ANILOptimizer,
    BOILOptimizer,
    CAVIAOptimizer,
    IMAMLOptimizer,
    MAMLOptimizer,
    MAMLPlusPlusOptimizer,
    MetaCurvatureOptimizer,
    MetaSGDOptimizer,
    ProtoMAMLOptimizer,
    ReptileOptimizer,
    TNetOptimizer,
)
from .checkpoint import load_checkpoint, save_checkpoint
from .data import Episode
from .double_grad import twice_differentiable
from .errors import (
    DivergedError,
    MetaOptError,
    NeedsMetaLossError,
    NotTwiceDifferentiableError,
    ReplayError,
    StaleTaskError,
    VectorizeError,
)
from .evaluate import Evaluation, evaluate
from .model import Model
from .outer import InnerAdapter, MetaOptimizer
from .task import Learner
from .tune_cpu import tune_cpu
from .vmap import vmap

__version__ = "0.2.0"

__all__ = [
    "ALFAOptimizer",
    "ANILOptimizer",
    "BOILOptimizer",
    "CAVIAOptimizer",
    "DivergedError",
    "Episode",
    "Evaluation",
    "IMAMLOptimizer",
    "InnerAdapter",
    "Learner",
    "MAMLOptimizer",
    "MAMLPlusPlusOptimizer",
    "MetaCurvatureOptimizer",
    "MetaOptError",
    "MetaOptimizer",
    "MetaSGDOptimizer",
    "Model",
    "NeedsMetaLossError",
    "NotTwiceDifferentiableError",
    "ProtoMAMLOptimizer",
    "ReplayError",
    "ReptileOptimizer",
    "StaleTaskError",
    "TNetOptimizer",
    "VectorizeError",
    "data",
    "double_grad",
    "errors",
    "evaluate",
    "inner_rules",
    "load_checkpoint",
    "meta_gradients",
    "models",
    "save_checkpoint",
    "tune_cpu",
    "twice_differentiable",
    "vmap",
]
