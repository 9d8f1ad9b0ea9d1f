"""A meta-batch of tasks, and its one meta-gradient."""

from .one_by_one import solved_one_by_one

__all__ = ["solved_one_by_one"]
