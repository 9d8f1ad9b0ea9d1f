"""Ops whose rule for second derivatives is put together from public ops: each of those finds its own batching rule."""

from __future__ import annotations

from ...double_grad import composition, kernels
from ..registry import batches

_COMPOSED = "nll_loss fused_softmax_mask fused_softmax_mask_upper_triangle"

for _name in _COMPOSED.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(composition(_name))
