"""Episodes, the sampler that makes them from any labelled dataset, and the papers' datasets."""

from paddle_metaopt.data.episode import Episode
from paddle_metaopt.data.loader import EpisodeLoader
from paddle_metaopt.data.mini_imagenet import MiniImageNet
from paddle_metaopt.data.omniglot import Omniglot
from paddle_metaopt.data.sampler import EpisodeSampler
from paddle_metaopt.data.sinusoid import Sinusoid

__all__ = ["Episode", "EpisodeLoader", "EpisodeSampler", "MiniImageNet", "Omniglot", "Sinusoid"]
