from __future__ import annotations

import numpy as np
import pytest
from layouts import class_dict, pictures_of, small, write_files

from paddle_metaopt.data import Episode, EpisodeLoader, MiniImageNet, episodes, ready_loaders
from paddle_metaopt.data.mini_imagenet import MINI_IMAGENET


@pytest.fixture
def root(tmp_path, monkeypatch):
    """miniImageNet with three small classes for each mode."""
    monkeypatch.setattr(MiniImageNet, "published", small(MINI_IMAGENET, pictures=4))
    for first, split in enumerate(("train", "val", "test")):
        names = [f"n{10 * first + number:08}" for number in range(3)]
        content = class_dict(pictures_of(names, each=4, first=1000 * first))
        write_files(tmp_path, {f"mini-imagenet-cache-{split}.pkl": content})
    return tmp_path


def test_one_line_gives_three_loaders(root):
    train, valid, test = episodes(
        "mini-imagenet", root, ways=2, shots=1, queries=3, tasks_per_batch=4, episodes=10, eval_episodes=3
    )
    assert all(isinstance(loader, EpisodeLoader) for loader in (train, valid, test))
    assert [len(batch) for batch in train] == [4, 4, 2]
    for loader in (valid, test):
        assert [type(episode) for episode in loader] == [Episode] * 3
    (xs, ys), (xq, yq) = next(iter(train))[0]
    assert xs.shape == [2, 3, 8, 8] and xq.shape == [6, 3, 8, 8]
    assert ys.tolist() == [0, 1] and yq.tolist() == [0, 0, 0, 1, 1, 1]
    classes = [set(loader.dataset.class_names) for loader in (train, valid, test)]
    assert len(set.union(*classes)) == 9


def test_episodes_come_one_by_one_unless_it_is_said(root):
    train, _, _ = episodes("mini-imagenet", root, ways=2, queries=3, episodes=2)
    assert [type(episode) for episode in train] == [Episode] * 2


def test_seed_and_epoch_decide_the_episodes(root):
    def first(seed: int, epoch: int = 0) -> np.ndarray:
        train, _, _ = episodes("mini-imagenet", root, ways=2, queries=3, episodes=1, seed=seed)
        train.batch_sampler.set_epoch(epoch)
        return next(iter(train)).query[0].numpy()

    np.testing.assert_array_equal(first(3), first(3))
    assert not np.array_equal(first(3), first(4))
    assert not np.array_equal(first(3), first(3, epoch=1))


def test_options_go_to_the_data_set(root, monkeypatch):
    class Given(MiniImageNet):
        def __init__(self, root, mode, **options):
            seen.append((mode, options))
            super().__init__(root, mode)

    seen = []
    monkeypatch.setitem(ready_loaders.DATASETS, "mini-imagenet", Given)
    episodes("mini-imagenet", root, ways=2, queries=3, image_size=8)
    assert seen == [(mode, {"image_size": 8}) for mode in ("train", "valid", "test")]


def test_every_name_is_a_data_set_of_this_package():
    from paddle_metaopt import data

    assert set(ready_loaders.DATASETS.values()) <= {getattr(data, name) for name in data.__all__}


def test_wrong_arguments(root):
    with pytest.raises(ValueError, match="episodes: name: expected one of 'omniglot', 'mini-imagenet', .*got 'mnist'"):
        episodes("mnist", root)
    with pytest.raises(ValueError, match="ways=5 needs a dataset of at least 5 classes, this one has 3"):
        episodes("mini-imagenet", root)
    with pytest.raises(FileNotFoundError, match="CUB is not in"):
        episodes("cub", root)
    for name in ("mini-imagenet", "omniglot", "fewrel"):
        with pytest.raises(NotADirectoryError, match="root: expected the folder that the data are in, got the file /"):
            episodes(name, root / "mini-imagenet-cache-train.pkl")
