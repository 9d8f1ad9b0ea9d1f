"""Samples put together to episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import paddle

from paddle_metaopt.data.episode import Episode


@dataclass(frozen=True)
class EpisodeCollate:
    """Turns the samples of an `EpisodeSampler`'s batch into its episode or episodes."""

    ways: int
    shots: int
    queries: int
    meta_batch: bool
    padding: Mapping[str, float] = field(default_factory=dict)

    @property
    def episode_size(self) -> int:
        return self.ways * (self.shots + self.queries)

    def __call__(self, samples: Sequence[Sequence[Any]]) -> Episode | list[Episode]:
        size, count = self.episode_size, len(samples)
        if count == 0 or count % size or (count > size and not self.meta_batch):
            raise ValueError(
                f"an episode has {self.ways} x ({self.shots} + {self.queries}) = {size} samples, "
                f"got {count}; use this collate_fn with the EpisodeSampler it belongs to"
            )
        inputs = _of_one_length([sample[0] for sample in samples], self.padding)
        episodes = [self._episode(inputs[i : i + size]) for i in range(0, count, size)]
        return episodes if self.meta_batch else episodes[0]

    def _episode(self, inputs: Sequence[Any]) -> Episode:
        first_query = self.ways * self.shots
        return Episode(
            support=(_stack(inputs[:first_query]), self._targets(self.shots)),
            query=(_stack(inputs[first_query:]), self._targets(self.queries)),
        )

    def _targets(self, per_class: int) -> np.ndarray:
        return np.repeat(np.arange(self.ways, dtype=np.int64), per_class)


def _of_one_length(inputs: Sequence[Any], padding: Mapping[str, float]) -> Sequence[Any]:
    """Dicts that have lengths, padded to the longest of them, so that tasks of a meta-batch have one shape."""
    if isinstance(inputs[0], Mapping):
        _require_same_entries(inputs)
    if not isinstance(inputs[0], Mapping) or "lengths" not in inputs[0]:
        return inputs
    return [dict(zip(inputs[0], leaves)) for leaves in zip(*(_padded(key, inputs, padding) for key in inputs[0]))]


def _require_same_entries(inputs: Sequence[Mapping]) -> None:
    for x in inputs:
        if x.keys() != inputs[0].keys():
            raise ValueError(
                f"examples of an episode have the entries {', '.join(map(repr, inputs[0]))} and "
                f"{', '.join(map(repr, x))}, expected the same in all"
            )


def _padded(key: str, inputs: Sequence[Mapping], padding: Mapping[str, float]) -> list[np.ndarray]:
    leaves = [np.asarray(x[key]) for x in inputs]
    if leaves[0].ndim == 0:
        return leaves
    longest = max(len(leaf) for leaf in leaves)
    after = [(0, 0)] * (leaves[0].ndim - 1)
    return [np.pad(leaf, [(0, longest - len(leaf)), *after], constant_values=padding.get(key, 0)) for leaf in leaves]


def _stack(inputs: Sequence[Any]) -> Any:
    first = inputs[0]
    if isinstance(first, Mapping):
        _require_same_entries(inputs)
        return {key: _stack([x[key] for x in inputs]) for key in first}
    if isinstance(first, tuple):
        _require_same_length(inputs)
        return tuple(_stack(leaves) for leaves in zip(*inputs))
    if isinstance(first, paddle.Tensor):
        return paddle.stack(inputs)
    arrays = [np.asarray(x) for x in inputs]
    shapes = sorted({x.shape for x in arrays})
    if len(shapes) > 1:
        raise ValueError(
            f"examples of an episode have the shapes {', '.join(str(list(shape)) for shape in shapes[:3])}, expected "
            'one; make them equal, or let the dataset give x as a dict with an entry "lengths", which is padded'
        )
    stacked = np.stack(arrays)
    if stacked.dtype.kind not in "biufc":
        raise TypeError(f"examples of an episode: expected arrays, Tensors or numbers, got {first!r}")
    return stacked


def _require_same_length(inputs: Sequence[tuple]) -> None:
    lengths = sorted({len(x) for x in inputs})
    if len(lengths) > 1:
        some = " and ".join(map(str, lengths[:3]))
        raise ValueError(f"examples of an episode are tuples of {some} entries, expected the same in all")
