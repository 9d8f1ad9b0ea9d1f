"""What goes wrong in reading a batch, told to who waits for it.

Paddle's own loader waits for ever when its data set raises without workers, and with them says that a queue was killed.
"""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Iterator
from typing import Any, Callable

import numpy as np
from paddle.io import DataLoader, IterableDataset, get_worker_info


def carrying_errors(loader: DataLoader, collate_fn: Callable | None) -> DataLoader:
    """The same loader, whose batches are what `delivered` takes."""
    carrying = copy.copy(loader)
    carrying.dataset = (_CarryingStream if isinstance(loader.dataset, IterableDataset) else _Carrying)(loader.dataset)
    carrying.collate_fn = _CarryingCollate(collate_fn)
    carrying.worker_init_fn = _WorkerStart(loader.dataset, loader.worker_init_fn)
    return carrying


def delivered(batch: Any) -> Any:
    """A batch of such a loader; raises what was raised in reading it."""
    if isinstance(batch, (list, tuple)) and batch and isinstance(batch[0], _Raised):
        raised = batch[0]
        try:
            raise raised.error
        finally:  # else the error is held by its own traceback, and with it the loader
            del batch, raised
    return batch


class _Raised:
    """An error in a sample's place."""

    def __init__(self, error: Exception):
        self.error = error

    def as_batch(self) -> list:
        return [self, np.zeros(1)]  # at a batch without an array Paddle's loader ends

    def __reduce__(self):
        """As it leaves a worker: as what it is if that can be pickled, and with the words of its traceback."""
        words = "".join(traceback.format_exception(type(self.error), self.error, self.error.__traceback__))
        try:
            pickle.loads(pickle.dumps(self.error))
        except Exception:
            return _raised_in_worker, (RuntimeError(words), words)
        return _raised_in_worker, (self.error, words)


def _raised_in_worker(error: Exception, words: str) -> _Raised:
    error.__cause__ = RuntimeError(f"in a worker of the loader:\n{words}")
    return _Raised(error)


class _WorkerStart:
    """Shows a worker the data set that the user gave."""

    def __init__(self, dataset: Any, init_fn: Callable | None):
        self._dataset, self._init_fn = dataset, init_fn

    def __call__(self, worker: int) -> None:
        vars(get_worker_info())["dataset"] = self._dataset  # it refuses to be assigned to
        if self._init_fn is not None:
            self._init_fn(worker)


class _Carrying:
    """A data set whose items may be what was raised in the making of them."""

    def __init__(self, dataset: Any):
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: Any) -> Any:
        try:
            return self._dataset[index]
        except Exception as error:
            return _Raised(error)


class _CarryingStream(IterableDataset):
    def __init__(self, dataset: Any):
        self._dataset = dataset

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._dataset
        except Exception as error:
            yield _Raised(error)


class _CarryingCollate:
    def __init__(self, collate_fn: Callable | None):
        self._collate_fn = collate_fn

    def __call__(self, samples: Any) -> Any:
        for sample in samples if isinstance(samples, list) else [samples]:
            if isinstance(sample, _Raised):
                return sample.as_batch()
        try:
            return samples if self._collate_fn is None else self._collate_fn(samples)
        except Exception as error:
            return _Raised(error).as_batch()
