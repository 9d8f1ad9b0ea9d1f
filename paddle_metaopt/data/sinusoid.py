"""The sine waves on which MAML was first shown to learn a regression."""

from __future__ import annotations

import numpy as np
from paddle.io import Dataset

from paddle_metaopt.arguments import whole_number
from paddle_metaopt.data.episode import Episode


class Sinusoid(Dataset):
    """Few-shot regression of sine waves, ``y = amplitude · sin(x - phase)`` [1]_.

    Every episode has its own amplitude, uniform in [0.1, 5], and phase, uniform in [0, π]; x is
    uniform in [-5, 5]. Episode i depends on nothing but ``(seed, i)``.

    Items are `Episode` objects of float32 arrays: support x and y [shots, 1], query x and y
    [queries, 1]. A ``DataLoader(dataset, batch_size=None)`` gives them one by one as nested pairs
    of Tensors; with a batch size, each array gets the tasks as its first axis.

    Parameters
    ----------
    shots, queries : int, default 10
        Points per episode to adapt on, and to be judged on.
    episodes : int, default 10000
        Length of the dataset.
    seed : int, default 0
        Non-negative; another seed gives other tasks, for validation say.

    Raises
    ------
    ValueError
        If a number is not positive, or the seed is negative.

    References
    ----------
    .. [1] Finn, Abbeel, Levine, "Model-Agnostic Meta-Learning for Fast Adaptation of Deep
       Networks", ICML 2017, section 5.1.
    """

    def __init__(self, shots: int = 10, queries: int = 10, episodes: int = 10_000, seed: int = 0) -> None:
        self.shots = whole_number(self, "shots", shots, least=1)
        self.queries = whole_number(self, "queries", queries, least=1)
        self.episodes = whole_number(self, "episodes", episodes, least=1)
        self.seed = whole_number(self, "seed", seed)

    def __len__(self) -> int:
        return self.episodes

    def __getitem__(self, index: int) -> Episode:
        rng = self._generator(index)
        amplitude, phase = _draw_curve(rng)
        x = rng.uniform(-5.0, 5.0, size=(self.shots + self.queries, 1)).astype(np.float32)
        y = (amplitude * np.sin(x - phase)).astype(np.float32)
        return Episode(support=(x[: self.shots], y[: self.shots]), query=(x[self.shots :], y[self.shots :]))

    def amplitude_and_phase(self, index: int) -> tuple[float, float]:
        """The curve that episode `index` was drawn from; the phase is in radians."""
        return _draw_curve(self._generator(index))

    def _generator(self, index: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, range(self.episodes)[index]])


def _draw_curve(rng: np.random.Generator) -> tuple[float, float]:
    return rng.uniform(0.1, 5.0), rng.uniform(0.0, np.pi)
