"""Ops whose rule for second derivatives is put together from public ops: each of those finds its own batching rule."""

from __future__ import annotations

from ...double_grad import composition, kernels
from ..registry import batches

_COMPOSED = "nll_loss fused_softmax_mask fused_softmax_mask_upper_triangle"

for _name in _COMPOSED.split():
    if hasattr(kernels.TABLE, _name):
        batches(_name)(composition(_name))


@batches("rnn")
def rnn(x, states, weights, lengths, dropout_state, dropout, *options):
    is_test = options[-1]
    if dropout and not is_test:  # its masks are drawn by the kernel
        return NotImplemented
    return composition("rnn")(x, states, weights, lengths, dropout_state, dropout, *options)
