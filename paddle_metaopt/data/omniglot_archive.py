"""Omniglot's two archives on disk, zipped or unpacked: found, checked, decoded."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from paddle.utils import download as downloader
from PIL import Image, ImageChops

from paddle_metaopt.data.array_cache import cached_array, user_cache_dir

DRAWINGS_PER_CHARACTER = 20
_DECODING = "greyscale, ink 255, Lanczos"


class Archive(NamedTuple):
    """One of the two official archives, as it should be."""

    name: str
    characters: int
    md5: str

    @property
    def url(self) -> str:
        return f"https://raw.githubusercontent.com/brendenlake/omniglot/master/python/{self.name}.zip"


BACKGROUND = Archive("images_background", 964, "68d2efa1b9178cc56df9314c21c6e718")
EVALUATION = Archive("images_evaluation", 659, "6b91aef0f799c5bb55b94e3f2daec811")


class Drawings:
    """All drawings of one archive that is complete.

    Attributes
    ----------
    names : list of str
        The characters in sorted order, as "Latin/character01".

    Raises
    ------
    FileNotFoundError
        If the archive is in neither ``root`` nor ``root/omniglot``, and not to be downloaded.
    ValueError
        If it is damaged, or has not the official number of characters and drawings.
    """

    def __init__(self, archive: Archive, root: Path, download: bool = False) -> None:
        self._archive = archive
        self._files = _find(archive, root) or _fetch(archive, root, download)
        try:
            self._stamps = self._files.stamps()
        except zipfile.BadZipFile as error:
            raise self._unusable(f"it cannot be opened ({error})") from error
        self._drawings = _group_by_character(archive.name, self._stamps)
        self.names = sorted(self._drawings)
        self._require_all()

    def images(self, image_size: int) -> np.ndarray:
        """The drawings as uint8 [characters, 20, image_size, image_size], ink 255 on 0.

        Decoded once, then read from a file beside the archive or, where that can't be written,
        in the user's cache folder. Its name holds a digest of the drawings.
        """
        return cached_array(
            f"omniglot-{self._archive.name}-{image_size}-{self._digest()}",
            (len(self.names), DRAWINGS_PER_CHARACTER, image_size, image_size),
            [self._files.path.parent, user_cache_dir()],
            lambda: self._decode(image_size),
        )

    def _paths(self) -> list[str]:
        return [path for name in self.names for path in sorted(self._drawings[name])]

    def _digest(self) -> str:
        digest = hashlib.sha256(_DECODING.encode())
        for path in self._paths():
            digest.update(f"{path} {self._stamps[path]}\n".encode())
        return digest.hexdigest()[:16]

    def _decode(self, image_size: int) -> np.ndarray:
        paths = self._paths()
        contents = self._files.contents(paths)
        images = np.empty((len(paths), image_size, image_size), np.uint8)
        for path, image in zip(paths, images):
            try:
                image[:] = _ink(next(contents), image_size)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError) as error:
                raise self._unusable(f"{path} in it cannot be read ({error})") from error
        return images.reshape(-1, DRAWINGS_PER_CHARACTER, image_size, image_size)

    def _require_all(self) -> None:
        expected = self._archive.characters
        if len(self.names) != expected:
            raise self._unusable(f"it holds {len(self.names)} characters, expected {expected}")
        for name in self.names:
            count = len(self._drawings[name])
            if count != DRAWINGS_PER_CHARACTER:
                raise self._unusable(f"it holds {count} drawings of {name}, expected {DRAWINGS_PER_CHARACTER}")

    def _unusable(self, reason: str) -> ValueError:
        return ValueError(
            f"{self._files.path} is not the complete {self._archive.name} of Omniglot: {reason}. "
            f"Delete it, then get {self._archive.url} or pass download=True"
        )


class _Zip:
    def __init__(self, path: Path) -> None:
        self.path = path

    def stamps(self) -> dict[str, object]:
        with zipfile.ZipFile(self.path) as file:
            return {member.filename: member.CRC for member in file.infolist()}

    def contents(self, names: list[str]) -> Iterator[bytes]:
        with zipfile.ZipFile(self.path) as file:
            for name in names:
                yield file.read(name)


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def stamps(self) -> dict[str, object]:
        stamps = {}
        for folder, _, names in os.walk(self.path):
            inside = Path(folder).relative_to(self.path.parent).as_posix()
            for name in names:
                status = os.stat(os.path.join(folder, name))
                stamps[f"{inside}/{name}"] = (status.st_size, status.st_mtime_ns)
        return stamps

    def contents(self, names: list[str]) -> Iterator[bytes]:
        for name in names:
            yield (self.path.parent / name).read_bytes()


def _find(archive: Archive, root: Path) -> _Zip | _Folder | None:
    for folder in (root, root / "omniglot"):
        zipped, unpacked = folder / f"{archive.name}.zip", folder / archive.name
        if zipped.is_file():
            return _Zip(zipped)
        if unpacked.is_dir():
            return _Folder(unpacked)
    return None


def _fetch(archive: Archive, root: Path, download: bool) -> _Zip:
    if not download:
        raise FileNotFoundError(
            f"{archive.name}.zip, or the folder {archive.name} unpacked from it, is neither in "
            f"{root} nor in {root / 'omniglot'}. Get {archive.url} or pass download=True"
        )
    path = downloader.get_path_from_url(archive.url, str(root), archive.md5, decompress=False)
    return _Zip(Path(path))


def _group_by_character(archive_name: str, paths: dict[str, object]) -> dict[str, list[str]]:
    """The drawings, ``…/images_background/Latin/character01/0709_01.png``, by character."""
    characters: dict[str, list[str]] = {}
    for path in paths:
        parts = PurePosixPath(path).parts
        if len(parts) < 4 or parts[-4] != archive_name:
            continue
        if parts[-1].endswith(".png") and not parts[-1].startswith("."):
            characters.setdefault(f"{parts[-3]}/{parts[-2]}", []).append(path)
    return characters


def _ink(png: bytes, image_size: int) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as drawing:
        ink = ImageChops.invert(drawing.convert("L"))
    return np.asarray(ink.resize((image_size, image_size), Image.Resampling.LANCZOS))
