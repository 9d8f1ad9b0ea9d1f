"""A published set of pictures on disk, in one of the layouts that people have: found, checked, decoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from paddle_metaopt.data.archive_files import ArchiveError
from paddle_metaopt.data.array_cache import cached_json, mapped_array, user_cache_dir


class Split(NamedTuple):
    """One of the three sets of classes, as it should be."""

    name: str  # in the names of files
    classes: int
    pictures: int | None = 600  # of each class; None where they differ
    total: int | None = None  # where it is known and the above is None


class Layout(NamedTuple):
    """A way to keep the pictures on a disk."""

    what: str  # what is looked for; {split} stands for the split's name
    find: Callable[[Path, Split], Any]  # the source of the pictures in a folder, or None
    called: Mapping[str, str] = MappingProxyType({})  # what the splits are called, where it is something else


class Published(NamedTuple):
    """What was published, and how people have it."""

    title: str
    key: str  # begins the names of cached files
    side: int
    splits: dict[str, Split]  # by mode
    layouts: tuple[Layout, ...]
    folders: tuple[str, ...]  # below the root, where it is looked for as well
    where: str  # one gets it


class Pictures:
    """All pictures of a split that is complete.

    Attributes
    ----------
    names : list of str
        The classes.
    counts : list of int
        How many pictures each has.

    Raises
    ------
    FileNotFoundError
        If none of the layouts is in `root` or in one of its folders that may have them.
    ValueError
        If what was found is damaged, or has not the number of classes and pictures, or something else in a picture's
        place; `images` as well.
    """

    def __init__(self, published: Published, split: Split, root: Path) -> None:
        self._published, self._split = published, split
        self._source, folder = _found(published, split, root)
        self._folders = [folder, user_cache_dir()]
        with self._refusing():
            self._key = f"{published.key}-{split.name}-{_digest(self._source.marks())}"
            classes = self._classes()
            self._require_all(classes)
        self.names, self.counts = [name for name, _ in classes], [count for _, count in classes]

    def images(self) -> np.ndarray:
        """uint8 [pictures, side, side, 3], class by class as in `names`.

        Decoded once, then mapped from a file beside the archive or, where that can't be written, in the user's cache
        folder. Its name holds a digest of the pictures.
        """
        side, title = self._published.side, f"{self._published.title} {self._split.name}"
        shape = (sum(self.counts), side, side, 3)
        with self._refusing():
            return mapped_array(self._key, shape, self._folders, lambda: self._source.images(side, title))

    def _classes(self) -> list:
        if self._source.is_listed_at_once:
            return self._source.classes()
        return cached_json(self._key, self._folders, self._source.classes, _are_classes)

    def _require_all(self, classes: list) -> None:
        split = self._split
        if len(classes) != split.classes:
            raise ArchiveError(f"it holds {len(classes)} classes of {split.name}, expected {split.classes}")
        for name, count in classes:
            if split.pictures is not None and count != split.pictures:
                raise ArchiveError(f"it holds {count} pictures of {name}, expected {split.pictures}")
        total = sum(count for _, count in classes)
        if split.total is not None and total != split.total:
            raise ArchiveError(f"it holds {total} pictures of {split.name}, expected {split.total}")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except ArchiveError as error:
            raise ValueError(f"{self._source.path} is not the complete {self._published.title}: {error}") from error


def _found(published: Published, split: Split, root: Path) -> tuple[Any, Path]:
    """The source of the pictures, and the folder that it was found in."""
    folders = [root, *(root / name for name in published.folders)]
    for folder in folders:
        for layout in published.layouts:
            source = layout.find(folder, split)
            if source is not None:
                return source, folder
    looked_for = "".join(f"\n- {_described(layout, split)}" for layout in published.layouts)
    raise FileNotFoundError(
        f"{published.title} is not in {' or '.join(map(str, folders))}; looked for any of{looked_for}\n"
        f"{published.where}"
    )


def _described(layout: Layout, split: Split) -> str:
    return layout.what.format(split=layout.called.get(split.name, split.name))


def _digest(marks: list[str]) -> str:
    digest = hashlib.sha256(b"uint8, red green blue last")
    for mark in marks:
        digest.update(mark.encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _are_classes(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and type(pair[1]) is int
        for pair in value
    )
