"""Each algorithm: a small class of choices."""

from .anil import ANILOptimizer
from .boil import BOILOptimizer
from .imaml import IMAMLOptimizer
from .maml import MAMLOptimizer
from .maml_plus_plus import MAMLPlusPlusOptimizer
from .meta_curvature import MetaCurvatureOptimizer
from .meta_sgd import MetaSGDOptimizer
from .reptile import ReptileOptimizer

__all__ = [
    "ANILOptimizer",
    "BOILOptimizer",
    "IMAMLOptimizer",
    "MAMLOptimizer",
    "MAMLPlusPlusOptimizer",
    "MetaCurvatureOptimizer",
    "MetaSGDOptimizer",
    "ReptileOptimizer",
]
