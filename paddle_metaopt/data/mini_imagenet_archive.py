"""miniImageNet on disk, zipped or unpacked: found, checked, decoded."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from paddle_metaopt.data.archive_files import ArchiveError, Unpacked, Zipped, errors_of
from paddle_metaopt.data.array_cache import mapped_array, user_cache_dir

_NAME = "mini-imagenet"
_LARGEST_LIST = 4 << 20  # bytes; train.csv has 1.2 MB


class Split(NamedTuple):
    """One of the three sets of classes, as it should be."""

    name: str
    classes: int
    photographs: int = 600  # of each
    side: int = 84


SPLITS = {"train": Split("train", 64), "valid": Split("val", 16), "test": Split("test", 20)}


class Photographs:
    """All photographs of a split that is complete.

    Attributes
    ----------
    names : list of str
        The classes, sorted.

    Raises
    ------
    FileNotFoundError
        If there is neither the zip nor what is unpacked from it in `root` or ``root/mini-imagenet``.
    ValueError
        If it is damaged, or has not the number of classes and photographs, or something else in a photograph's place;
        `images` as well.
    """

    def __init__(self, split: Split, root: Path) -> None:
        self._split = split
        self._files = _found(split, root)
        try:
            stamps = self._files.stamps(self._is_ours)
            by_class = _by_class(self._list(stamps))
            self._require_all(by_class)
            self.names = sorted(by_class)
            self._stamps = _in_order(by_class, stamps)
        except ArchiveError as error:
            raise self._unusable(str(error)) from error

    def images(self) -> np.ndarray:
        """uint8 [classes · photographs, side, side, 3], class by class as in `names`; within one by file name.

        Decoded once, then mapped from a file beside the archive or, where that can't be written, in the user's cache
        folder. Its name holds a digest of the photographs.
        """
        side = self._split.side
        return mapped_array(
            f"{_NAME}-{self._split.name}-{self._digest()}",
            (len(self._stamps), side, side, 3),
            [self._files.path.parent, user_cache_dir()],
            self._decode,
        )

    def _is_ours(self, path: str) -> bool:
        """Whether it is like ``mini-imagenet/images/n0153282900000005.jpg``, or the split's list."""
        parts = PurePosixPath(path).parts
        if "__MACOSX" in parts or parts[-1].startswith("."):
            return False
        is_image = len(parts) >= 2 and parts[-2] == "images" and parts[-1].endswith(".jpg")
        return is_image or parts[-1] == f"{self._split.name}.csv"

    def _list(self, stamps: dict) -> list[tuple[str, str]]:
        """(path, class) of each photograph that the split's list names."""
        lists = [path for path in stamps if path.endswith(".csv")]
        if len(lists) != 1:
            raise ArchiveError(f"it holds {len(lists)} files {self._split.name}.csv, expected 1")
        (content,) = self._files.contents(lists, _LARGEST_LIST)
        with errors_of(f"{lists[0]} in it cannot be read"):
            rows = list(csv.reader(io.StringIO(content.decode())))
        if not rows or rows[0] != ["filename", "label"] or any(len(row) != 2 for row in rows):
            raise ArchiveError(f"{lists[0]} in it is not a line filename,label and one such pair for each photograph")
        folder = PurePosixPath(lists[0]).parent / "images"
        return [(str(folder / filename), label) for filename, label in rows[1:]]

    def _require_all(self, by_class: dict[str, list[str]]) -> None:
        split = self._split
        if len(by_class) != split.classes:
            raise ArchiveError(f"{split.name}.csv in it names {len(by_class)} classes, expected {split.classes}")
        for name, paths in by_class.items():
            if len(set(paths)) != split.photographs or len(paths) != split.photographs:
                raise ArchiveError(
                    f"{split.name}.csv in it names {len(set(paths))} photographs of {name} in {len(paths)} lines, "
                    f"expected {split.photographs}"
                )

    def _digest(self) -> str:
        digest = hashlib.sha256(b"uint8, red green blue last")
        for path, stamp in self._stamps.items():
            digest.update(f"{path} {stamp}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()[:16]

    def _decode(self) -> np.ndarray:
        paths, side = list(self._stamps), self._split.side
        images = np.empty((len(paths), side, side, 3), np.uint8)
        try:
            for path, image, content in zip(paths, images, self._files.contents(paths)):
                with errors_of(f"{path} in it cannot be read"):
                    image[:] = _pixels(content, side)
        except ArchiveError as error:
            raise self._unusable(str(error)) from error
        return images

    def _unusable(self, reason: str) -> ValueError:
        return ValueError(f"{self._files.path} is not the complete miniImageNet: {reason}")


def _found(split: Split, root: Path) -> Zipped | Unpacked:
    for folder in (root, root / _NAME):
        if (folder / f"{_NAME}.zip").is_file():
            return Zipped(folder / f"{_NAME}.zip")
        if (folder / f"{split.name}.csv").is_file():
            return Unpacked(folder)
    raise FileNotFoundError(
        f"neither {_NAME}.zip nor {split.name}.csv beside the folder images is in {root} or {root / _NAME}. "
        "miniImageNet may not be passed on freely, so there is no download: get it from those who have ImageNet's terms"
    )


def _by_class(photographs: list[tuple[str, str]]) -> dict[str, list[str]]:
    classes: dict[str, list[str]] = {}
    for path, name in photographs:
        classes.setdefault(name, []).append(path)
    return classes


def _in_order(by_class: dict[str, list[str]], stamps: dict) -> dict[str, object]:
    """Path to stamp of every photograph, class by class."""
    paths = [path for name in sorted(by_class) for path in sorted(by_class[name])]
    for path in paths:
        if path not in stamps:
            raise ArchiveError(f"{path} is not in it")
    return {path: stamps[path] for path in paths}


def _pixels(jpeg: bytes, side: int) -> np.ndarray:
    with JpegImageFile(io.BytesIO(jpeg)) as photograph:  # reads the header only
        if photograph.size != (side, side) or photograph.mode != "RGB":
            width, height = photograph.size
            raise ValueError(f"it is {width} x {height} of mode {photograph.mode}, expected {side} x {side}, RGB")
        return np.asarray(photograph)
