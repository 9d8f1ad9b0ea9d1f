"""Batching rules by kind; importing registers them."""

from . import convolution, elementwise, linear, loss, normalization, pooling, reduction, shape  # noqa: F401
