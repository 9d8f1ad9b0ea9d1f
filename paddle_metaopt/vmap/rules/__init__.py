"""Batching rules by kind; importing registers them."""

from . import (  # noqa: F401
    arranging,
    composed,
    convolution,
    elementwise,
    folded,
    grouped,
    linear,
    lookup,
    loss,
    normalization,
    pooling,
    random,
    recurrent,
    reduction,
    shape,
)
