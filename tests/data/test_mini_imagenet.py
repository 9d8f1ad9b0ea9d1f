from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_metaopt.data import EpisodeSampler, MiniImageNet
from paddle_metaopt.data.mini_imagenet import MINI_IMAGENET
from paddle_metaopt.data.picture_sources import PictureFiles
from paddle_metaopt.data.published_pictures import Pictures, Split

SPLITS = MINI_IMAGENET.splits
SMALL = Split("train", classes=3, pictures=4)
ZIP = "mini-imagenet.zip"
REAL_ROOT = Path(os.environ.get("MINI_IMAGENET_ROOT", "/work/shared/data/mini-imagenet"))


def photographs(split: Split, root: Path, side: int = 8) -> Pictures:
    return Pictures(MINI_IMAGENET._replace(side=side), split, root)


def jpeg(seed: int, side: int = 8, mode: str = "RGB") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "jpeg")
    return file.getvalue()


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def name_of(label: int, number: int) -> str:
    return f"n{label:08}{number:08}.jpg"


def files_of(split: Split, first_class: int = 0, side: int = 8) -> dict[str, bytes]:
    """The list and the photographs, whose content tells class and number; the list begins with the last ones."""
    names = [(c, i) for c in range(first_class, first_class + split.classes) for i in range(split.pictures)]
    rows = "".join(f"{name_of(c, i)},n{c:08}\n" for c, i in reversed(names))
    images = {f"mini-imagenet/images/{name_of(c, i)}": jpeg(100 * c + i, side) for c, i in names}
    return {f"mini-imagenet/{split.name}.csv": f"filename,label\n{rows}".encode(), **images}


def write(root: Path, files: dict[str, bytes], form: str = "zip") -> None:
    """Zipped, unpacked to the folder mini-imagenet, or what is in that."""
    root.mkdir(parents=True, exist_ok=True)
    if form == "zip":
        with zipfile.ZipFile(root / ZIP, "w") as file:
            for name, content in files.items():
                file.writestr(name, content)
        return
    for name, content in files.items():
        path = root / (name if form == "folder" else name.partition("/")[2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def expected() -> np.ndarray:
    return np.stack([pixels(jpeg(100 * c + i)) for c in range(3) for i in range(4)])


def never(*_):
    raise AssertionError("decoded again")


def forbid_decoding(monkeypatch):
    monkeypatch.setattr(PictureFiles, "images", never)


# --- the archive on disk --------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "mini-imagenet"])
@pytest.mark.parametrize("form", ["zip", "folder", "content"])
def test_photographs_are_found_zipped_or_unpacked(tmp_path, below, form):
    write(tmp_path / below, files_of(SMALL), form)
    if (below, form) == ("mini-imagenet", "folder"):
        with pytest.raises(FileNotFoundError):  # that would be two folders deep
            photographs(SMALL, tmp_path)
        return
    found = photographs(SMALL, tmp_path)
    assert found.names == [f"n{c:08}" for c in range(3)]
    np.testing.assert_array_equal(found.images(), expected())


def test_what_the_list_does_not_name_is_ignored(tmp_path):
    rubbish = {
        "mini-imagenet/images/n9999999900000001.jpg": b"of another split",
        "__MACOSX/mini-imagenet/train.csv": b"",
        "mini-imagenet/images/.hidden.jpg": b"",
        "mini-imagenet/val.csv": b"filename,label\n",
    }
    write(tmp_path, {**rubbish, **files_of(SMALL)})
    np.testing.assert_array_equal(photographs(SMALL, tmp_path).images(), expected())


def test_missing_archive_names_what_is_needed_and_where(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        MiniImageNet(tmp_path)
    assert f"miniImageNet is not in {tmp_path} or {tmp_path / 'mini-imagenet'} or" in str(error.value)
    assert f"\n- {ZIP}, or train.csv" in str(error.value)
    assert "get it from someone who may share it under ImageNet's terms" in str(error.value)


def test_a_file_that_is_no_zip(tmp_path):
    (tmp_path / ZIP).write_bytes(b"PK, it says")
    with pytest.raises(ValueError, match=f"{ZIP} is not the complete miniImageNet: it cannot be opened"):
        photographs(SMALL, tmp_path)


def without_a_photograph(files):
    del files[f"mini-imagenet/images/{name_of(1, 2)}"]
    return f"images/{name_of(1, 2)} is not in it"


def without_the_list(files):
    del files["mini-imagenet/train.csv"]
    return "it holds 0 files train.csv, expected 1"


def with_two_lists(files):
    files["other/train.csv"] = files["mini-imagenet/train.csv"]
    return "it holds 2 files train.csv, expected 1"


def with_a_list_of_something_else(files):
    files["mini-imagenet/train.csv"] = b"image,class\n"
    return "not a line filename,label"


def with_a_list_that_is_no_text(files):
    files["mini-imagenet/train.csv"] = b"\xff\xfe"
    return "train.csv in it cannot be read"


def with_a_class_too_few(files):
    files["mini-imagenet/train.csv"] = files["mini-imagenet/train.csv"].replace(b",n00000002", b",n00000001")
    return "it holds 2 classes of train, expected 3"


def with_a_line_too_few(files):
    list_ = files["mini-imagenet/train.csv"]
    files["mini-imagenet/train.csv"] = list_.replace(f"{name_of(1, 2)},n00000001\n".encode(), b"")
    return "it holds 3 pictures of n00000001, expected 4"


def with_a_photograph_twice(files):
    lines = files["mini-imagenet/train.csv"].replace(name_of(1, 2).encode(), name_of(1, 3).encode())
    files["mini-imagenet/train.csv"] = lines
    return "train.csv in it names a photograph twice"


@pytest.mark.parametrize(
    "damage",
    [
        without_a_photograph,
        without_the_list,
        with_two_lists,
        with_a_list_of_something_else,
        with_a_list_that_is_no_text,
        with_a_class_too_few,
        with_a_line_too_few,
        with_a_photograph_twice,
    ],
)
def test_an_archive_that_is_not_complete(tmp_path, damage):
    files = files_of(SMALL)
    reason = damage(files)
    write(tmp_path, files)
    with pytest.raises(ValueError, match=f"{ZIP} is not the complete miniImageNet: .*{reason}"):
        photographs(SMALL, tmp_path)


NO_PHOTOGRAPHS = {
    "empty": (b"", "(not a JPEG|Truncated|cannot identify)"),
    "truncated": (jpeg(1)[:100], "Truncated"),
    "too large": (jpeg(1, side=9), "it is 9 x 9 of mode RGB, expected 8 x 8, RGB"),
    "grey": (jpeg(1, mode="L"), "it is 8 x 8 of mode L, expected 8 x 8, RGB"),
    "endless": (b"\0" * (65 << 10), "more than 65536 bytes"),
}


@pytest.mark.parametrize("content, reason", NO_PHOTOGRAPHS.values(), ids=NO_PHOTOGRAPHS)
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_photograph_that_is_none_is_named_and_nothing_is_cached(tmp_path, user_cache, content, reason, form):
    write(tmp_path, {**files_of(SMALL), f"mini-imagenet/images/{name_of(1, 2)}": content}, form)
    with pytest.raises(ValueError, match=f"images/{name_of(1, 2)} in it cannot be read .*{reason}"):
        photographs(SMALL, tmp_path).images()
    assert not list(tmp_path.rglob("*.npy"))


# --- the cache ------------------------------------------------------------------------------


def test_decodes_once(tmp_path, monkeypatch):
    write(tmp_path, files_of(SMALL))
    photographs(SMALL, tmp_path).images()
    forbid_decoding(monkeypatch)
    np.testing.assert_array_equal(photographs(SMALL, tmp_path).images(), expected())


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_changed_photograph_is_decoded_anew(tmp_path, form):
    files = files_of(SMALL)
    write(tmp_path, files, form)
    photographs(SMALL, tmp_path).images()
    write(tmp_path, {**files, f"mini-imagenet/images/{name_of(1, 2)}": jpeg(999)}, form)
    np.testing.assert_array_equal(photographs(SMALL, tmp_path).images()[6], pixels(jpeg(999)))


def test_read_only_data_is_cached_for_the_user(tmp_path, user_cache, monkeypatch):
    root = tmp_path / "data"
    write(root, files_of(SMALL))
    root.chmod(0o555)
    photographs(SMALL, root).images()
    assert os.listdir(root) == [ZIP]
    assert len(os.listdir(user_cache)) == 1
    forbid_decoding(monkeypatch)
    np.testing.assert_array_equal(photographs(SMALL, root).images(), expected())


# --- the dataset ----------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The three splits, small, in one zip."""
    files, first = {}, 0
    for mode, classes in (("train", 5), ("valid", 3), ("test", 2)):
        split = Split(SPLITS[mode].name, classes, pictures=4)
        monkeypatch.setitem(SPLITS, mode, split)
        files.update(files_of(split, first, side=84))
        first += classes
    write(tmp_path, files)
    return tmp_path


def test_items_are_photographs_channels_first_and_labels_by_class(small):
    dataset = MiniImageNet(small, "valid")
    assert dataset.class_names == ["n00000005", "n00000006", "n00000007"]
    assert len(dataset) == 12 and dataset.num_classes == 3
    assert dataset.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    image, label = dataset[4 * 1 + 2]
    assert label == 1 and image.dtype == np.float32 and image.flags.c_contiguous
    by_hand = pixels(jpeg(602, side=84)).transpose(2, 0, 1).astype(np.float32) / 255
    np.testing.assert_array_equal(image, by_hand)
    np.testing.assert_array_equal(dataset[-1][0], dataset[11][0])
    with pytest.raises(IndexError):
        dataset[12]


def test_modes_share_no_class(small):
    names = [set(MiniImageNet(small, mode).class_names) for mode in ("train", "valid", "test")]
    assert [len(n) for n in names] == [5, 3, 2]
    assert len(set.union(*names)) == 10


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="MiniImageNet: mode: expected one of 'train', 'valid', 'test', got 'val'"):
        MiniImageNet(tmp_path, "val")
    with pytest.raises(TypeError, match="MiniImageNet: root: expected a path, got 3"):
        MiniImageNet(3)


# --- the real thing -------------------------------------------------------------------------


def test_the_real_archive_is_complete_and_split_as_published():
    if not (REAL_ROOT / ZIP).is_file():
        pytest.skip(f"no miniImageNet in {REAL_ROOT}; set MINI_IMAGENET_ROOT")
    classes = {mode: photographs(split, REAL_ROOT, 84).names for mode, split in SPLITS.items()}
    assert [len(names) for names in classes.values()] == [64, 16, 20]
    assert len(set().union(*classes.values())) == 100
    # The first and last of Ravi and Larochelle's lists.
    ends = {mode: (names[0], names[-1]) for mode, names in classes.items()}
    assert ends["train"] == ("n01532829", "n13133613")
    assert ends["valid"] == ("n01855672", "n09256479")
    assert ends["test"] == ("n01930112", "n07613480")


def test_episodes_are_drawn_from_it(small):
    dataset = MiniImageNet(small, "train")
    sampler = EpisodeSampler(dataset, ways=5, shots=1, queries=3, episodes=2)
    assert all(len(indices) == 20 for indices in sampler)
