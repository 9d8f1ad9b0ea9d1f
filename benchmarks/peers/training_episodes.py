"""Episodes of a training, for every library the same: images once, and their numbers for each meta-batch."""

from __future__ import annotations

import numpy as np


class Episodes:
    """``of(iteration)`` gives ``((x, y), (x, y))`` a task, float32 images and labels.

    Parameters
    ----------
    file : str
        npz of ``images``, uint8 ``[N, 1, 28, 28]``; ``support`` and ``query``, their numbers ``[iterations, tasks, n]``
        class by class; and the number of ``ways``.
    """

    def __init__(self, file: str):
        with np.load(file) as arrays:
            self._images, self._ways = arrays["images"], int(arrays["ways"])
            self._parts = arrays["support"], arrays["query"]

    def of(self, iteration: int) -> list:
        return list(zip(*([self._part(numbers) for numbers in part[iteration]] for part in self._parts)))

    def _part(self, numbers):
        x = self._images[numbers].astype("float32") / 255
        return x, np.repeat(np.arange(self._ways), len(numbers) // self._ways)


def written(file: str, dataset, sampler, iterations: int) -> None:
    """Writes the first meta-batches of an `EpisodeSampler` with ``tasks_per_batch``, for `Episodes`."""
    images = np.stack([np.rint(255 * dataset[i][0]).astype("uint8") for i in range(len(dataset))])
    of, batches = sampler.collate_fn, np.array([batch for batch, _ in zip(sampler, range(iterations))])
    tasks = batches.reshape(len(batches), -1, of.episode_size)
    cut = of.ways * of.shots
    np.savez(file, images=images, support=tasks[..., :cut], query=tasks[..., cut:], ways=of.ways)
