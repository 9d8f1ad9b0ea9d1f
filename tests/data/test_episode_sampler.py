from __future__ import annotations

import pickle

import numpy as np
import paddle
import pytest
from helpers import read_to_its_end, with_workers
from paddle.io import BatchSampler, DataLoader, Dataset, IterableDataset

from paddle_metaopt.data import Episode, EpisodeLoader, EpisodeSampler, Sinusoid


class Numbered(Dataset):
    """Item i is ``([i, its label], its label)``; `examples` of each of `classes`, interleaved."""

    def __init__(self, classes=7, examples=6, form=lambda x: x, label_form=lambda y: y):
        self.label_of = [10 * (i % classes) for i in range(classes * examples)]
        self.form, self.label_form = form, label_form

    def __len__(self):
        return len(self.label_of)

    def __getitem__(self, index):
        label = self.label_of[index]
        return self.form(np.array([index, label], np.float32)), self.label_form(label)


class Labelled(Numbered):
    """Knows its labels, and lets nobody read its items to find them."""

    @property
    def labels(self):
        return np.array(self.label_of)

    def __getitem__(self, index):
        raise AssertionError("read an item")


def sampler_of(dataset=None, **options):
    options = {"ways": 3, "shots": 2, "queries": 1, "episodes": 5, **options}
    return EpisodeSampler(Numbered() if dataset is None else dataset, **options)


def load(dataset, sampler, workers=0):
    return read_to_its_end(
        DataLoader(dataset, batch_sampler=sampler, collate_fn=sampler.collate_fn, **with_workers(workers))
    )


def test_is_a_batch_sampler_of_flat_int_lists():
    sampler = sampler_of()
    assert isinstance(sampler, BatchSampler)
    batches = list(sampler)
    assert len(batches) == len(sampler) == 5
    for batch in batches:
        assert len(batch) == 3 * (2 + 1)
        assert all(type(index) is int for index in batch)


def test_an_episode_has_ways_classes_and_distinct_examples():
    dataset = Numbered(classes=4, examples=4)
    for batch in sampler_of(dataset, shots=2, queries=2, episodes=200):
        labels = np.array([dataset.label_of[i] for i in batch])
        support, query = labels[:6].reshape(3, 2), labels[6:].reshape(3, 2)
        np.testing.assert_array_equal(support, query)
        assert (support == support[:, :1]).all()
        assert len(set(support[:, 0])) == 3
        assert len(set(batch)) == 12


def test_classes_may_differ_in_size():
    dataset = Numbered(classes=4, examples=6)
    dataset.label_of[0:16:4] = [30] * 4
    for batch in sampler_of(dataset, shots=1, ways=4, episodes=50):
        labels = [dataset.label_of[i] for i in batch]
        assert labels[:4] == labels[4:]
        assert sorted(labels[:4]) == [0, 10, 20, 30]


def test_every_class_gets_every_number_and_every_example_every_role():
    dataset = Numbered(classes=4, examples=4)
    numbers, in_support, in_query = set(), set(), set()
    for batch in sampler_of(dataset, episodes=300):
        numbers |= {(dataset.label_of[batch[2 * way]], way) for way in range(3)}
        in_support |= set(batch[:6])
        in_query |= set(batch[6:])
    assert len(numbers) == 4 * 3
    assert in_support == in_query == set(range(16))


def test_the_exact_example_count_is_enough():
    assert len(list(sampler_of(Numbered(classes=3, examples=3)))) == 5


def test_relabels_within_the_episode():
    dataset = Numbered()
    for (xs, ys), (xq, yq) in load(dataset, sampler_of(dataset)):
        assert ys.dtype == yq.dtype == paddle.int64
        assert ys.tolist() == [0, 0, 1, 1, 2, 2]
        assert yq.tolist() == [0, 1, 2]
        assert xs.shape == [6, 2]
        assert xq.shape == [3, 2]
        class_of_number = dict(zip(ys.tolist(), xs[:, 1].tolist()))
        assert len(set(class_of_number.values())) == 3
        for x, y in ((xs, ys), (xq, yq)):
            assert [class_of_number[number] for number in y.tolist()] == x[:, 1].tolist()


def test_collate_gives_episodes_of_arrays():
    dataset = Numbered()
    sampler = sampler_of(dataset, tasks_per_batch=2)
    batch = next(iter(sampler))
    episodes = sampler.collate_fn([dataset[i] for i in batch])
    assert [type(episode) for episode in episodes] == [Episode, Episode]
    for episode, indices in zip(episodes, (batch[:9], batch[9:])):
        assert episode.support[0][:, 0].tolist() == indices[:6]
        assert episode.query[0][:, 0].tolist() == indices[6:]
        assert isinstance(episode.support[0], np.ndarray)


def tensors_of(nested):
    if isinstance(nested, paddle.Tensor):
        return [nested]
    leaves = nested.values() if isinstance(nested, dict) else nested
    return [tensor for leaf in leaves for tensor in tensors_of(leaf)]


@pytest.mark.parametrize("tasks_per_batch", [None, 2])
def test_workers_change_nothing(tasks_per_batch):
    dataset = Numbered()
    sampler = sampler_of(dataset, episodes=6, tasks_per_batch=tasks_per_batch)
    alone, helped = load(dataset, sampler, workers=0), load(dataset, sampler, workers=2)
    assert len(alone) == len(helped) == (6 if tasks_per_batch is None else 3)
    for batch, same in zip(alone, helped):
        for episode in [batch, same] if tasks_per_batch is None else [*batch, *same]:
            (xs, ys), (xq, yq) = Episode(*episode)
            assert all(isinstance(leaf, paddle.Tensor) for leaf in (xs, ys, xq, yq))
            assert (xs.shape, yq.shape) == ([6, 2], [3])
        for tensor, twin in zip(tensors_of(batch), tensors_of(same)):
            np.testing.assert_array_equal(tensor.numpy(), twin.numpy())
    drawn = [[row[0] for t in tensors_of(b)[::2] for row in t.tolist()] for b in helped]
    assert drawn == list(sampler)


@pytest.mark.parametrize("workers", [0, 2])
def test_dict_inputs(workers):
    dataset = Numbered(form=lambda x: {"input_ids": x.tolist(), "length": 2})
    sampler = sampler_of(dataset)
    for (xs, _), (xq, _) in load(dataset, sampler, workers):
        assert set(xs) == {"input_ids", "length"}
        assert (xs["input_ids"].shape, xs["length"].tolist()) == ([6, 2], [2] * 6)
        assert (xq["input_ids"].shape, xq["length"].tolist()) == ([3, 2], [2] * 3)


@pytest.mark.parametrize("workers", [0, 2])
def test_tuple_inputs(workers):
    dataset = Numbered(form=lambda x: (x, x[:1]))
    for (xs, _), (xq, _) in load(dataset, sampler_of(dataset), workers):
        assert [leaf.shape for leaf in xs] == [[6, 2], [6, 1]]
        assert [leaf.shape for leaf in xq] == [[3, 2], [3, 1]]
        np.testing.assert_array_equal(xs[0][:, :1].numpy(), xs[1].numpy())


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_of_episodes_gives_their_names(workers):
    dataset = Numbered()
    sampler, by_twos = sampler_of(dataset), sampler_of(dataset, tasks_per_batch=2)
    loader = EpisodeLoader(dataset, sampler, **with_workers(workers))
    assert isinstance(loader, DataLoader) and len(loader) == 5
    batches = read_to_its_end(EpisodeLoader(dataset, by_twos, **with_workers(workers)))
    episodes = [episode for batch in batches for episode in batch]
    for episode, same, plain in zip(read_to_its_end(loader), episodes, load(dataset, sampler)):
        assert type(episode) is type(same) is Episode
        assert type(episode.support) is type(episode.query) is tuple
        for tensor, *twins in zip(*map(tensors_of, (episode, same, plain))):
            assert all(np.array_equal(tensor.numpy(), twin.numpy()) for twin in twins)
    assert [type(episode) for episode in read_to_its_end(loader)] == [Episode] * 5  # again


def test_a_loader_of_episodes_without_a_sampler():
    (episode,) = EpisodeLoader(Sinusoid(shots=3, queries=4, episodes=1))
    assert isinstance(episode.query[0], paddle.Tensor)
    np.testing.assert_array_equal(episode.query[0].numpy(), Sinusoid(shots=3, queries=4)[0].query[0])


def test_a_loader_of_episodes_refuses_what_its_sampler_decides():
    dataset = Numbered()
    with pytest.raises(TypeError, match="EpisodeLoader: sampler: expected an EpisodeSampler, got <paddle"):
        EpisodeLoader(dataset, BatchSampler(dataset))
    with pytest.raises(TypeError, match="EpisodeLoader: collate_fn, shuffle: the sampler decides that"):
        EpisodeLoader(dataset, sampler_of(dataset), shuffle=True, collate_fn=list)
    with pytest.raises(TypeError, match="EpisodeLoader: batch_size: without a sampler items come one by one"):
        EpisodeLoader(Sinusoid(), batch_size=4)


def test_a_loader_refuses_a_sampler_of_another_data_set():
    with pytest.raises(ValueError, match="draws from a data set of 42 examples, this one has 48; give both the same"):
        EpisodeLoader(Numbered(classes=8), sampler_of(Numbered(classes=7)))


def test_tensor_inputs():
    dataset = Numbered(form=paddle.to_tensor)
    (xs, _), _ = load(dataset, sampler_of(dataset))[0]
    assert xs.shape == [6, 2]


def test_same_seed_same_episodes():
    assert list(sampler_of(seed=4)) == list(sampler_of(seed=4))
    assert list(sampler_of(seed=4)) != list(sampler_of(seed=5))
    np.random.seed(0)
    once = list(sampler_of(seed=4))
    np.random.seed(1)
    assert once == list(sampler_of(seed=4))


def test_an_episode_depends_on_its_number_only():
    plain, longer = list(sampler_of()), list(sampler_of(episodes=50))
    assert longer[:5] == plain
    batched = list(sampler_of(tasks_per_batch=2))
    assert batched == [plain[0] + plain[1], plain[2] + plain[3], plain[4]]


def test_episodes_differ_from_each_other_and_between_epochs():
    sampler = sampler_of()
    first = list(sampler)
    assert len({tuple(batch) for batch in first}) == 5
    assert list(sampler) == first
    sampler.set_epoch(1)
    second = list(sampler)
    assert not {tuple(batch) for batch in first} & {tuple(batch) for batch in second}
    sampler.set_epoch(0)
    assert list(sampler) == first


@pytest.mark.parametrize("tasks_per_batch", [None, 1, 2, 5])
def test_resume_gives_exactly_the_rest_once(tasks_per_batch):
    sampler = sampler_of(tasks_per_batch=tasks_per_batch)
    sampler.set_epoch(3)
    every = list(sampler)
    for at in range(len(every) + 1):
        sampler.resume(at)
        assert len(sampler) == len(every) - at
        assert list(sampler) == every[at:]
        assert len(sampler) == len(every)
        assert list(sampler) == every


@pytest.mark.parametrize("workers", [0, 2])
def test_resume_through_a_loader(workers):
    dataset = Numbered()
    sampler = sampler_of(dataset)
    loader = DataLoader(dataset, batch_sampler=sampler, collate_fn=sampler.collate_fn, **with_workers(workers))
    every = [batch[0][0].numpy() for batch in read_to_its_end(loader)]
    sampler.resume(3)
    assert len(loader) == 2
    rest = [batch[0][0].numpy() for batch in read_to_its_end(loader)]
    np.testing.assert_array_equal(np.stack(rest), np.stack(every[3:]))
    assert len(read_to_its_end(loader)) == 5


def test_labels_attribute_saves_reading_the_items():
    assert list(sampler_of(Labelled())) == list(sampler_of(Numbered()))


def test_labels_attribute_of_another_length_is_not_used():
    dataset = Numbered()
    dataset.labels = [0]
    assert list(sampler_of(dataset)) == list(sampler_of(Numbered()))


@pytest.mark.parametrize(
    "label_form",
    [str, np.int64, lambda label: np.array([label]), paddle.to_tensor],
    ids=["str", "numpy", "array of one", "Tensor"],
)
def test_label_types(label_form):
    dataset = Numbered(label_form=label_form)
    for batch in sampler_of(dataset):
        labels = [dataset.label_of[i] for i in batch]
        assert labels[:6:2] == labels[1:6:2] == labels[6:]
        assert len(set(labels)) == 3


def test_collate_fn_can_be_pickled():
    dataset, sampler = Numbered(), sampler_of()
    samples = [dataset[i] for i in next(iter(sampler))]
    copy = pickle.loads(pickle.dumps(sampler.collate_fn))
    np.testing.assert_array_equal(copy(samples).query[0], sampler.collate_fn(samples).query[0])


@pytest.mark.parametrize("value", [0, -1, 1.5, True])
@pytest.mark.parametrize("name", ["ways", "shots", "queries", "episodes", "tasks_per_batch"])
def test_numbers_must_be_positive(name, value):
    with pytest.raises(ValueError, match=f"EpisodeSampler: {name}: expected an integer of at least 1, got {value}"):
        sampler_of(**{name: value})


def test_seed_and_epoch_must_not_be_negative():
    with pytest.raises(ValueError, match="seed: expected an integer of at least 0, got -1"):
        sampler_of(seed=-1)
    with pytest.raises(ValueError, match="epoch: expected an integer of at least 0, got -1"):
        sampler_of().set_epoch(-1)


def test_resume_must_be_within_the_epoch():
    with pytest.raises(ValueError, match="at: expected an integer of at least 0, got -1"):
        sampler_of().resume(-1)
    with pytest.raises(ValueError, match="cannot resume at batch 4: an epoch has 3 batches"):
        sampler_of(tasks_per_batch=2).resume(4)


def test_too_few_classes():
    with pytest.raises(ValueError, match="at least 8 classes, this one has 7; lower ways"):
        sampler_of(ways=8)


def test_classes_with_too_few_examples_are_named():
    dataset = Numbered(classes=3, examples=6)
    dataset.label_of[:5] = [77, 88, 88, 0, 0]
    with pytest.raises(ValueError, match="2 of 5 classes have fewer .class 77 has 1, 88 has 2.;"):
        sampler_of(dataset)


def test_examples_without_a_label_are_refused():
    with pytest.raises(ValueError, match="one number or name per example, got None; leave out what has no label"):
        sampler_of(Numbered(label_form=lambda label: label or None))


def test_one_hot_labels_are_refused():
    dataset = Numbered(label_form=lambda label: np.eye(70)[label])
    with pytest.raises(ValueError, match=r"one number or name.* shape \(70,\); for one-hot"):
        sampler_of(dataset)


@pytest.mark.parametrize("form", [lambda x, y: {"x": x, "label": y}, lambda x, y: (x,), lambda x, y: float(y)])
def test_items_without_a_label_are_refused(form):
    class Other(Numbered):
        def __getitem__(self, index):
            return form(*super().__getitem__(index))

    with pytest.raises(TypeError, match=r"expected items \(x, label\), got (dict|tuple|float); or give .* `labels`"):
        sampler_of(Other())


@pytest.mark.parametrize("dataset", [3, None, iter([])])
def test_what_is_no_dataset_is_refused(dataset):
    with pytest.raises(TypeError, match="EpisodeSampler: dataset: expected a paddle.io.Dataset"):
        EpisodeSampler(dataset, ways=1, shots=1, queries=1, episodes=1)


def test_iterable_dataset_is_refused():
    class Stream(IterableDataset):
        def __iter__(self):
            yield 0, 0

    with pytest.raises(TypeError, match="an IterableDataset has not"):
        sampler_of(Stream())


@pytest.mark.parametrize("count", [0, 8, 18])
def test_collate_refuses_samples_that_are_no_episode(count):
    with pytest.raises(ValueError, match=rf"3 x \(2 \+ 1\) = 9 samples, got {count}"):
        sampler_of().collate_fn([(0.0, 0)] * count)


# Several processes; those of paddle.distributed are in tests/meta_batch/in_processes.py


@pytest.mark.parametrize("tasks_per_batch", [None, 3, 4])
def test_processes_together_see_the_batches_that_one_would(tasks_per_batch):
    def drawn(**options):
        return list(sampler_of(episodes=6, **options))

    alone = drawn(tasks_per_batch=tasks_per_batch or 2)
    shares = [drawn(tasks_per_batch=tasks_per_batch, num_replicas=2, rank=rank) for rank in (0, 1)]
    size = 9  # 3 ways, 2 + 1 examples
    for whole, *parts in zip(alone, *shares):
        episodes = [sorted(part[i : i + size] for part in parts for i in range(0, len(part), size))]
        assert episodes == [sorted(whole[i : i + size] for i in range(0, len(whole), size))]
    assert len(alone) == len(shares[0]) == len(shares[1])


def test_a_share_is_resumed_at_its_batch():
    sampler = sampler_of(episodes=6, tasks_per_batch=2, num_replicas=2, rank=1)
    batches = list(sampler)
    sampler.resume(at=1)
    assert len(sampler) == 2 and list(sampler) == batches[1:]


@pytest.mark.parametrize(("episodes", "tasks_per_batch", "fewest"), [(5, None, 1), (5, 4, 1), (6, 1, 1)])
def test_a_batch_without_an_episode_for_each_process_is_refused(episodes, tasks_per_batch, fewest):
    sampler = sampler_of(episodes=episodes, tasks_per_batch=tasks_per_batch, num_replicas=2, rank=0)
    for iterate in (lambda: next(iter(sampler)), lambda: len(sampler)):
        with pytest.raises(ValueError, match=f"EpisodeSampler: {episodes} .* one of {fewest}, too few for 2 processes"):
            iterate()


def test_a_rank_is_one_of_the_processes():
    with pytest.raises(ValueError, match="EpisodeSampler: rank: expected one below num_replicas=2, got 2"):
        sampler_of(num_replicas=2, rank=2)
    with pytest.raises(ValueError, match="EpisodeSampler: rank: expected an integer of at least 0, got None"):
        sampler_of(num_replicas=2)


# --- examples of different lengths ----------------------------------------------------------


class Sounds(Numbered):
    """Example i has 1 + i % 4 frames of two numbers, all of them i + 1, and a text as long."""

    padding = {"ids": -1}

    def __getitem__(self, index):
        length = 1 + index % 4
        x = {
            "frames": np.full((length, 2), index + 1.0),
            "ids": [index + 1] * length,
            "lengths": length,
            "index": index,
        }
        return x, self.label_of[index]


def test_padding_of_another_kind_is_the_data_sets_own():
    dataset = Numbered()
    dataset.padding = 4  # of pictures before they are cropped
    assert len(list(EpisodeLoader(dataset, sampler_of(dataset)))) == len(sampler_of(dataset))


@pytest.mark.parametrize("workers", [0, 2])
def test_examples_with_lengths_are_padded_to_the_longest_of_the_batch(workers):
    dataset = Sounds()
    sampler = sampler_of(dataset, tasks_per_batch=4, episodes=8)
    for indices, batch in zip(sampler, read_to_its_end(EpisodeLoader(dataset, sampler, **with_workers(workers)))):
        longest = max(1 + index % 4 for index in indices)
        for (xs, _), (xq, _) in batch:
            for x in (xs, xq):
                assert x["frames"].shape == [len(x["index"]), longest, 2] and x["ids"].shape == [
                    len(x["index"]),
                    longest,
                ]
                for row, index in enumerate(x["index"].tolist()):
                    length = 1 + index % 4
                    assert int(x["lengths"][row]) == length
                    after = longest - length
                    assert x["ids"][row].tolist() == [index + 1] * length + [-1] * after
                    assert x["frames"][row, :, 1].tolist() == [index + 1] * length + [0] * after


@pytest.mark.parametrize("form", [lambda x: x[: int(x[0]) % 2 + 1], lambda x: {"a": x[: int(x[0]) % 2 + 1]}])
def test_examples_of_different_shapes_without_lengths(form):
    dataset = Numbered(form=form)
    sampler = sampler_of(dataset, ways=7, shots=2, queries=2)
    reason = r"have the shapes \[1\], \[2\], expected one; .* give x as a dict with an entry \"lengths\""
    with pytest.raises(ValueError, match=reason):
        sampler.collate_fn([dataset[i] for i in next(iter(sampler))])


@pytest.mark.parametrize("entries", [{"lengths": 1}, {}])
def test_entries_are_the_same_in_all_examples(entries):
    first, last = {**entries, "a": np.ones(1)}, {**entries, "b": np.ones(1)}
    with pytest.raises(ValueError, match="have the entries .*'a' and .*'b', expected the same in all"):
        sampler_of().collate_fn([(first, 0)] * 8 + [(last, 0)])
    with pytest.raises(ValueError, match="have the entries .*'a' and .*'b', expected the same in all"):
        sampler_of().collate_fn([((first,), 0)] * 8 + [((last,), 0)])


def test_tuples_are_of_one_length_and_examples_of_numbers():
    with pytest.raises(ValueError, match="are tuples of 1 and 2 entries, expected the same in all"):
        sampler_of().collate_fn([((1.0, 2.0), 0)] * 8 + [((1.0,), 0)])
    for x in ("a", None, {"text": "a"}):
        with pytest.raises(TypeError, match="expected arrays, Tensors or numbers, got "):
            sampler_of().collate_fn([(x, 0)] * 9)
