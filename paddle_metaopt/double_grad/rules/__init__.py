"""The rules, grouped by what their ops do; importing this package registers them all."""

from . import convolution, linear, loss, normalization, pooling, random, shape  # noqa: F401
