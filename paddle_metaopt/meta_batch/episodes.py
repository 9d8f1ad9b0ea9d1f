"""How an episode's parts are read, and a net is called on them."""

from __future__ import annotations

import numpy as np
import paddle

from ..data.episode import Episode


def each_of(episodes):
    """The episodes one by one.

    Raises
    ------
    TypeError
        If they can't be iterated over.
    ValueError
        If it is one episode.
    """
    if isinstance(episodes, Episode):
        raise ValueError("episodes: expected several, as a list or a loader gives them, got one Episode; use [episode]")
    try:
        return iter(episodes)
    except TypeError:
        raise TypeError(f"episodes: expected an iterable of episodes, got {episodes!r}") from None


def episode_parts(episode, net, adapts: bool = True):
    """((support x, support y), (query x, query y)), with Tensors in place of numpy arrays.

    Raises
    ------
    ValueError
        If it is not a pair of pairs; if there is nothing in the query set, or in the support set where the net adapts.
    """
    try:
        support, query = _pair(episode)
        (support_x, support_y), (query_x, query_y) = _pair(support), _pair(query)
        if isinstance(support, Episode):
            raise TypeError
    except (TypeError, ValueError):
        raise ValueError(
            "an episode is a pair of pairs, ((x, y), (x, y)) of support and query, such as "
            f"metaopt.data.Episode; got {form_of(episode)}. {_way_out(episode)}"
        ) from None
    parts = _with_tensors([support_x, support_y, query_x, query_y], net)
    for name, part in zip(("support", "support", "query", "query"), parts):
        if adapts or name == "query":
            _require_examples(name, part)
    return tuple(parts[:2]), tuple(parts[2:])


def _way_out(found) -> str:
    if isinstance(found, (list, tuple)) and found and isinstance(found[0], Episode):
        return (
            "That is what a loader with tasks_per_batch= gives: meta_loss takes one such list at a time, evaluate a "
            "loader without tasks_per_batch"
        )
    return (
        "One episode by itself is given as [episode]; metaopt.data.EpisodeLoader makes episodes out of a labelled "
        "dataset"
    )


def support_part(support, net):
    """(x, y) of a support set that a user gave by itself, with Tensors in place of numpy arrays.

    Raises
    ------
    ValueError
        If it is not a pair, or has no examples.
    """
    try:
        x, y = _pair(support)
    except (TypeError, ValueError):
        raise ValueError(f"support: expected a pair (x, y), got {form_of(support)}") from None
    part = _with_tensors([x, y], net)
    for leaves in part:
        _require_examples("support", leaves)
    return tuple(part)


def loss_on(net, part, loss_fn):
    """The loss of a net on an (x, y) pair."""
    x, y = part
    return loss_fn(net_output(net, x), y)


def net_output(net, x):
    """``net(x)``, or ``net(*x)`` for a tuple or list, or ``net(**x)`` for a dict."""
    if isinstance(x, dict):
        return net(**x)
    if isinstance(x, (tuple, list)):
        return net(*x)
    return net(x)


def _pair(value):
    if isinstance(value, (paddle.Tensor, np.ndarray, str, dict)):  # its rows, letters or keys are no parts
        raise TypeError
    first, second = value
    if isinstance(first, Episode):  # two of a loader's batch
        raise TypeError
    return first, second


def form_of(value) -> str:
    """What a value is made of, two levels deep, for an error."""
    if not isinstance(value, (list, tuple)):
        return type(value).__name__
    inner = ", ".join(type(part).__name__ for part in value[:3])
    return f"{type(value).__name__} of {inner}{', ...' * (len(value) > 3)}"


def _with_tensors(parts: list, net) -> list:
    """The parts with Tensors in place of numpy arrays, floating ones in the net's type."""
    if not any(isinstance(leaf, np.ndarray) for leaf in paddle.utils.flatten(parts)):
        return parts
    dtype = _floating_type(net)
    return paddle.utils.map_structure(lambda leaf: _as_tensor(leaf, dtype), parts)


def _floating_type(net):
    """The floating type of the net's parameters, if they have one in common."""
    types = {p.dtype for p in net.parameters() if p.is_floating_point()}
    return types.pop() if len(types) == 1 else None


def _as_tensor(leaf, dtype):
    """A Tensor for an array of numbers, in the net's type if both are floating; anything else as it is."""
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "biufc":
        return leaf
    tensor = paddle.to_tensor(leaf)
    return tensor.astype(dtype) if dtype is not None and tensor.is_floating_point() else tensor


def _require_examples(name: str, part):
    sizes = [t.shape[0] for t in paddle.utils.flatten(part) if isinstance(t, paddle.Tensor) and t.ndim]
    if sizes and not any(sizes):
        raise ValueError(f"an episode's {name} set has no examples: the first axis of its tensors has length 0")
