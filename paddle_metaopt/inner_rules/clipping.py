"""Gradient clipping in the inner loop, with its derivative: the clipping coefficient depends on the gradients."""

from __future__ import annotations

import paddle

from ..tensors import real_parts


def clip_gradients(clip, grads: dict, exempt=()) -> dict:
    """Clip as a ``paddle.nn.ClipGradBy...`` object says, differentiably.

    Parameters
    ----------
    clip : ClipGradByValue, ClipGradByNorm, ClipGradByGlobalNorm or None
    grads : dict of str to Tensor
    exempt : collection of str
        Those that are neither clipped nor counted in a norm: ``need_clip=False``.

    Raises
    ------
    TypeError
        If `clip` is by value and there is a complex gradient.
    """
    clipped = {name: g for name, g in grads.items() if name not in exempt}
    if clip is None or not clipped:
        return grads
    if isinstance(clip, paddle.nn.ClipGradByValue):
        if any(g.is_complex() for g in clipped.values()):
            raise TypeError(
                "inner_grad_clip: ClipGradByValue bounds real numbers, and some parameters that adapt are complex; use "
                "ClipGradByNorm or ClipGradByGlobalNorm"
            )
        return {**grads, **{name: paddle.clip(g, clip.min, clip.max) for name, g in clipped.items()}}
    if isinstance(clip, paddle.nn.ClipGradByNorm):
        return {**grads, **{name: g * _shrinkage([g], clip.clip_norm) for name, g in clipped.items()}}
    factor = _shrinkage(clipped.values(), clip.clip_norm)
    return {**grads, **{name: g * factor for name, g in clipped.items()}}


def _shrinkage(grads, limit):
    """min(1, limit / norm), without the square root's infinite slope at zero."""
    squared = sum(paddle.sum(paddle.square(part)) for g in grads for part in real_parts(g))
    return limit / paddle.sqrt(paddle.clip(squared, min=limit**2))
