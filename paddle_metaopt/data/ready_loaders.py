"""Loaders of episodes from a data set's name."""

from __future__ import annotations

import os
from typing import Any

from paddle_metaopt.arguments import one_of
from paddle_metaopt.data.cifar_few_shot import CIFARFS, FC100
from paddle_metaopt.data.cub import CUB
from paddle_metaopt.data.few_rel import FewRel
from paddle_metaopt.data.loader import EpisodeLoader
from paddle_metaopt.data.mini_imagenet import MiniImageNet
from paddle_metaopt.data.omniglot import Omniglot
from paddle_metaopt.data.sampler import EpisodeSampler
from paddle_metaopt.data.tiered_imagenet import TieredImageNet

DATASETS = {
    "omniglot": Omniglot,
    "mini-imagenet": MiniImageNet,
    "tiered-imagenet": TieredImageNet,
    "cifar-fs": CIFARFS,
    "fc100": FC100,
    "cub": CUB,
    "fewrel": FewRel,
}


def episodes(
    name: str,
    root: str | os.PathLike[str],
    ways: int = 5,
    shots: int = 1,
    queries: int = 15,
    tasks_per_batch: int | None = None,
    *,
    episodes: int = 10_000,
    eval_episodes: int = 600,
    seed: int = 0,
    num_workers: int = 0,
    **options: Any,
) -> tuple[EpisodeLoader, EpisodeLoader, EpisodeLoader | None]:
    """Loaders for training, validation and test of a published data set.

    Parameters
    ----------
    name : {"omniglot", "mini-imagenet", "tiered-imagenet", "cifar-fs", "fc100", "cub", "fewrel"}
    root : path
        Where the data are, in one of the layouts of the data set's class.
    ways, shots, queries : int, default 5, 1, 15
        Classes of an episode, and examples of each to adapt on and to be judged on.
    tasks_per_batch : int, optional
        Episodes per batch in training. By default a batch is one episode by itself, as it always is in validation and
        test.
    episodes, eval_episodes : int, default 10000, 600
        Episodes per epoch of training; of validation, and of test.
    seed : int, default 0
        As for `EpisodeSampler`. For new episodes in each epoch, call ``train.batch_sampler.set_epoch(epoch)``.
    num_workers : int, default 0
        Processes that each loader reads with.
    **options
        Those of the data set's class, such as ``image_size``, ``download`` or ``tokenizer``.

    Returns
    -------
    train, valid, test : EpisodeLoader
        `test` is None for FewRel, whose relations for test are not published.

    Raises
    ------
    OSError, ValueError, TypeError
        As the data set and `EpisodeSampler` do.

    Examples
    --------
    >>> train, valid, test = metaopt.data.episodes("mini-imagenet", "data", ways=5, shots=1, tasks_per_batch=4)
    """
    dataset = DATASETS[one_of("episodes", "name", name, tuple(DATASETS))]

    def loader(mode: str, count: int, together: int | None) -> EpisodeLoader:
        examples = dataset(root, mode, **options)
        sampler = EpisodeSampler(examples, ways, shots, queries, count, seed, together)
        return EpisodeLoader(examples, sampler, num_workers=num_workers)

    return (
        loader("train", episodes, tasks_per_batch),
        loader("valid", eval_episodes, None),
        None if dataset is FewRel else loader("test", eval_episodes, None),
    )
