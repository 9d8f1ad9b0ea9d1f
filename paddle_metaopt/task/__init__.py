"""One task: from where it begins, through its inner steps, to the meta-gradient."""

from .buffers import BufferKeeper
from .diagnosis import checked_inputs
from .learner import Learner
from .plan import Plan
from .task import Task, asked_for

__all__ = ["BufferKeeper", "Learner", "Plan", "Task", "asked_for", "checked_inputs"]
