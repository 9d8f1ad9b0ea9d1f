"""The data set of Omniglot's characters: classes, splits, rotations; and the real one, where it is at hand."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from drawings import forbid_decoding, png
from helpers import read_to_its_end, with_workers
from paddle.io import DataLoader
from PIL import Image

from paddle_metaopt.data import EpisodeSampler, Omniglot
from paddle_metaopt.data.omniglot_archive import BACKGROUND, EVALUATION, Drawings

BITS = np.arange(11)
NEAREST = Image.Resampling.NEAREST
REAL_ROOT = Path(os.environ.get("OMNIGLOT_ROOT", "/work/shared/data/omniglot"))


@pytest.fixture(scope="module")
def whole_omniglot(tmp_path_factory):
    """All 1623 characters, drawn as 4 x 4 fields of which 11 tell the character's number, and the last one, which is
    white unlike the first, which way is up.

    The number counts from 0 over the background archive and on over the evaluation archive, in
    the sorted order of names; these are "AlphabetA/character001"… and "AlphabetB/character001"…
    """
    root = tmp_path_factory.mktemp("whole-omniglot")
    number = 0
    for archive, alphabet in ((BACKGROUND, "AlphabetA"), (EVALUATION, "AlphabetB")):
        with zipfile.ZipFile(root / f"{archive.name}.zip", "w") as file:
            for character in range(archive.characters):
                fields = np.zeros(16, np.uint8)
                fields[:12] = [1, *(number >> BITS & 1)]
                content = png(np.asarray(Image.fromarray(255 * fields.reshape(4, 4)).resize((105, 105), NEAREST)))
                number += 1
                for drawing in range(20):
                    folder = f"{archive.name}/{alphabet}/character{character + 1:03}"
                    file.writestr(f"{folder}/{number:04}_{drawing + 1:02}.png", content)
    return root


def test_missing_archive_names_file_places_and_source(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        Omniglot(tmp_path)
    message = str(error.value)
    assert "images_background.zip" in message
    assert f"{tmp_path} nor in {tmp_path / 'omniglot'}" in message
    assert BACKGROUND.url in message
    assert "download=True" in message


def test_all_archives_are_checked_before_any_is_decoded(tmp_path, whole_omniglot, monkeypatch):
    forbid_decoding(monkeypatch)
    (tmp_path / "images_background.zip").symlink_to(whole_omniglot / "images_background.zip")
    with pytest.raises(FileNotFoundError, match="images_evaluation.zip, or the folder"):
        Omniglot(tmp_path)


def character_number(image: np.ndarray) -> int:
    """What `whole_omniglot` drew, if the image is not rotated."""
    fields = np.rint(image.ravel()).astype(int)
    assert fields[0] == 1 and not fields[12:].any()
    return int((fields[1:12] << BITS).sum())


def name_of_number(number: int) -> str:
    if number < 964:
        return f"AlphabetA/character{number + 1:03}"
    return f"AlphabetB/character{number - 963:03}"


@pytest.mark.parametrize(
    ("split", "mode", "characters"),
    [
        ("maml", "train", 1100),
        ("maml", "valid", 100),
        ("maml", "test", 423),
        ("official", "train", 964),
        ("official", "test", 659),
    ],
)
def test_every_label_goes_with_its_name_and_drawings(whole_omniglot, split, mode, characters):
    dataset = Omniglot(whole_omniglot, mode, split, image_size=4, rotations=False)
    assert dataset.num_classes == len(dataset.class_names) == characters
    assert len(dataset) == len(dataset.labels) == 20 * characters
    assert dataset.labels.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(dataset.labels), 20)
    for index in range(0, len(dataset), 7):
        image, label = dataset[index]
        assert type(label) is int and label == dataset.labels[index]
        assert name_of_number(character_number(image)) == dataset.class_names[label]


def test_maml_modes_share_nothing_and_leave_nothing_out(whole_omniglot):
    modes = [
        set(Omniglot(whole_omniglot, mode, image_size=4, rotations=False).class_names)
        for mode in ("train", "valid", "test")
    ]
    assert len(set.union(*modes)) == sum(map(len, modes)) == 1623


def test_maml_split_is_the_documented_permutation(whole_omniglot):
    shuffled = np.random.RandomState(0).permutation(1623)
    assert shuffled[:4].tolist() == [501, 752, 1520, 883]  # the same with every numpy
    dataset = Omniglot(whole_omniglot, "valid", image_size=4)
    expected = {name_of_number(number) for number in shuffled[1100:1200]}
    assert set(dataset.class_names) == expected


def test_official_split_needs_its_own_archive_only(tmp_path, whole_omniglot):
    (tmp_path / "images_evaluation.zip").symlink_to(whole_omniglot / "images_evaluation.zip")
    assert Omniglot(tmp_path, "test", "official", image_size=4).num_classes == 659


def test_rotations_are_more_classes_turned_anticlockwise(whole_omniglot):
    plain = Omniglot(whole_omniglot, "valid", image_size=4)
    turned = Omniglot(whole_omniglot, "valid", image_size=4, rotations=True)
    assert turned.num_classes == len(turned.class_names) == 400
    assert len(turned) == 4 * len(plain)
    for label in (0, 37, 99):
        upright = plain[20 * label][0]
        for quarter in range(4):
            image, turned_label = turned[20 * (4 * label + quarter)]
            name = turned.class_names[turned_label]
            assert name == f"{plain.class_names[label]}/rot{90 * quarter:03}"
            np.testing.assert_array_equal(image[0], np.rot90(upright[0], quarter))
            assert image.flags.c_contiguous and image.dtype == np.float32
    first_row_goes_to_first_column_upwards = turned[20][0][0, ::-1, 0]
    np.testing.assert_array_equal(first_row_goes_to_first_column_upwards, plain[0][0][0, 0])


def test_rotations_are_for_training_by_default(whole_omniglot):
    assert Omniglot(whole_omniglot, "train", image_size=4).num_classes == 4400
    assert Omniglot(whole_omniglot, "valid", image_size=4).num_classes == 100
    assert Omniglot(whole_omniglot, "test", image_size=4).num_classes == 423


def test_is_a_sequence(whole_omniglot):
    dataset = Omniglot(whole_omniglot, "valid", image_size=4)
    assert sum(1 for _ in dataset) == len(dataset)
    np.testing.assert_array_equal(dataset[-1][0], dataset[len(dataset) - 1][0])
    assert dataset[-1][1] == 99
    with pytest.raises(IndexError):
        dataset[len(dataset)]


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="Omniglot: mode: expected one of 'train', 'valid', 'test', got 'val'"):
        Omniglot(tmp_path, "val")
    with pytest.raises(ValueError, match="split: expected one of 'maml', 'official', got 'lake'"):
        Omniglot(tmp_path, split="lake")
    with pytest.raises(ValueError, match="image_size: expected an integer of at least 1, got 0"):
        Omniglot(tmp_path, image_size=0)
    for name in ("rotations", "download"):
        with pytest.raises(TypeError, match=f"Omniglot: {name}: expected True or False, got 'no'"):
            Omniglot("", **{name: "no"})
    with pytest.raises(TypeError, match="Omniglot: root: expected a path, got 3"):
        Omniglot(3)
    with pytest.raises(ValueError, match='no mode "valid": use "train" or "test", or split="maml"'):
        Omniglot(tmp_path, "valid", "official")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    if not (REAL_ROOT / "images_evaluation.zip").is_file():
        pytest.skip(f"no Omniglot in {REAL_ROOT}; set OMNIGLOT_ROOT")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PADDLE_METAOPT_CACHE", str(tmp_path_factory.mktemp("real-cache")))
        before = sorted(os.listdir(REAL_ROOT))
        yield Omniglot(REAL_ROOT, "test", "official", rotations=True)
        if not os.stat(REAL_ROOT).st_mode & 0o222:
            assert sorted(os.listdir(REAL_ROOT)) == before


def test_real_images_are_those_decoded_by_hand(real):
    label = real.class_names.index("Angelic/character01/rot000")
    with zipfile.ZipFile(REAL_ROOT / "images_evaluation.zip") as file:
        content = file.read("images_evaluation/Angelic/character01/0965_03.png")
    original = Image.open(io.BytesIO(content))
    assert original.size == (105, 105)
    ink = np.where(np.asarray(original), 0, 255).astype(np.uint8)
    by_hand = Image.fromarray(ink).resize((28, 28), Image.Resampling.LANCZOS)
    image, _ = real[20 * label + 2]
    assert image.shape == (1, 28, 28)
    np.testing.assert_array_equal(image[0], np.asarray(by_hand, np.float32) / 255)
    assert 0.8 < image.max() <= 1.0 and image.min() == 0.0
    assert np.median(image) == 0.0


def test_real_archives_are_complete(real):
    background, evaluation = (Drawings(a, REAL_ROOT) for a in (BACKGROUND, EVALUATION))
    assert (len(background.names), len(evaluation.names)) == (964, 659)
    alphabets = [{name.split("/")[0] for name in d.names} for d in (background, evaluation)]
    assert [len(names) for names in alphabets] == [30, 20]
    assert not alphabets[0] & alphabets[1]


def test_real_episodes_load_with_workers(real):
    sampler = EpisodeSampler(real, ways=5, shots=1, queries=3, episodes=4, tasks_per_batch=2)
    for workers in (0, 2):
        batches = read_to_its_end(
            DataLoader(real, batch_sampler=sampler, collate_fn=sampler.collate_fn, **with_workers(workers))
        )
        assert len(batches) == 2
        for (xs, ys), (xq, yq) in (episode for batch in batches for episode in batch):
            assert xs.shape == [5, 1, 28, 28] and xq.shape == [15, 1, 28, 28]
            assert ys.tolist() == [0, 1, 2, 3, 4]
            assert yq.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
