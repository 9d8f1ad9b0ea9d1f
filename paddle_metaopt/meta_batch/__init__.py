"""A meta-batch of tasks, and its one meta-gradient."""

from .episodes import each_of, episode_parts, loss_on, net_output
from .meta_batch import MetaBatches
from .task_streams import TaskStreams
from .together import in_groups, most_at_once

__all__ = [
    "MetaBatches",
    "TaskStreams",
    "each_of",
    "episode_parts",
    "in_groups",
    "loss_on",
    "most_at_once",
    "net_output",
]
