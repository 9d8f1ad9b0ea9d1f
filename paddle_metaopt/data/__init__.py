"""Episodes, the sampler that makes them from any labelled dataset, and the papers' datasets."""

from paddle_metaopt.data.cifar_few_shot import CIFARFS, FC100
from paddle_metaopt.data.cub import CUB
from paddle_metaopt.data.episode import Episode
from paddle_metaopt.data.few_rel import FewRel
from paddle_metaopt.data.few_shot_pictures import FewShotPictures
from paddle_metaopt.data.loader import EpisodeLoader
from paddle_metaopt.data.mini_imagenet import MiniImageNet
from paddle_metaopt.data.omniglot import Omniglot
from paddle_metaopt.data.ready_loaders import episodes
from paddle_metaopt.data.sampler import EpisodeSampler
from paddle_metaopt.data.sinusoid import Sinusoid
from paddle_metaopt.data.tiered_imagenet import TieredImageNet

__all__ = [
    "CIFARFS",
    "CUB",
    "Episode",
    "EpisodeLoader",
    "EpisodeSampler",
    "FC100",
    "FewRel",
    "FewShotPictures",
    "MiniImageNet",
    "Omniglot",
    "Sinusoid",
    "TieredImageNet",
    "episodes",
]
