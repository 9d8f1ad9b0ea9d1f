"""Each algorithm: a small class of choices."""

from .anil import ANIL, ANILOptimizer
from .maml import MAML, MAMLOptimizer

__all__ = ["ANIL", "ANILOptimizer", "MAML", "MAMLOptimizer"]
