"""N-way K-shot episodes out of any labelled dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from paddle import distributed
from paddle.io import BatchSampler, Dataset, IterableDataset

from paddle_metaopt.arguments import whole_number
from paddle_metaopt.data.collate import EpisodeCollate


class EpisodeSampler(BatchSampler):
    """Draw N-way K-shot episodes from a labelled map-style dataset.

    An episode has `ways` different classes in random order, and `shots` + `queries` different
    examples of each [1]_. Episode number i depends on nothing but ``(seed, epoch, i)``: it is
    the same with any number of workers, and after `resume`. Every iteration gives the same
    episodes until `set_epoch` is called.

    Where `paddle.distributed.init_parallel_env` was called, the processes share the episodes out: together they see
    exactly those that one process would, in the same meta-batches.

    Parameters
    ----------
    dataset : paddle.io.Dataset
        Its items start with ``(x, label)``. Classes are read from ``dataset.labels`` if that
        has one entry per item, otherwise by going through the whole dataset once, here.
    ways : int
        Classes per episode, N.
    shots : int
        Support examples per class, K.
    queries : int
        Query examples per class.
    episodes : int
        Episodes per epoch.
    seed : int, default 0
        Non-negative. The same in all processes.
    tasks_per_batch : int, optional
        Episodes per batch (a meta-batch), of all processes together; the last batch has the rest,
        which may be fewer, and a process may have one less than another, which
        ``opt.meta_loss`` takes into account. By default a batch is one episode by itself in each
        process, not a list of one.
    num_replicas, rank : int, optional
        How many processes share the episodes, and which of them this is; by default those of
        ``paddle.distributed`` when the iteration begins. ``num_replicas=1, rank=0`` gives each
        process all.

    Attributes
    ----------
    collate_fn : callable
        For ``DataLoader(collate_fn=...)``: makes one `Episode`, or with `tasks_per_batch` a list
        of them, from the samples of one batch. In it x is batched to [ways·shots, ...] for the
        support and [ways·queries, ...] for the query, ordered by class; y is int64, the classes
        numbered 0 … ways-1 as drawn. x may be an array, a Tensor, a number or a list of numbers,
        or a tuple or dict of those, whose leaves are batched one by one. In a dict with an entry
        "lengths" the others may differ in their first axis, as text and sound do: they are padded
        to the longest of the batch, with 0 or what ``dataset.padding[key]`` says.

    Raises
    ------
    ValueError
        If a number is not positive, if the dataset has fewer classes than `ways`, or if a class
        has fewer examples than ``shots + queries``. In iterating, if a batch would leave a process
        without an episode.
    TypeError
        If the dataset is an IterableDataset.

    Notes
    -----
    Paddle's DataLoader carries Tensors in lists and dicts only: with or without workers, an
    Episode arrives as nested pairs ``[[xs, ys], [xq, yq]]`` of Tensors, and a tuple x as a list.
    `EpisodeLoader` gives the names back.

    References
    ----------
    .. [1] Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016.

    Examples
    --------
    >>> sampler = EpisodeSampler(dataset, ways=5, shots=1, queries=15, episodes=1000)
    >>> loader = EpisodeLoader(dataset, sampler)
    >>> for epoch in range(10):
    ...     sampler.set_epoch(epoch)
    ...     for (xs, ys), (xq, yq) in loader:
    ...         ...
    """

    def __init__(
        self,
        dataset: Dataset,
        ways: int,
        shots: int,
        queries: int,
        episodes: int,
        seed: int = 0,
        tasks_per_batch: int | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
    ) -> None:
        self.ways = whole_number(self, "ways", ways, least=1)
        self.shots = whole_number(self, "shots", shots, least=1)
        self.queries = whole_number(self, "queries", queries, least=1)
        self.episodes = whole_number(self, "episodes", episodes, least=1)
        self.seed, self.epoch = whole_number(self, "seed", seed), 0
        meta_batch = tasks_per_batch is not None
        self._tasks_per_batch = whole_number(self, "tasks_per_batch", tasks_per_batch, least=1) if meta_batch else None
        self._given_share = _checked_share(self, num_replicas, rank)
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise TypeError(f"EpisodeSampler: dataset: expected a paddle.io.Dataset, got {dataset!r}")
        if isinstance(dataset, IterableDataset):
            raise TypeError(
                "EpisodeSampler picks examples by their index, which an IterableDataset has not; "
                "give it a paddle.io.Dataset with __getitem__ and __len__"
            )
        padding = getattr(dataset, "padding", None)
        padding = padding if isinstance(padding, Mapping) else {}  # a data set of another's may call anything so
        self.collate_fn = EpisodeCollate(self.ways, self.shots, self.queries, meta_batch, dict(padding))
        self._first_batch = 0
        self._examples_of_class = _examples_by_class(_labels(dataset), ways, shots + queries)
        super().__init__(dataset, batch_size=(self._tasks_per_batch or 1) * self.collate_fn.episode_size)

    def __iter__(self) -> Iterator[list[int]]:
        at_once = self._episodes_per_batch()
        first, self._first_batch = self._first_batch, 0
        return self._batches(first, self.epoch, at_once)

    def __len__(self) -> int:
        """Batches that the next iteration will give."""
        return self._batches_per_epoch - self._first_batch

    def set_epoch(self, epoch: int) -> None:
        """Make the following iterations draw the episodes of epoch number `epoch`."""
        self.epoch = whole_number(self, "epoch", epoch)

    def resume(self, at: int) -> None:
        """Let the next iteration begin with batch number `at`; the ones after it begin at 0.

        Nothing before `at` is drawn or read. Until that iteration starts, `len` counts what is
        left of it.

        Raises
        ------
        ValueError
            If the epoch has fewer than `at` batches.
        """
        at = whole_number(self, "at", at)
        if at > self._batches_per_epoch:
            raise ValueError(
                f"cannot resume at batch {at}: an epoch has {self._batches_per_epoch} batches; "
                "call set_epoch for the epoch, and resume with the batch number within it"
            )
        self._first_batch = at

    @property
    def _batches_per_epoch(self) -> int:
        return math.ceil(self.episodes / self._episodes_per_batch())

    def _batches(self, first: int, epoch: int, at_once: int) -> Iterator[list[int]]:
        processes, rank = self._share()
        for start in range(first * at_once, self.episodes, at_once):
            tasks = range(start + rank, min(start + at_once, self.episodes), processes)
            yield [index for task in tasks for index in self._draw(epoch, task)]

    def _share(self) -> tuple[int, int]:
        if self._given_share is not None:
            return self._given_share
        return (distributed.get_world_size(), distributed.get_rank()) if distributed.is_initialized() else (1, 0)

    def _episodes_per_batch(self) -> int:
        """Of all processes together."""
        processes, _ = self._share()
        at_once = self._tasks_per_batch or processes
        fewest = min(at_once, self.episodes % at_once or at_once)
        if fewest < processes:  # it would have one batch less, as the DataLoader ends at an empty one
            raise ValueError(
                f"EpisodeSampler: {self.episodes} episodes in batches of {at_once} make one of {fewest}, too few for "
                f"{processes} processes; choose episodes= and tasks_per_batch= so that each has one, or have each go "
                "through all of them by num_replicas=1, rank=0"
            )
        return at_once

    def _draw(self, epoch: int, task: int) -> list[int]:
        rng = np.random.default_rng([self.seed, epoch, task])
        classes = rng.choice(len(self._examples_of_class), self.ways, replace=False)
        per_class = self.shots + self.queries
        drawn = np.stack([rng.choice(self._examples_of_class[c], per_class, replace=False) for c in classes])
        support, query = drawn[:, : self.shots], drawn[:, self.shots :]
        return [*support.ravel().tolist(), *query.ravel().tolist()]


def _checked_share(sampler: EpisodeSampler, num_replicas: int | None, rank: int | None) -> tuple[int, int] | None:
    if num_replicas is None and rank is None:
        return None
    processes, own = whole_number(sampler, "num_replicas", num_replicas, least=1), whole_number(sampler, "rank", rank)
    if own >= processes:
        raise ValueError(f"EpisodeSampler: rank: expected one below num_replicas={processes}, got {own}")
    return processes, own


def _labels(dataset: Dataset) -> np.ndarray:
    known = getattr(dataset, "labels", None)
    if known is None or np.size(known) != len(dataset):
        known = [_label(dataset[i]) for i in range(len(dataset))]
    return np.array([_scalar(label) for label in known])


def _label(item: Any) -> Any:
    try:
        return item[1]
    except (IndexError, KeyError, TypeError):
        raise TypeError(
            f"EpisodeSampler: dataset: expected items (x, label), got {type(item).__name__}; or give the dataset a "
            "`labels` attribute with the class of every item"
        ) from None


def _scalar(label: Any) -> Any:
    array = np.asarray(label)
    if label is None:
        raise ValueError("a label must be one number or name per example, got None; leave out what has no label")
    if array.size != 1:
        raise ValueError(
            f"a label must be one number or name per example, got an array of shape {array.shape}; "
            "for one-hot labels give the dataset a `labels` attribute with the class numbers"
        )
    return array.item()


def _examples_by_class(labels: np.ndarray, ways: int, per_class: int) -> list[np.ndarray]:
    classes, class_of_example, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < ways:
        raise ValueError(
            f"ways={ways} needs a dataset of at least {ways} classes, this one has {len(classes)}; "
            "lower ways or use a dataset of more classes"
        )
    short = np.flatnonzero(counts < per_class)
    if len(short):
        some = ", ".join(f"{classes[c]} has {counts[c]}" for c in short[:3])
        raise ValueError(
            f"shots + queries = {per_class} needs {per_class} examples of every class, but "
            f"{len(short)} of {len(classes)} classes have fewer (class {some}); "
            "lower shots or queries, or leave those classes out"
        )
    by_class = np.argsort(class_of_example, kind="stable")
    return np.split(by_class, np.cumsum(counts)[:-1])
