"""Attention in one fused op, which only a GPU has: the same from products and a softmax.

On a CPU Paddle composes it so itself. The dropout inside is drawn as F.dropout draws it, not as the fused op does.
"""

from __future__ import annotations

import paddle
from paddle.nn import functional as F

from ...errors import NotTwiceDifferentiableError
from ..registry import rule
from .linear import matmul


@rule("flash_attn")
def flash_attn(query, key, value, fixed_seed_offset, mask, dropout, causal, return_softmax, is_test, rng_name=""):
    """`query`, `key` and `value` are [batch, length, heads, features]; returns the attended values first."""
    if fixed_seed_offset is not None or rng_name:
        raise NotTwiceDifferentiableError("flash attention with a generator or a seed of its own has no rule")
    out, weights = _attend(query, key, value, mask, causal, None, dropout, not is_test)
    return out, weights if return_softmax else None, None, None


@rule("memory_efficient_attention")
def memory_efficient_attention(
    query, key, value, bias, query_starts, key_starts, causal_diagonal, key_lengths, longest_query, longest_key,
    causal, dropout, scale, is_test,
):  # fmt: skip
    if any(packing is not None for packing in (query_starts, key_starts, causal_diagonal, key_lengths)):
        raise NotTwiceDifferentiableError("memory-efficient attention over packed sequences has no rule")
    out, _ = _attend(query, key, value, bias, causal, scale if scale > 0 else None, dropout, not is_test)
    return out, None, None


@rule("fused_softmax_mask")
def fused_softmax_mask(scores, mask):
    return F.softmax(scores + mask)


@rule("fused_softmax_mask_upper_triangle")
def fused_softmax_mask_upper_triangle(scores):
    """Each position sees itself and what comes before."""
    return F.softmax(scores + paddle.triu(paddle.full(scores.shape[-2:], float("-inf"), scores.dtype), 1))


def _attend(query, key, value, mask, causal, scale, dropout, training):
    """The attended values, and the weights."""
    repeats = query.shape[2] // key.shape[2]
    if repeats > 1:
        key, value = (paddle.repeat_interleave(t, repeats, 2) for t in (key, value))
    query, key, value = (paddle.transpose(t, [0, 2, 1, 3]) for t in (query, key, value))
    scores = matmul(query * (scale or query.shape[-1] ** -0.5), key, False, True)
    if mask is not None:
        scores = scores + mask
    if causal:
        length, other = scores.shape[-2:]
        if length != other:
            raise NotTwiceDifferentiableError("causal attention between sequences of different lengths has no rule")
    weights = fused_softmax_mask_upper_triangle(scores) if causal else F.softmax(scores)
    if dropout:
        weights = F.dropout(weights, dropout, training=training)
    return paddle.transpose(matmul(weights, value), [0, 2, 1, 3]), weights
