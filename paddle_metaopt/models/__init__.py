"""The backbones of the papers, and weights that were trained for them."""

from .backbones import MLP, Conv4, OmniglotMLP, OmniglotNet
from .trained import available, pretrained

__all__ = ["Conv4", "MLP", "OmniglotMLP", "OmniglotNet", "available", "pretrained"]
