"""A meta-batch of tasks, and its one meta-gradient."""

from .episodes import each_of, episode_parts, loss_on, net_output, support_part
from .meta_batch import MetaBatches
from .scores import as_list, computed, score_function, scores_of
from .together import in_groups, most_at_once

__all__ = [
    "MetaBatches",
    "as_list",
    "computed",
    "each_of",
    "episode_parts",
    "in_groups",
    "loss_on",
    "most_at_once",
    "net_output",
    "score_function",
    "scores_of",
    "support_part",
]
