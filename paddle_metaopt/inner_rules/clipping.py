"""Gradient clipping in the inner loop, with its derivative: the clipping coefficient depends on the gradients."""

from __future__ import annotations

import paddle


def clip_gradients(clip, grads: dict) -> dict:
    """Clip as a ``paddle.nn.ClipGradBy...`` object says, differentiably.

    Parameters
    ----------
    clip : ClipGradByValue, ClipGradByNorm, ClipGradByGlobalNorm or None
    grads : dict of str to Tensor

    Raises
    ------
    TypeError
        If `clip` is something else.
    """
    if clip is None or not grads:
        return grads
    if isinstance(clip, paddle.nn.ClipGradByValue):
        return {name: paddle.clip(g, clip.min, clip.max) for name, g in grads.items()}
    if isinstance(clip, paddle.nn.ClipGradByNorm):
        return {name: g * _shrinkage([g], clip.clip_norm) for name, g in grads.items()}
    if isinstance(clip, paddle.nn.ClipGradByGlobalNorm):
        factor = _shrinkage(grads.values(), clip.clip_norm)
        return {name: g * factor for name, g in grads.items()}
    raise TypeError(f"inner_grad_clip: expected a paddle.nn.ClipGradBy... object, got {clip!r}")


def _shrinkage(grads, limit):
    """min(1, limit / norm), without the square root's infinite slope at zero."""
    squared = sum(paddle.sum(paddle.square(g)) for g in grads)
    return limit / paddle.sqrt(paddle.clip(squared, min=limit**2))
