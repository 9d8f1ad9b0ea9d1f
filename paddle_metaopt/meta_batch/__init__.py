"""A meta-batch of tasks, and its one meta-gradient."""

from .episodes import each_of, episode_parts, loss_on, net_output
from .meta_batch import MetaBatches

__all__ = ["MetaBatches", "each_of", "episode_parts", "loss_on", "net_output"]
