"""A loader whose episodes keep their names."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from paddle.io import DataLoader, Dataset

from paddle_metaopt.data.episode import Episode
from paddle_metaopt.data.reader_errors import carrying_errors, delivered
from paddle_metaopt.data.sampler import EpisodeSampler

_DECIDED = frozenset({"batch_sampler", "batch_size", "collate_fn", "drop_last", "return_list", "shuffle"})


class EpisodeLoader(DataLoader):
    """A ``paddle.io.DataLoader`` that gives an `Episode`, or a list of them for a sampler with ``tasks_per_batch``.

    Paddle's own loader hands on every tuple as a list, so that an episode arrives as ``[[xs, ys], [xq, yq]]``, without
    the names ``support`` and ``query``. And it waits for ever for a batch whose reading failed, or with workers says no
    more than that it did; here what the data set raised is raised in the loop.

    Parameters
    ----------
    dataset : paddle.io.Dataset
        A labelled one, with `sampler`; or one whose items are episodes, such as `Sinusoid`.
    sampler : EpisodeSampler, optional
        Also brings its ``collate_fn``.
    **options
        Those of DataLoader that the sampler does not decide, such as ``num_workers``.

    Raises
    ------
    TypeError
        If `sampler` is none, or an option is given that it decides.
    ValueError
        In iterating, if there is no sampler, and an item is no episode.

    Examples
    --------
    >>> from paddle_metaopt.data import EpisodeLoader, Sinusoid
    >>> for episode in EpisodeLoader(Sinusoid(episodes=2)):
    ...     xs, ys = episode.support
    """

    def __init__(self, dataset: Dataset, sampler: EpisodeSampler | None = None, **options: Any) -> None:
        decided = _DECIDED.intersection(options)
        if decided:
            raise TypeError(f"EpisodeLoader: {', '.join(sorted(decided))}: the sampler decides that; leave it out")
        if sampler is None:
            options["batch_size"] = None
        elif isinstance(sampler, EpisodeSampler):
            options.update(batch_sampler=sampler, collate_fn=sampler.collate_fn)
        else:
            raise TypeError(f"EpisodeLoader: sampler: expected an EpisodeSampler, got {sampler!r}")
        self._gives_lists = sampler is not None and sampler.collate_fn.meta_batch
        super().__init__(dataset, **options)
        self._carrying = carrying_errors(self, self.collate_fn)

    def __iter__(self) -> Iterator[Episode | list[Episode]]:
        if self.num_workers:
            gc.collect()  # a worker that finds another loader among the garbage of the process it was forked from hangs
        batches = map(delivered, DataLoader.__iter__(self._carrying))
        return map(_episodes if self._gives_lists else _episode, batches)


def _episode(pairs: Any) -> Episode:
    if not (_is_list(pairs) and len(pairs) == 2 and all(map(_is_list, pairs))):
        raise ValueError(
            "EpisodeLoader: expected a data set whose items are episodes, ((x, y), (x, y)) of support and query; to "
            "draw them from a labelled one, give it and an EpisodeSampler, EpisodeLoader(dataset, sampler)"
        )
    support, query = pairs
    return Episode(tuple(support), tuple(query))


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _episodes(batch: Any) -> list[Episode]:
    return [_episode(pairs) for pairs in batch]
