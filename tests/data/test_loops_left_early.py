"""A loop over a loader of episodes that is left before its end leaves nothing running, and nothing to the next."""

import gc
import itertools
import multiprocessing
import threading

import numpy as np
import pytest
from helpers import read_to_its_end, with_workers
from paddle.io import Dataset

from paddle_metaopt.data import EpisodeLoader, EpisodeSampler


class Numbers(Dataset):
    labels = np.arange(8) % 2

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return np.full(2, index, np.float32), self.labels[index]


def loader(workers=0, **options):
    sampler = EpisodeSampler(Numbers(), ways=2, shots=1, queries=1, episodes=9)
    return EpisodeLoader(Numbers(), sampler, **with_workers(workers), **options)


def contents(episodes):
    return [[x.numpy().tolist() for x, _ in episode] for episode in episodes]


def readers(workers):
    """How many workers there are, or threads that read."""
    return len(multiprocessing.active_children()) if workers else threading.active_count() - 1


@pytest.mark.parametrize("taken", [0, 1, 8])
@pytest.mark.parametrize("options", [{}, {"workers": 1}, {"workers": 1, "persistent_workers": True}])
def test_what_reads_for_it_ends_with_it(options, taken):
    gc.collect()
    before, own = readers(options.get("workers")), loader(**options)
    for _ in range(3):
        assert len(list(itertools.islice(iter(own), taken))) == taken
        assert readers(options.get("workers")) == before


@pytest.mark.parametrize("is_held", [False, True])
def test_workers_that_persist_give_the_next_loop_its_own(is_held):
    own = loader(1, persistent_workers=True)
    first = iter(own)
    next(first)
    if not is_held:
        del first
    own.batch_sampler.set_epoch(1)
    expected = loader()
    expected.batch_sampler.set_epoch(1)
    assert contents(itertools.islice(own, 9)) == contents(read_to_its_end(expected))
    if is_held:
        with pytest.raises(StopIteration):
            next(first)
