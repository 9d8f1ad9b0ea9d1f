"""Where the pictures of some classes come from: a file each, or all in a pickle."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Union

import numpy as np

from paddle_metaopt.data.archive_files import LARGEST_FILE, ArchiveError, Unpacked, Zipped, errors_of
from paddle_metaopt.data.pickle_files import unpickled
from paddle_metaopt.data.picture_files import pixels
from paddle_metaopt.data.tar_files import Tarred

Archive = Union[Zipped, Unpacked, Tarred]
_LARGEST_PICKLE = 16 << 30  # bytes; the tar of all of tieredImageNet's has 12.9 GB


class PictureFiles:
    """Pictures in files of their own.

    Parameters
    ----------
    files : Zipped, Unpacked or Tarred
    wanted : callable
        Whether a path in it matters.
    by_class : callable
        Of the archive and all such paths, the paths of each class.
    decode : callable
        Of a file's content, its pixels.
    """

    def __init__(
        self, files: Archive, wanted: Callable, by_class: Callable, decode: Callable, largest: int = LARGEST_FILE
    ) -> None:
        self.path, self.is_listed_at_once = files.path, not isinstance(files, Tarred)
        self._files, self._wanted, self._by_class = files, wanted, by_class
        self._decode, self._largest, self._stamps = decode, largest, None

    def marks(self) -> list[str]:
        """Text that changes with the pictures."""
        if not self.is_listed_at_once:
            return [_status(self.path)]
        return [f"{path} {self._stamps[path]}\n" for paths in self._paths().values() for path in paths]

    def classes(self) -> list:
        """A pair [name, number of pictures] for each class, sorted."""
        return [[name, len(paths)] for name, paths in self._paths().items()]

    def images(self, side: int, title: str) -> np.ndarray:
        """uint8 [pictures, side, side, 3], class by class; within one by path."""
        paths = [path for paths in self._paths().values() for path in paths]
        rows = {path: row for row, path in enumerate(paths)}
        images = np.empty((len(paths), side, side, 3), np.uint8)
        for path, content in progress(self._files.contents(paths, self._largest), len(paths), title):
            with errors_of(f"{path} in it cannot be read"):
                images[rows[path]] = self._decode(content, side)
        return images

    def _paths(self) -> dict[str, list[str]]:
        if self._stamps is None:
            stamps = self._files.stamps(self._wanted)
            self._chosen = {
                name: sorted(paths) for name, paths in sorted(self._by_class(self._files, list(stamps)).items())
            }
            missing = [path for paths in self._chosen.values() for path in paths if path not in stamps]
            if missing:
                raise ArchiveError(f"{missing[0]} is not in it")
            self._stamps = stamps
        return self._chosen


class Rows(NamedTuple):
    """What was in a pickle: a label for each picture, the name of each label, and the pictures as pixels or files."""

    labels: np.ndarray
    names: list[str]
    images: np.ndarray | list[np.ndarray]


class PickledPictures:
    """Pictures all in one pickle, or several files that belong together.

    Parameters
    ----------
    files : Zipped, Unpacked or Tarred
        The archive that has them, or the folder.
    names : list of str
        The files, whatever folder of an archive they are in. One ``.npz`` may be among those of a folder.
    take : callable
        Of what the files hold, the `Rows`.
    """

    is_listed_at_once = False

    def __init__(self, files: Archive, names: list[str], take: Callable[..., Rows]) -> None:
        self.path = files.path
        self._files, self._names, self._take, self._rows = files, names, take, None

    def marks(self) -> list[str]:
        """Text that changes with the pictures."""
        if isinstance(self._files, Unpacked):
            return [f"{name} {_status(self.path / name)}" for name in self._names]
        return [_status(self.path)]

    def classes(self) -> list:
        """A pair [name, number of pictures] for each class, by label."""
        self._rows = self._read()
        labels, names, _ = self._rows
        return [[name, int(count)] for name, count in zip(names, np.bincount(labels, minlength=len(names)))]

    def images(self, side: int, title: str) -> np.ndarray:
        """uint8 [pictures, side, side, 3], class by class; within one in the order of the pickle."""
        rows, self._rows = self._rows or self._read(), None
        order = np.argsort(rows.labels, kind="stable")
        if not isinstance(rows.images, np.ndarray):
            return _decoded(rows.images, order, side, title)
        _require_pixels(rows.images, side)
        return rows.images[order]

    def _read(self) -> Rows:
        paths = self._paths()
        found = [self._object(paths[name]) for name in self._names]
        with errors_of("it holds something else than expected"):
            try:
                rows = self._take(*found)
            except KeyError as error:
                raise ValueError(f"there is no entry {error}") from error
            _require_labels(rows)
            return rows

    def _object(self, path: str) -> Any:
        if path.endswith(".npz"):
            place = self.path.parent / path
            with errors_of(f"{path} in it cannot be read"), np.load(place, allow_pickle=False) as arrays:
                return dict(arrays)
        with self._files.stream(path, _LARGEST_PICKLE) as file:
            return unpickled(file)

    def _paths(self) -> dict[str, str]:
        """Each file by its name."""
        if isinstance(self._files, Unpacked):
            return {name: (Path(self.path.name) / name).as_posix() for name in self._names}
        paths = list(self._files.stamps(partial(_is_named, set(self._names))))
        names = [PurePosixPath(path).name for path in paths]
        for name in self._names:
            if names.count(name) != 1:
                raise ArchiveError(f"it holds {names.count(name)} files {name}, expected 1")
        return dict(zip(names, paths))


def progress(items: Iterable, total: int, title: str) -> Iterator:
    """The items, with a bar on a terminal if tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return iter(items)
    return iter(tqdm(items, title, total, disable=None))


def _is_named(names: set[str], path: str) -> bool:
    return PurePosixPath(path).name in names


def _status(path: Path) -> str:
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}\n"


def _require_labels(rows: Rows) -> None:
    labels, names, images = rows
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != len(images):
        raise ValueError(f"{labels.dtype} {list(labels.shape)} as the labels of {len(images)} pictures")
    if len(labels) == 0 or labels.min() < 0 or labels.max() >= len(names):
        raise ValueError(f"labels that are no numbers from 0 to {len(names) - 1}")


def _require_pixels(images: np.ndarray, side: int) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != (side, side, 3):
        raise ArchiveError(
            f"its pictures are {images.dtype} {list(images.shape)}, expected uint8 [pictures, {side}, {side}, 3]"
        )


def _decoded(pictures: list[np.ndarray], order: np.ndarray, side: int, title: str) -> np.ndarray:
    images = np.empty((len(pictures), side, side, 3), np.uint8)
    for image, row in zip(images, progress(order, len(order), title)):
        with errors_of(f"picture {row} in it cannot be read"):
            image[:] = pixels(np.asarray(pictures[row], np.uint8).tobytes(), side)
    return images
