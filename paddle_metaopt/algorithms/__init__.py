"""Each algorithm: a small class of choices, and the optimizer named after it."""

from .alfa import ALFAOptimizer
from .anil import ANILOptimizer
from .boil import BOILOptimizer
from .cavia import CAVIAOptimizer
from .imaml import IMAMLOptimizer
from .maml import MAMLOptimizer
from .maml_plus_plus import MAMLPlusPlusOptimizer
from .meta_curvature import MetaCurvatureOptimizer
from .meta_sgd import MetaSGDOptimizer
from .proto_maml import ProtoMAMLOptimizer
from .reptile import ReptileOptimizer
from .t_net import TNetOptimizer

__all__ = [
    "ALFAOptimizer",
    "ANILOptimizer",
    "BOILOptimizer",
    "CAVIAOptimizer",
    "IMAMLOptimizer",
    "MAMLOptimizer",
    "MAMLPlusPlusOptimizer",
    "MetaCurvatureOptimizer",
    "MetaSGDOptimizer",
    "ProtoMAMLOptimizer",
    "ReptileOptimizer",
    "TNetOptimizer",
]
