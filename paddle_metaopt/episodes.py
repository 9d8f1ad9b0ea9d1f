"""How an episode's parts are read, and a net is called on them."""

from __future__ import annotations


def episode_parts(episode):
    """((support x, support y), (query x, query y))

    Raises
    ------
    ValueError
        If it is not a pair of pairs.
    """
    try:
        (support_x, support_y), (query_x, query_y) = episode
    except (TypeError, ValueError):
        raise ValueError(
            "an episode is a pair of pairs, ((x, y), (x, y)) of support and query, such as "
            f"metaopt.data.Episode; got {type(episode).__name__}"
        ) from None
    return (support_x, support_y), (query_x, query_y)


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
