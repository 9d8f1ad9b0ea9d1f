"""What a loader gives, as lists of episodes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import paddle
from paddle.io import DataLoader
from paddle.static import InputSpec

from ..data.episode import Episode
from ..data.reader_errors import carrying_errors, delivered
from .episodes import episode_parts, form_of


class Loaded:
    """The episodes of one batch of a loader, as one object: what nests of lists would be taken apart.

    Attributes
    ----------
    episodes : list
    shape : list of int
        How many, for who asks a tensor for the size of its batch.
    """

    def __init__(self, episodes: list):
        self.episodes = episodes
        self.shape = [len(episodes)]


class LoadedBatches:
    """A loader whose batches are read as episodes: ``[Loaded]`` each.

    A DataLoader that would stack the arrays of a batch of episodes gives them as they are instead.

    Raises
    ------
    ValueError
        In iterating, if a batch is no episodes, or there is none.
    """

    def __init__(self, loader: Any):
        stacks = isinstance(loader, DataLoader) and loader.auto_collate_batch and loader.collate_fn is None
        self._loader, self._gives_lists = carrying_errors(loader, list) if stacks else loader, stacks
        self._length = None

    def __len__(self) -> int:
        return len(self._loader) if self._length is None else self._length

    def __iter__(self) -> Iterator[list]:
        is_empty = True
        with suppress(TypeError, ValueError):  # a stream has none
            self._length = len(self._loader)  # a sampler that is resumed has all of them again once it has begun
        for batch in map(delivered, self._loader):
            is_empty = False
            yield [Loaded(episodes_in(batch, _is_pair_of_pairs) if self._gives_lists else episodes_of(batch))]
        if is_empty:
            raise ValueError(
                "the loader gave no episodes: is it empty, are they fewer than a batch and drop_last=True, or is it a "
                "generator, which gives them once, that was used before? Give a list or a DataLoader for several epochs"
            )


def episodes_of(batch: Any) -> list:
    """A list of one episode, or of those in a list of episodes.

    Raises
    ------
    ValueError
        If it is neither.
    """
    return [batch] if _is_episode(batch) else episodes_in(batch)


def episodes_in(batch: Any, is_episode: Callable[[Any], bool] | None = None) -> list:
    """Those in a list of episodes.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(batch, (list, tuple)) and batch and all(map(is_episode or _is_episode, batch)):
        return list(batch)
    raise ValueError(
        "expected the loader to give an episode, ((x, y), (x, y)) of support and query, or a list of episodes, got "
        f"{form_of(batch)}; metaopt.data.EpisodeLoader makes episodes out of a labelled dataset"
    )


def inferred_inputs(net, episode: Any) -> dict:
    """What ``paddle.Model`` keeps of the inputs that it has seen, by its names for them: an InputSpec for each input of
    a net, as it gets them in the query set of an episode."""
    x = episode_parts(without_targets(episode), net, adapts=False)[1][0]
    names = inspect.signature(net.forward).parameters
    given = x if isinstance(x, dict) else dict(zip(names, x if isinstance(x, (tuple, list)) else [x]))
    specs = [InputSpec.from_tensor(t, name) for name, t in given.items() if isinstance(t, paddle.Tensor)]
    if not specs:
        return {}
    info = [s.shape for s in specs], [s.dtype for s in specs]
    return {"_inputs": specs, "_input_info": info, "_is_shape_inferred": True}


def without_targets(episode: Any) -> Episode:
    """The episode with None for the targets of its query set, which may have none: ``(x,)``.

    Raises
    ------
    ValueError
        If it is no pair with such a query set.
    """
    support, query = episode
    if not _is_list(query, 1, 2):
        raise ValueError(f"an episode's query set is a pair (x, y), or (x,) to predict, got {form_of(query)}")
    return Episode(tuple(support), (query[0], None))


def _is_episode(value: Any) -> bool:
    """Whether it is one, and not two: an x, unlike a y, may be a list too."""
    return isinstance(value, Episode) or (_is_pair_of_pairs(value) and not isinstance(value[0][1], (list, tuple)))


def _is_pair_of_pairs(value: Any) -> bool:
    return _is_list(value, 2) and _is_list(value[0], 2) and _is_list(value[1], 1, 2)


def _is_list(value: Any, *lengths: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) in lengths
