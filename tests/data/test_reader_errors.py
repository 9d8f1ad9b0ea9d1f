"""What a data set raises comes out of the loader, where Paddle's own hangs, or forgets what it was."""

import gc
import re
import traceback
import weakref

import numpy as np
import paddle
import pytest
from helpers import maml, read_to_its_end, with_workers
from paddle.io import DataLoader, Dataset, IterableDataset

import paddle_metaopt as metaopt
from paddle_metaopt.data import Episode, EpisodeLoader, EpisodeSampler, Sinusoid


class Damaged(Exception):
    def __init__(self, name, index):  # so that it can't be pickled
        super().__init__(f"{name} of {index}")


class Examples(Dataset):
    """Of three classes; reading one of the last ten raises."""

    labels = np.arange(30) % 3

    def __init__(self, error=None):
        self.error = error

    def __len__(self):
        return 30

    def __getitem__(self, index):
        if self.error is not None and index >= 20:
            raise self.error()
        return np.full(2, index, np.float32), self.labels[index]


def loader(dataset, workers=0, **options):
    sampler = EpisodeSampler(dataset, ways=3, shots=4, queries=4, episodes=4)
    return EpisodeLoader(dataset, sampler, **with_workers(workers), **options)


class Caught:
    """What a loader gives, and raises, to its end."""

    def __init__(self, loader):
        self._loader = loader

    def __iter__(self):
        batches = iter(self._loader)
        while True:
            try:
                yield next(batches)
            except StopIteration:
                return
            except Exception as error:
                yield error


def raised_by(loader) -> Exception:
    return next(found for found in read_to_its_end(Caught(loader)) if isinstance(found, Exception))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("error", [KeyError, ValueError, MemoryError])
def test_an_error_keeps_its_type(error, workers):
    raised = raised_by(loader(Examples(lambda: error("the 21st")), workers))
    assert type(raised) is error and raised.args == ("the 21st",)
    assert "raise self.error()" in "".join(traceback.format_exception(type(raised), raised, raised.__traceback__))


def test_an_error_that_cannot_leave_its_worker_is_told_by_its_words():
    dataset = Examples(lambda: Damaged("picture", 3))
    assert type(raised_by(loader(dataset))) is Damaged
    raised = raised_by(loader(dataset, 2))
    assert type(raised) is RuntimeError and re.search(r"(?s)self.error\(\).*Damaged: picture of 3", str(raised))


@pytest.mark.parametrize("workers", [0, 2])
def test_what_cannot_be_put_together_says_why(workers):
    class Ragged(Examples):
        def __getitem__(self, index):
            return np.zeros(1 + index % 2, np.float32), self.labels[index]

    assert "have the shapes [1], [2], expected one" in str(raised_by(loader(Ragged(), workers)))


class Waves(Sinusoid):
    def __getitem__(self, index):
        if index == 2:
            raise KeyError("the third")
        return super().__getitem__(index)


class Stream(IterableDataset):
    def __iter__(self):
        yield from (Waves(episodes=3)[number] for number in range(3))


def share_out(worker):
    """As Paddle's documentation has it: each worker gets its part of a stream."""
    dataset = paddle.io.get_worker_info().dataset
    dataset.numbers = range(worker, dataset.numbers.stop, 2)


class Shared(IterableDataset):
    numbers = range(4)

    def __iter__(self):
        assert paddle.io.get_worker_info().dataset is self
        yield from (Sinusoid()[number] for number in self.numbers)


def test_a_worker_is_shown_the_data_set_that_the_loader_was_given():
    given = read_to_its_end(Caught(EpisodeLoader(Shared(), worker_init_fn=share_out, **with_workers(2))))
    firsts = sorted(episode.support[0][0].item() for episode in given)
    assert firsts == sorted(Sinusoid()[number].support[0][0].item() for number in range(4))


@pytest.mark.parametrize("dataset", [Waves(episodes=3), Stream()])
def test_episodes_before_it_are_given(dataset):
    assert [type(found) for found in read_to_its_end(Caught(EpisodeLoader(dataset)))] == [Episode, Episode, KeyError]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_loader_can_be_used_again(workers):
    dataset = Examples(lambda: KeyError("now"))
    again = loader(dataset, workers)
    assert type(raised_by(again)) is KeyError
    dataset.error = None
    assert len(read_to_its_end(again)) == 4


def test_no_worker_is_forked_with_garbage_that_holds_a_loader():
    garbage = DataLoader(Sinusoid(episodes=1))
    garbage.itself, gone = garbage, weakref.ref(garbage)
    gc.disable()
    try:
        del garbage
        assert type(read_to_its_end(loader(Examples(), 1))[0]) is Episode and gone() is None
    finally:
        gc.enable()


def test_model_raises_what_its_data_set_does():
    net = metaopt.models.MLP()
    model = metaopt.Model(net)
    model.prepare(maml(net), paddle.nn.MSELoss())
    for use in (model.fit, model.evaluate, model.predict):
        with pytest.raises(KeyError, match="the third"):
            use(Waves(episodes=3), batch_size=2, verbose=0)


def test_items_that_are_no_episodes_are_told_what_makes_them():
    with pytest.raises(ValueError, match="expected a data set whose items are episodes, .* and an EpisodeSampler, Epi"):
        next(iter(EpisodeLoader(Examples())))
