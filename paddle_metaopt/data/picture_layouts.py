"""The layouts in which people keep the pictures of few-shot learning, each with the place it is known from."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np

from paddle_metaopt.data.archive_files import ArchiveError, Unpacked, Zipped, errors_of
from paddle_metaopt.data.pickle_files import text
from paddle_metaopt.data.picture_files import pixels
from paddle_metaopt.data.picture_sources import Archive, PickledPictures, PictureFiles, Rows
from paddle_metaopt.data.published_pictures import Layout, Split
from paddle_metaopt.data.tar_files import Tarred

_LARGEST_LIST = 4 << 20  # bytes; miniImageNet's train.csv has 1.2 MB
_ENDINGS = (".jpg", ".jpeg", ".JPEG", ".png")


def listed_pictures(archive: str) -> Layout:
    """``images/``, and for each split a csv of filename,label, zipped or unpacked; as Ravi and Larochelle's lists.

    The lists may be in a folder ``split`` beside ``images``, as in github.com/Sha-Lab/FEAT.
    """

    def find(folder: Path, split: Split) -> PictureFiles | None:
        files = None
        if (folder / archive).is_file():
            files = Zipped(folder / archive)
        elif any((folder / below / f"{split.name}.csv").is_file() for below in ("", "split")):
            files = Unpacked(folder)
        return files and PictureFiles(files, partial(_is_listed, split), partial(_by_list, split), pixels)

    return Layout(f"{archive}, or {{split}}.csv (a line filename,label for each picture) and images/", find)


def class_folders(is_class: Callable[[str], Any], prefix: str = "") -> Layout:
    """A folder a split, and in it a folder a class.

    As in github.com/yaoyao-liu/meta-transfer-learning (miniImageNet, tieredImageNet) and github.com/icoz69/DeepEMD.
    """

    def find(folder: Path, split: Split) -> PictureFiles | None:
        place = folder / f"{prefix}{split.name}"
        if not place.is_dir() or not any(is_class(path.name) for path in place.iterdir() if path.is_dir()):
            return None
        return PictureFiles(Unpacked(place), is_picture, lambda _, paths: by_folder(paths), pixels)

    return Layout(f"{prefix}{{split}}/ with a folder a class", find)


def listed_classes(name: str, lists: str, endings: tuple[str, ...]) -> Layout:
    """``data/`` with a folder a class, and the classes of each split in a text; zipped or unpacked.

    As the authors of CIFAR-FS give it out, github.com/bertinetto/r2d2.
    """

    def find(folder: Path, split: Split) -> PictureFiles | None:
        wanted = partial(_is_in_listed_class, f"splits/{lists}/{split.name}.txt", endings)
        choose = partial(_by_listed_class, f"splits/{lists}/{split.name}.txt")
        for files in _archive_or_folder(folder, f"{name}.zip", [folder / name, folder]):
            if not isinstance(files, Unpacked) or (files.path / "splits" / lists / f"{split.name}.txt").is_file():
                return PictureFiles(files, wanted, choose, pixels)
        return None

    return Layout(f"{name}.zip, or data/ with a folder a class and splits/{lists}/{{split}}.txt", find)


def pickled(
    names: list[str],
    take: Callable[..., Rows],
    archives: Iterable[str] = (),
    below: str = "",
    called: Mapping[str, str] = MappingProxyType({}),
) -> Layout:
    """Files that belong together, loose (in the folder `below`, or without it) or in an archive.

    ``{split}`` in a name stands for the split's, or what it is `called` here; `take` gets the split, and what each file
    holds.
    """

    def find(folder: Path, split: Split) -> PickledPictures | None:
        wanted = [name.format(split=called.get(split.name, split.name)) for name in names]
        files = [Unpacked(place) for place in (folder, folder / below) if all((place / n).is_file() for n in wanted)]
        files += [archived(folder / name) for name in archives if (folder / name).is_file()]
        return PickledPictures(files[0], wanted, partial(take, split)) if files else None

    in_archive = f", loose or in {' or '.join(archives)}" if archives else ""
    return Layout(" and ".join(names) + in_archive, find, called)


def archived(path: Path) -> Archive:
    return Zipped(path) if path.suffix == ".zip" else Tarred(path)


def is_picture(path: str) -> bool:
    return path.endswith(_ENDINGS) and not is_hidden(path)


def is_hidden(path: str) -> bool:
    """What systems leave in archives and folders."""
    parts = PurePosixPath(path).parts
    return "__MACOSX" in parts or parts[-1].startswith(".")


def by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    """The paths by the folder that they are in."""
    classes: dict[str, list[str]] = {}
    for path in paths:
        classes.setdefault(PurePosixPath(path).parts[-2], []).append(path)
    return classes


def of_class_dict(_: Split, cache: dict) -> Rows:
    """The rows of ``{"image_data": pixels, "class_dict": {name: row numbers}}``."""
    cache = text(cache)
    of_class = text(cache["class_dict"])
    names = sorted(of_class)
    labels = np.full(len(cache["image_data"]), -1)
    for label, name in enumerate(names):
        labels[np.asarray(of_class[name])] = label
    if labels.min() < 0 or sum(map(len, of_class.values())) != len(labels):
        raise ValueError("class_dict does not give one class to each picture")
    return Rows(labels, names, np.asarray(cache["image_data"]))


def of_labels(_: Split, pictures: dict, key: str = "labels") -> Rows:
    """The rows of ``{"data": pixels, "labels": a number for each}``, the numbers sorted."""
    pictures = text(pictures)
    numbers, labels = np.unique(np.asarray(pictures[key]), return_inverse=True)
    return Rows(labels, [str(number) for number in numbers.tolist()], np.asarray(pictures["data"]))


def _archive_or_folder(folder: Path, archive: str, folders: list[Path]) -> list[Archive]:
    zipped = [Zipped(folder / archive)] if (folder / archive).is_file() else []
    return zipped + [Unpacked(place) for place in folders if place.is_dir()]


def _is_listed(split: Split, path: str) -> bool:
    """Whether it is like ``mini-imagenet/images/n0153282900000005.jpg``, or the split's list."""
    parts = PurePosixPath(path).parts
    is_image = len(parts) >= 2 and parts[-2] == "images" and is_picture(path)
    return not is_hidden(path) and (is_image or parts[-1] == f"{split.name}.csv")


def _by_list(split: Split, files: Archive, paths: list[str]) -> dict[str, list[str]]:
    place, content = _only(files, paths, f"{split.name}.csv")
    with errors_of(f"{place} in it cannot be read"):
        rows = list(csv.reader(io.StringIO(content.decode())))
    if not rows or rows[0] != ["filename", "label"] or any(len(row) != 2 for row in rows):
        raise ArchiveError(f"{place} in it is not a line filename,label and one such pair for each photograph")
    if len(dict(rows)) != len(rows):
        raise ArchiveError(f"{place} in it names a photograph twice")
    folder = PurePosixPath(place).parent
    images = (folder.parent if folder.name == "split" else folder) / "images"
    classes: dict[str, list[str]] = {}
    for filename, name in rows[1:]:
        classes.setdefault(name, []).append(str(images / filename))
    return classes


def _is_in_listed_class(listed: str, endings: tuple[str, ...], path: str) -> bool:
    parts = PurePosixPath(path).parts
    is_image = len(parts) >= 3 and parts[-3] == "data" and path.endswith(endings)
    return not is_hidden(path) and (is_image or path.endswith(listed))


def _by_listed_class(listed: str, files: Archive, paths: list[str]) -> dict[str, list[str]]:
    _, content = _only(files, paths, listed)
    with errors_of(f"{listed} in it cannot be read"):
        names = content.decode().split()
    classes = by_folder(path for path in paths if not path.endswith(listed))
    return {name: classes.get(name, []) for name in names}


def _only(files: Archive, paths: list[str], name: str) -> tuple[str, bytes]:
    """The path and content of the only file of that name."""
    found = [path for path in paths if path.endswith(name)]
    if len(found) != 1:
        raise ArchiveError(f"it holds {len(found)} files {name}, expected 1")
    ((path, content),) = files.contents(found, _LARGEST_LIST)
    return path, content
