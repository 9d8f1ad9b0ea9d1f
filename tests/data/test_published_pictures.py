from __future__ import annotations

import os
import pickle
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from layouts import (
    WORDNET,
    cifar_100,
    class_dict,
    class_folders,
    data_and_labels,
    listed_classes,
    picture,
    pictures_of,
    png,
    shuffled,
    small,
    tiered,
    tiered_npz,
    write_files,
    write_tar,
    write_zip,
)
from pickles import by_python2, by_python3

from paddle_metaopt.data import CIFARFS, CUB, FC100, FewShotPictures, MiniImageNet, TieredImageNet, cub
from paddle_metaopt.data.cifar_few_shot import CIFAR_FS, FC_100
from paddle_metaopt.data.cub import CUB_200
from paddle_metaopt.data.mini_imagenet import MINI_IMAGENET
from paddle_metaopt.data.picture_sources import PickledPictures, PictureFiles, progress
from paddle_metaopt.data.published_pictures import Pictures, Published, Split
from paddle_metaopt.data.tiered_imagenet import TIERED_IMAGENET

MODES = {"train": "train", "valid": "val", "test": "test"}


def loose(files, root: Path, split: str, pictures):
    write_files(root, files(pictures, split))


def in_zip(name: str, files, root: Path, split: str, pictures):
    write_zip(root / name, files(pictures, split))


def in_tar(name: str, mode: str, files, root: Path, split: str, pictures):
    write_tar(root / name, files(pictures, split), mode)


def one(name: str, content):
    """A single file for each split."""
    return lambda pictures, split: {name.format(split): content(pictures)}


def below(folder: str, files):
    return lambda pictures, split: {f"{folder}/{name}": content for name, content in files(pictures, split).items()}


CACHE = one("mini-imagenet-cache-{}.pkl", class_dict)
OLD_CACHE = one("mini-imagenet-cache-{}.pkl", partial(class_dict, pickler=by_python2))


def r2d2(pictures, split):
    """With files in PNG, whose pixels are the same again, by the ending of JPEG."""
    return listed_classes(pictures, split, "ravi-larochelle", ".jpg")


def bertinetto(pictures, split):
    return listed_classes(pictures, split, "bertinetto", ".png")


def feat(pictures, split):
    """github.com/Sha-Lab/FEAT: the lists in split/, and the files by the ending of JPEG."""
    files = {f"{name}{i:08}.jpg": (name, p) for name, all_ in pictures.items() for i, p in enumerate(all_)}
    list_ = "filename,label\n" + "".join(f"{file},{name}\n" for file, (name, _) in files.items())
    images = {f"images/{file}": png(p) for file, (_, p) in files.items()}
    return {f"split/{split}.csv": list_.encode(), **images}


def meta_folders(pictures, split):
    return class_folders(pictures, f"meta-{split}")


def named_by_zenodo(pictures, split):
    return {f"tiered-imagenet-{name}": content for name, content in tiered(pictures, split).items()}


#: How the classes are known, and in which order.
SORTED, AS_GIVEN, NUMBERED = "by name, sorted", "by name, in the order of their numbers", "by number only"

LAYOUTS = {
    "mini: a folder a class": (MINI_IMAGENET, partial(loose, class_folders), SORTED),
    "mini: in its folder": (MINI_IMAGENET, partial(loose, below("mini-imagenet", class_folders)), SORTED),
    "mini: lists in split/": (MINI_IMAGENET, partial(loose, feat), SORTED),
    "mini: r2d2": (MINI_IMAGENET, partial(loose, r2d2), SORTED),
    "mini: r2d2 zipped": (MINI_IMAGENET, partial(in_zip, "miniimagenet.zip", below("miniimagenet", r2d2)), SORTED),
    "mini: cache": (MINI_IMAGENET, partial(loose, CACHE), SORTED),
    "mini: cache by Python 2": (MINI_IMAGENET, partial(loose, OLD_CACHE), SORTED),
    "mini: cache in tar.gz": (MINI_IMAGENET, partial(in_tar, "mini-imagenet.tar.gz", "w:gz", OLD_CACHE), SORTED),
    "tiered: a folder a class": (TIERED_IMAGENET, partial(loose, below("tiered_imagenet", class_folders)), SORTED),
    "tiered: pickles": (TIERED_IMAGENET, partial(loose, below("tiered-imagenet", tiered)), AS_GIVEN),
    "tiered: tar": (
        TIERED_IMAGENET, partial(in_tar, "tiered-imagenet.tar", "w", below("tiered-imagenet", tiered)), AS_GIVEN
    ),
    "tiered: tar.xz": (TIERED_IMAGENET, partial(in_tar, "tiered-imagenet.tar.xz", "w:xz", tiered), AS_GIVEN),
    "tiered: named by Zenodo": (TIERED_IMAGENET, partial(loose, named_by_zenodo), AS_GIVEN),
    "tiered: npz": (TIERED_IMAGENET, partial(loose, tiered_npz), NUMBERED),
    "CIFAR-FS: bertinetto": (CIFAR_FS, partial(loose, below("cifarfs/cifar100", bertinetto)), SORTED),
    "CIFAR-FS: bertinetto zipped": (CIFAR_FS, partial(in_zip, "cifar100.zip", below("cifar100", bertinetto)), SORTED),
    "CIFAR-FS: pickle": (CIFAR_FS, partial(loose, one("CIFAR_FS_{}.pickle", data_and_labels)), NUMBERED),
    "CIFAR-FS: zip": (
        CIFAR_FS, partial(in_zip, "CIFAR-FS.zip", one("CIFAR-FS/CIFAR_FS_{}.pickle", data_and_labels)), NUMBERED
    ),
    "CIFAR-FS: a folder a class": (CIFAR_FS, partial(loose, below("cifar_fs", meta_folders)), SORTED),
    "FC100: pickle": (FC_100, partial(loose, one("FC100/FC100_{}.pickle", data_and_labels)), NUMBERED),
    "FC100: zip": (FC_100, partial(in_zip, "FC100.zip", one("FC100_{}.pickle", data_and_labels)), NUMBERED),
    "CUB: zip": (
        CUB_200, partial(in_zip, "cubfs.zip", one("cub_{}.pkl", partial(data_and_labels, key="label"))), NUMBERED
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("published, write, order", LAYOUTS.values(), ids=LAYOUTS)
def test_a_split_is_found_in_each_layout(tmp_path, monkeypatch, published, write, order, mode):
    published = small(published)
    given = pictures_of(WORDNET)
    write(tmp_path, MODES[mode], given)
    split = published.splits[mode]

    found = Pictures(published, split, tmp_path)
    names = sorted(given) if order == SORTED else list(given)
    assert found.names == (["0", "1", "2"] if order == NUMBERED else names)
    assert found.counts == [2, 2, 2]
    expected = np.stack([p for name in names for p in given[name]])
    np.testing.assert_array_equal(found.images(), expected)

    for source in (PictureFiles, PickledPictures):
        monkeypatch.setattr(source, "images", never)
    monkeypatch.setattr(PickledPictures, "classes", never)
    again = Pictures(published, split, tmp_path)
    assert (again.names, again.counts) == (found.names, found.counts)
    np.testing.assert_array_equal(again.images(), expected)


def never(*_):
    raise AssertionError("read again")


@pytest.mark.parametrize(
    "mode, name, content",
    [
        ("valid", "mini-imagenet-cache-validation.pkl", class_dict),
        ("train", "miniImageNet_category_split_train_phase_train.pickle", data_and_labels),
        ("valid", "miniImageNet_category_split_val.pickle", data_and_labels),
        ("test", "miniImageNet_category_split_test.pickle", partial(data_and_labels, pickler=by_python3, first=80)),
    ],
)
def test_names_of_files_that_differ_from_the_splits(tmp_path, mode, name, content):
    given = pictures_of(WORDNET)
    write_files(tmp_path, {name: content(given)})
    published = small(MINI_IMAGENET)
    found = Pictures(published, published.splits[mode], tmp_path)
    assert found.names in (sorted(given), ["0", "1", "2"], ["80", "81", "82"])
    assert len(found.images()) == 6


# --- CIFAR-100 as it is, and the papers' splits ----------------------------------------------

#: What the papers have for training; the superclasses' numbers are the places in the sorted list of their names.
FC100_TRAINING = [1, 2, 3, 4, 5, 6, 9, 10, 15, 17, 18, 19]


@pytest.fixture
def cifar(monkeypatch):
    """100 classes, their pictures, and the superclass of each."""
    names = sorted([f"class_{i:02}" for i in range(64)] + CIFAR_CLASSES)
    return pictures_of(names, each=3, side=32), {name: i % 20 for i, name in enumerate(names)}


OF_VALIDATION = (
    "beaver beetle butterfly camel cattle crab crocodile flatfish lamp maple_tree motorcycle otter sea shark "
    "television tractor"
)
OF_TEST = (
    "baby bed bicycle chimpanzee fox leopard man pickup_truck plain poppy rocket rose snail sweet_pepper table "
    "telephone wardrobe whale woman worm"
)
CIFAR_CLASSES = f"{OF_VALIDATION} {OF_TEST}".split()


@pytest.mark.parametrize("form", ["tar", "folder", "in the folder"])
def test_cifar_100_is_split_for_cifar_fs(tmp_path, monkeypatch, cifar, form):
    pictures, superclass_of = cifar
    write_cifar(tmp_path, cifar_100(pictures, superclass_of), form)
    root = tmp_path / "cifar-100-python" if form == "in the folder" else tmp_path
    monkeypatch.setattr(CIFARFS, "published", with_pictures(CIFAR_FS, 3))
    train, valid, test = (CIFARFS(root, mode) for mode in MODES)
    assert train.class_names == [f"class_{i:02}" for i in range(64)]
    assert valid.class_names == OF_VALIDATION.split() and test.class_names == OF_TEST.split()
    assert len(valid) == 48
    image, label = valid[3 * 2 + 1]
    assert label == 2 and valid.class_names[2] == "butterfly" and image.shape == (3, 32, 32)
    np.testing.assert_array_equal(image, pictures["butterfly"][1].transpose(2, 0, 1).astype(np.float32) / 255)


def test_cifar_100_is_split_for_fc100(tmp_path, monkeypatch, cifar):
    pictures, superclass_of = cifar
    write_cifar(tmp_path, cifar_100(pictures, superclass_of), "tar")
    monkeypatch.setattr(FC100, "published", with_pictures(FC_100, 3))
    of_mode = {mode: {superclass_of[name] for name in FC100(tmp_path, mode).class_names} for mode in MODES}
    assert of_mode == {"train": set(FC100_TRAINING), "valid": {8, 11, 13, 16}, "test": {0, 7, 12, 14}}
    assert [FC100(tmp_path, mode).num_classes for mode in MODES] == [60, 20, 20]


def write_cifar(root: Path, files: dict[str, bytes], form: str):
    if form == "tar":
        write_tar(root / "cifar-100-python.tar.gz", files, "w:gz")
    else:
        write_files(root, files)


def with_pictures(published: Published, pictures: int) -> Published:
    splits = {mode: split._replace(pictures=pictures) for mode, split in published.splits.items()}
    return published._replace(splits=splits)


# --- CUB -------------------------------------------------------------------------------------


@pytest.fixture
def birds(monkeypatch):
    """One or two photographs of each of 200 species, by path, of different sizes."""
    files = {}
    for number in range(1, 201):
        for i in range(1 + (number % 5 == 0)):
            side = 8 + number % 3
            files[f"{number:03}.Bird/Bird_{i:04}.jpg"] = picture(1000 * number + i, side)[: side - i]
    monkeypatch.setattr(cub, "_PHOTOGRAPHS", len(files))
    return files


@pytest.mark.parametrize("form", ["tgz", "folder", "in the folder"])
def test_birds_are_split_by_every_other_species(tmp_path, birds, form):
    files = {f"CUB_200_2011/images/{name}": png(p) for name, p in birds.items()}
    files["CUB_200_2011/images/._001.Bird"] = files["CUB_200_2011/attributes.txt"] = b"rubbish"
    files["CUB_200_2011/images/001.Bird/._Bird_0000.jpg"] = b"rubbish"
    if form == "tgz":
        write_tar(tmp_path / "CUB_200_2011.tgz", files, "w:gz")
    else:
        write_files(tmp_path, files)
    root = tmp_path / "CUB_200_2011" if form == "in the folder" else tmp_path
    train, valid, test = (CUB(root, mode, image_size=4) for mode in MODES)
    assert train.class_names == [f"{number:03}.Bird" for number in range(1, 201, 2)]
    assert valid.class_names == [f"{number:03}.Bird" for number in range(2, 201, 4)]
    assert test.class_names == [f"{number:03}.Bird" for number in range(4, 201, 4)]
    assert len(train) + len(valid) + len(test) == len(birds)
    assert train.labels.tolist()[:4] == [0, 1, 2, 2] and train[0][0].shape == (3, 4, 4)


def test_a_bird_is_in_the_middle_of_its_photograph(tmp_path, birds):
    """A photograph of one colour with a frame is of that colour alone."""
    framed = np.zeros((92, 46, 3), np.uint8)
    framed[5:-5, 3:-3] = 200, 100, 50
    birds["001.Bird/Bird_0000.jpg"] = framed
    write_files(tmp_path / "CUB_200_2011/images", {name: png(p) for name, p in birds.items()})
    image, _ = CUB(tmp_path, image_size=80)[0]
    assert image.shape == (3, 80, 80)
    np.testing.assert_allclose(
        image[:, 2:-2, 2:-2], np.reshape([200, 100, 50], (3, 1, 1)) / np.full((3, 76, 76), 255), atol=0.01
    )
    assert CUB(tmp_path, image_size=40)[0][0].shape == (3, 40, 40)


def test_birds_that_are_not_complete(tmp_path, birds):
    del birds["007.Bird/Bird_0000.jpg"]
    write_files(tmp_path / "CUB_200_2011/images", {name: png(p) for name, p in birds.items()})
    reason = f"it holds {len(birds)} photographs of 199 species, expected {len(birds) + 1} of 200"
    with pytest.raises(ValueError, match=f"CUB_200_2011 is not the complete CUB: {reason}"):
        CUB(tmp_path)


# --- what is wrong ---------------------------------------------------------------------------


def test_missing_data_says_what_other_names_the_splits_have(tmp_path):
    with pytest.raises(FileNotFoundError, match="\n- miniImageNet_category_split_train_phase_train.pickle"):
        MiniImageNet(tmp_path)
    with pytest.raises(FileNotFoundError, match="\n- mini-imagenet-cache-validation.pkl"):
        MiniImageNet(tmp_path, "valid")


@pytest.mark.parametrize("dataset", [MiniImageNet, TieredImageNet, CIFARFS, FC100, CUB])
def test_missing_data_says_what_was_looked_for_where_and_how_to_get_it(tmp_path, dataset):
    with pytest.raises(FileNotFoundError) as error:
        dataset(tmp_path, "valid")
    title = dataset.published.title
    assert f"{title} is not in {tmp_path} or {tmp_path / dataset.published.folders[0]}" in str(error.value)
    for layout in dataset.published.layouts:
        assert layout.called or f"\n- {layout.what.format(split='val')}" in str(error.value)
    assert str(error.value).endswith(dataset.published.where)


@pytest.mark.parametrize("dataset", [MiniImageNet, TieredImageNet, CIFARFS, FC100, CUB])
def test_wrong_arguments(tmp_path, dataset):
    assert issubclass(dataset, FewShotPictures)
    with pytest.raises(ValueError, match="mode: expected one of 'train', 'valid', 'test', got 'val'"):
        dataset(tmp_path, "val")
    with pytest.raises(TypeError, match=f"{dataset.__name__}: root: expected a path, got 3"):
        dataset(3)


def test_a_side_that_is_none(tmp_path):
    with pytest.raises(ValueError, match="CUB: image_size: expected an integer of at least 1, got 0"):
        CUB(tmp_path, image_size=0)


class Shell:
    def __reduce__(self):
        return os.system, ("touch run",)


GIVEN = pictures_of(WORDNET)
DATA, LABELS = shuffled(GIVEN)
BROKEN = {
    "a command": (Shell(), "mini-imagenet-cache-train.pkl in it cannot be read .*asks for (posix|nt).system"),
    "another dict": ({"images": DATA}, "it holds something else than expected .*no entry 'class_dict'"),
    "a list": ([DATA], "it holds something else than expected"),
    "a picture of no class": (
        {"image_data": DATA, "class_dict": {"n00000001": [0, 1, 2, 3, 4]}}, "does not give one class to each picture"
    ),
    "a picture of two classes": (
        {"image_data": DATA, "class_dict": {"a": [0, 1, 2], "b": [2, 3], "c": [4, 5]}}, "does not give one class"
    ),
    "too few classes": (
        {"image_data": DATA, "class_dict": {"a": [0, 1, 2], "b": [3, 4, 5]}}, "it holds 2 classes of train, expected 3"
    ),
    "too many of a class": (
        {"image_data": DATA, "class_dict": {"a": [0, 1, 2], "b": [3, 4], "c": [5]}},
        "it holds 3 pictures of a, expected 2",
    ),
    "larger pictures": (
        {"image_data": np.zeros((6, 9, 9, 3), np.uint8), "class_dict": {"a": [0, 1], "b": [2, 3], "c": [4, 5]}},
        r"its pictures are uint8 \[6, 9, 9, 3\], expected uint8 \[pictures, 8, 8, 3\]",
    ),
    "pictures in floats": (
        {"image_data": DATA / 255, "class_dict": {"a": [0, 1], "b": [2, 3], "c": [4, 5]}}, "its pictures are float64"
    ),
}  # fmt: skip


@pytest.mark.parametrize("value, reason", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("form", ["loose", "tar"])
def test_a_pickle_that_is_not_what_it_should_be(tmp_path, monkeypatch, value, reason, form):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "data"
    files = {"mini-imagenet-cache-train.pkl": pickle.dumps(value)}
    write_files(root, files) if form == "loose" else write_tar(root / "mini-imagenet.tar.gz", files, "w:gz")
    published = small(MINI_IMAGENET)
    with pytest.raises(ValueError, match=f"is not the complete miniImageNet: .*{reason}"):
        Pictures(published, published.splits["train"], root).images()
    assert not (tmp_path / "run").exists() and not list(tmp_path.rglob("*.npy"))


def test_labels_that_do_not_fit_the_pictures(tmp_path):
    published = small(TIERED_IMAGENET)
    for labels, reason in (
        ([0, 1], r"int64 \[2\] as the labels of 6 pictures"),
        ([0.0] * 6, r"float64 \[6\] as the labels of 6 pictures"),
        ([[0]] * 6, r"int64 \[6, 1\] as the labels of 6 pictures"),
        ([0, 0, 1, 1, 2, 3], "labels that are no numbers from 0 to 2"),
        ([0, 0, 1, 1, 2, -1], "labels that are no numbers from 0 to 2"),
    ):
        content = tiered(GIVEN, "train")
        names = {"label_specific": np.array(labels), "label_specific_str": list(GIVEN)}
        write_files(tmp_path, {**content, "train_labels.pkl": by_python2(names)})
        with pytest.raises(ValueError, match=f"it holds something else than expected .*{reason}"):
            Pictures(published, published.splits["train"], tmp_path)


def test_a_picture_in_a_pickle_that_is_none(tmp_path):
    published = small(TIERED_IMAGENET)
    images = [np.frombuffer(png(picture(i, 8 + (i == 4))), np.uint8) for i in range(6)]
    write_files(tmp_path, {**tiered(GIVEN, "train"), "train_images_png.pkl": by_python3(images)})
    with pytest.raises(ValueError, match="picture 4 in it cannot be read .*it is 9 x 9 of mode RGB, expected 8 x 8"):
        Pictures(published, published.splits["train"], tmp_path).images()


def test_an_npz_with_anything_else(tmp_path):
    write_files(tmp_path, tiered_npz(GIVEN, "train"))
    published = small(TIERED_IMAGENET)
    for arrays, reason in (
        ({"images": np.array([{}])}, "train_images.npz in it cannot be read .*allow_pickle"),
        ({"pictures": DATA}, "something else than expected .*no entry 'images'"),
    ):
        np.savez(tmp_path / "train_images.npz", **arrays)
        with pytest.raises(ValueError, match=f"is not the complete tieredImageNet: .*{reason}"):
            Pictures(published, published.splits["train"], tmp_path)


def test_the_number_of_all_pictures_is_checked_where_classes_differ(tmp_path):
    write_files(tmp_path, tiered(GIVEN, "train"))
    published = small(TIERED_IMAGENET)
    with pytest.raises(ValueError, match="it holds 6 pictures of train, expected 7"):
        Pictures(published, Split("train", 3, None, 7), tmp_path)
    assert Pictures(published, Split("train", 3, None, 6), tmp_path).counts == [2, 2, 2]


def test_an_archive_without_the_file(tmp_path):
    write_zip(tmp_path / "FC100.zip", {"FC100_val.pickle": data_and_labels(GIVEN)})
    published = small(FC_100)
    with pytest.raises(ValueError, match="FC100.zip is not the complete FC100: it holds 0 files FC100_test.pickle"):
        Pictures(published, published.splits["test"], tmp_path)


def test_an_archive_with_the_file_twice(tmp_path):
    content = data_and_labels(GIVEN)
    write_zip(tmp_path / "FC100.zip", {"FC100_val.pickle": content, "old/FC100_val.pickle": content})
    published = small(FC_100)
    with pytest.raises(ValueError, match="it holds 2 files FC100_val.pickle, expected 1"):
        Pictures(published, published.splits["valid"], tmp_path)


def test_a_list_that_names_a_class_without_pictures(tmp_path):
    files = bertinetto(GIVEN, "train")
    files["splits/bertinetto/train.txt"] += b"unicorn\n"
    write_files(tmp_path, files)
    with pytest.raises(ValueError, match="it holds 0 pictures of unicorn, expected 2"):
        Pictures(small(CIFAR_FS), Split("train", 4, 2), tmp_path)


# --- the cache -------------------------------------------------------------------------------


def test_other_pictures_of_the_same_name_are_read_anew(tmp_path):
    published = small(MINI_IMAGENET)
    for first in (0, 5000):
        given = pictures_of(sorted(WORDNET), first=first)
        write_files(tmp_path, CACHE(given, "train"))
        os.utime(tmp_path / "mini-imagenet-cache-train.pkl", (first, first))
        found = Pictures(published, published.splits["train"], tmp_path).images()
        np.testing.assert_array_equal(found, np.concatenate([np.stack(p) for p in given.values()]))


@pytest.mark.parametrize("damage", [b"", b"[[", b"[[1, 2]]", b'{"n": 1}', b"[" * 100_000])
def test_a_damaged_list_of_the_classes_is_made_anew(tmp_path, damage):
    published = small(MINI_IMAGENET)
    write_files(tmp_path, CACHE(GIVEN, "train"))
    Pictures(published, published.splits["train"], tmp_path).images()
    (cached,) = tmp_path.glob("*.json")
    cached.write_bytes(damage)
    found = Pictures(published, published.splits["train"], tmp_path)
    assert found.names == sorted(GIVEN) and len(found.images()) == 6


def test_read_only_data_are_cached_for_the_user(tmp_path, user_cache):
    root = tmp_path / "data"
    write_files(root, CACHE(GIVEN, "train"))
    root.chmod(0o555)
    published = small(MINI_IMAGENET)
    Pictures(published, published.splits["train"], root).images()
    root.chmod(0o755)
    assert os.listdir(root) == ["mini-imagenet-cache-train.pkl"]
    assert sorted(Path(name).suffix for name in os.listdir(user_cache)) == [".json", ".npy"]
    shutil.rmtree(user_cache)


# --- the bar ---------------------------------------------------------------------------------


def test_decoding_shows_a_bar_on_a_terminal(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    assert list(progress(iter("abc"), 3, "FC100 train")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(progress(iter("abc"), 3, "FC100 train")) == ["a", "b", "c"]
    assert "FC100 train: 100%" in capsys.readouterr().err


def test_decoding_goes_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert list(progress(iter("abc"), 3, "FC100 train")) == ["a", "b", "c"]
