from __future__ import annotations

import numpy as np
import paddle
import pytest
from helpers import read_to_its_end, with_workers
from paddle.io import DataLoader

from paddle_metaopt.data import Episode, Sinusoid


def test_points_lie_on_the_curve_of_the_episode():
    dataset = Sinusoid(shots=5, queries=7, episodes=20, seed=3)
    for i in range(20):
        episode = dataset[i]
        assert isinstance(episode, Episode)
        amplitude, phase = dataset.amplitude_and_phase(i)
        for (x, y), points in ((episode.support, 5), (episode.query, 7)):
            assert x.shape == y.shape == (points, 1)
            assert x.dtype == y.dtype == np.float32
            np.testing.assert_allclose(y, amplitude * np.sin(np.float64(x) - phase), atol=5e-6)


def test_amplitudes_phases_and_inputs_fill_their_ranges():
    dataset = Sinusoid(episodes=2000)
    curves = np.array([dataset.amplitude_and_phase(i) for i in range(2000)])
    inputs = np.concatenate([dataset[i].support[0] for i in range(500)])
    for values, low, high in (
        (curves[:, 0], 0.1, 5.0),
        (curves[:, 1], 0.0, np.pi),
        (inputs, -5.0, 5.0),
    ):
        width = high - low
        assert low <= values.min() < low + 0.01 * width
        assert high - 0.01 * width < values.max() <= high
        assert abs(values.mean() - (low + high) / 2) < 0.05 * width


def test_an_episode_depends_on_seed_and_number_only():
    one, same, longer = Sinusoid(seed=1), Sinusoid(seed=1), Sinusoid(seed=1, episodes=10**6)
    one[0], one[5]
    np.testing.assert_array_equal(one[7].query[1], same[7].query[1])
    np.testing.assert_array_equal(one[7].query[1], longer[7].query[1])
    assert one.amplitude_and_phase(7) != one.amplitude_and_phase(8)
    assert one.amplitude_and_phase(7) != Sinusoid(seed=2).amplitude_and_phase(7)


def test_is_a_sequence():
    dataset = Sinusoid(episodes=3)
    assert len(dataset) == len(list(dataset)) == 3
    np.testing.assert_array_equal(dataset[-1].support[0], dataset[2].support[0])
    assert dataset.amplitude_and_phase(-1) == dataset.amplitude_and_phase(2)
    with pytest.raises(IndexError):
        dataset[3]


@pytest.mark.parametrize("workers", [0, 2])
def test_loads_one_by_one(workers):
    dataset = Sinusoid(shots=5, queries=7, episodes=4)
    loaded = read_to_its_end(DataLoader(dataset, batch_size=None, **with_workers(workers)))
    assert len(loaded) == 4
    for i, ((xs, ys), (xq, yq)) in enumerate(loaded):
        for tensor, array in zip((xs, ys, xq, yq), (*dataset[i].support, *dataset[i].query)):
            assert isinstance(tensor, paddle.Tensor)
            np.testing.assert_array_equal(tensor.numpy(), array)


def test_loads_meta_batches():
    (xs, _), (xq, _) = next(iter(DataLoader(Sinusoid(shots=5, queries=7), batch_size=4)))
    assert (xs.shape, xq.shape) == ([4, 5, 1], [4, 7, 1])


@pytest.mark.parametrize("name", ["shots", "queries", "episodes"])
def test_numbers_must_be_positive(name):
    with pytest.raises(ValueError, match=f"Sinusoid: {name}: expected an integer of at least 1, got 0"):
        Sinusoid(**{name: 0})


def test_seed_must_not_be_negative():
    with pytest.raises(ValueError, match="Sinusoid: seed: expected an integer of at least 0, got -1"):
        Sinusoid(seed=-1)
