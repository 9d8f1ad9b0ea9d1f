"""A meta-batch of tasks, and its one meta-gradient."""

from .episodes import each_of, episode_parts, loss_on, net_output
from .one_by_one import solved_one_by_one

__all__ = ["each_of", "episode_parts", "loss_on", "net_output", "solved_one_by_one"]
