"""Every error type of the library.

Bad arguments are plain ``ValueError`` and ``TypeError``; the types here are for what Python has no name for.
"""


class MetaOptError(RuntimeError):
    """Base of the errors below, to catch them all."""


class NotTwiceDifferentiableError(MetaOptError):
    """A second derivative was asked for through an op that has none, or a wrong one, in Paddle."""


class StaleTaskError(MetaOptError):
    """A learner, or one of its losses, was used after the task ended: the numbers would be wrong."""


class NeedsMetaLossError(MetaOptError):
    """A plain ``backward()`` was taken where only ``meta_loss`` gives the meta-gradient."""


class VectorizeError(MetaOptError):
    """What was to run for many at once can't: the tasks of a meta-batch with ``vectorize=True``, or the function of
    `vmap`. The message names the op, the layer and the line."""


class DivergedError(MetaOptError):
    """A task's query loss or meta-gradient is not finite, and ``meta_loss(..., diverged="raise")`` was asked for."""


class ReplayError(MetaOptError):
    """An inner step that was taken again gave another loss than the first time."""
