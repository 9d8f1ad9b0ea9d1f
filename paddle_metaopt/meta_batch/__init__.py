"""A meta-batch of tasks, and its one meta-gradient."""

from .episodes import each_of, episode_parts, form_of, loss_on, net_output, support_part
from .loaded import Loaded, LoadedBatches, episodes_of, inferred_inputs, without_targets
from .meta_batch import MetaBatches, checked_choices
from .processes import mean_over_processes
from .scores import Loss, Metric, arrays_of, as_list, computed, loss_of, score_function, scores_of, stacked
from .task_streams import TaskStreams
from .together import in_groups, most_at_once

__all__ = [
    "Loaded",
    "LoadedBatches",
    "Loss",
    "MetaBatches",
    "Metric",
    "TaskStreams",
    "arrays_of",
    "as_list",
    "checked_choices",
    "computed",
    "each_of",
    "episode_parts",
    "episodes_of",
    "form_of",
    "in_groups",
    "inferred_inputs",
    "loss_of",
    "loss_on",
    "mean_over_processes",
    "most_at_once",
    "net_output",
    "score_function",
    "scores_of",
    "stacked",
    "support_part",
    "without_targets",
]
