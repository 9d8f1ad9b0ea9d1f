"""A loader whose episodes keep their names."""

from __future__ import annotations

import gc
import sys
import time
import weakref
from collections.abc import Iterator
from typing import Any

from paddle.io import DataLoader, Dataset

from paddle_metaopt.data.episode import Episode
from paddle_metaopt.data.reader_errors import carrying_errors, delivered
from paddle_metaopt.data.sampler import EpisodeSampler

_PATIENCE = 1  # seconds, for a thread or a worker that is in the middle of an example
_LAST_ACT = 0.01  # seconds; a worker that is forked while a thread ends hangs
_DECIDED = frozenset({"batch_sampler", "batch_size", "collate_fn", "drop_last", "return_list", "shuffle"})


class EpisodeLoader(DataLoader):
    """A ``paddle.io.DataLoader`` that gives an `Episode`, or a list of them for a sampler with ``tasks_per_batch``.

    Paddle's own loader hands on every tuple as a list, so that an episode arrives as ``[[xs, ys], [xq, yq]]``, without
    the names ``support`` and ``query``. It waits for ever for a batch whose reading failed, or with workers says no
    more than that it did; here what the data set raised is raised in the loop. And when a loop is left before its end,
    it keeps the threads and workers that read for it; here they end with the loop.

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
        If `sampler` is no EpisodeSampler, or an option is given that it decides, or the lack of one.
    ValueError
        If `sampler` draws from a data set of another length. In iterating, if there is no sampler, and an item is no
        episode.

    Examples
    --------
    >>> from paddle_metaopt.data import EpisodeLoader, Sinusoid
    >>> for episode in EpisodeLoader(Sinusoid(episodes=2)):
    ...     xs, ys = episode.support
    """

    def __init__(self, dataset: Dataset, sampler: EpisodeSampler | None = None, **options: Any) -> None:
        decided = _DECIDED.intersection(options)
        if decided:
            why = "the sampler decides that" if sampler is not None else "without a sampler items come one by one"
            raise TypeError(f"EpisodeLoader: {', '.join(sorted(decided))}: {why}; leave it out")
        if sampler is None:
            options["batch_size"] = None
        elif isinstance(sampler, EpisodeSampler):
            options.update(batch_sampler=sampler, collate_fn=sampler.collate_fn)
        else:
            raise TypeError(f"EpisodeLoader: sampler: expected an EpisodeSampler, got {sampler!r}")
        self._gives_lists = sampler is not None and sampler.collate_fn.meta_batch
        super().__init__(dataset, **options)
        if sampler is not None and len(dataset) != len(sampler.sampler.data_source):
            raise ValueError(
                f"EpisodeLoader: sampler: it draws from a data set of {len(sampler.sampler.data_source)} examples, "
                f"this one has {len(dataset)}; give both the same data set"
            )
        self._carrying = carrying_errors(self, self.collate_fn)
        self._begun: weakref.WeakSet = weakref.WeakSet()

    def __iter__(self) -> Iterator[Episode | list[Episode]]:
        if self._persistent_workers:  # they serve one loop at a time
            for batches in list(self._begun):
                batches.end()
        if self.num_workers:
            gc.collect()  # a worker that finds another loader among the garbage of the process it was forked from hangs
        batches = _Batches(self._carrying)
        self._begun.add(batches)
        return map(_episodes if self._gives_lists else _episode, batches)


class _Batches:
    """The batches of a loader, for one loop; when that is left before their end, what reads ahead for it is ended.

    Paddle's own goes on to hold its thread and its workers, and those that persist give what was read ahead for one
    loop to the next.
    """

    def __init__(self, loader: DataLoader):
        self._loader, self._batches = loader, None
        self._batches = DataLoader.__iter__(loader)

    def __iter__(self) -> _Batches:
        return self

    def __next__(self) -> Any:
        if self._batches is None:
            raise StopIteration
        try:
            return delivered(next(self._batches))
        except StopIteration:
            self._batches = None
            raise

    def end(self) -> None:
        batches, self._batches = self._batches, None
        if batches is None:
            return
        self._loader._iterator = None  # or workers that persist would be asked again
        batches._exit_thread_expectedly()
        if self._loader.num_workers:
            batches._try_shutdown_all(_PATIENCE)
        else:
            batches._thread.join(_PATIENCE)
            time.sleep(_LAST_ACT)

    def __del__(self) -> None:
        if not sys.is_finalizing():  # threads stand still then
            self.end()


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
