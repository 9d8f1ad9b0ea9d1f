"""Omniglot's two archives on disk, zipped or unpacked: found, checked, decoded."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from paddle.utils import download as downloader
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngImageFile

from paddle_metaopt.data.archive_files import ArchiveError, Unpacked, Zipped, errors_of
from paddle_metaopt.data.array_cache import cached_array, user_cache_dir
from paddle_metaopt.data.picture_sources import progress

DRAWINGS_PER_CHARACTER = 20
_DECODING = "greyscale, ink 255, Lanczos"


class Archive(NamedTuple):
    """One of the two official archives, as it should be."""

    name: str
    characters: int
    md5: str
    side: int = 105

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
        If it is damaged, or has not the official number of characters and drawings, or something
        else in a drawing's place; `images` as well.
    """

    def __init__(self, archive: Archive, root: Path, download: bool = False) -> None:
        self._archive = archive
        self._files = _find(archive, root) or _fetch(archive, root, download)
        try:
            self._stamps = self._files.stamps(self._is_drawing)
        except ArchiveError as error:
            raise self._unusable(str(error)) from error
        self._drawings = _group_by_character(self._stamps)
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

    def _is_drawing(self, path: str) -> bool:
        """Whether it is like ``…/images_background/Latin/character01/0709_01.png``."""
        parts = path.rstrip("/").split("/")  # by pathlib, a second for all of them
        inside = len(parts) >= 4 and parts[-4] == self._archive.name
        return inside and parts[-1].endswith(".png") and not parts[-1].startswith(".")

    def _paths(self) -> list[str]:
        return [path for name in self.names for path in sorted(self._drawings[name])]

    def _digest(self) -> str:
        digest = hashlib.sha256(_DECODING.encode())
        for path in self._paths():
            digest.update(f"{path} {self._stamps[path]}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()[:16]

    def _decode(self, image_size: int) -> np.ndarray:
        paths = self._paths()
        images = np.empty((len(paths), image_size, image_size), np.uint8)
        try:
            drawings = progress(self._files.contents(paths), len(paths), f"Omniglot {self._archive.name}")
            for image, (path, content) in zip(images, drawings):
                with errors_of(f"{path} in it cannot be read"):
                    image[:] = _ink(content, self._archive.side, image_size)
        except ArchiveError as error:
            raise self._unusable(str(error)) from error
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


def _find(archive: Archive, root: Path) -> Zipped | Unpacked | None:
    for folder in (root, root / "omniglot"):
        zipped, unpacked = folder / f"{archive.name}.zip", folder / archive.name
        if zipped.is_file():
            return Zipped(zipped)
        if unpacked.is_dir():
            return Unpacked(unpacked)
    return None


def _fetch(archive: Archive, root: Path, download: bool) -> Zipped:
    if not download:
        raise FileNotFoundError(
            f"{archive.name}.zip, or the folder {archive.name} unpacked from it, is neither in "
            f"{root} nor in {root / 'omniglot'}. Get {archive.url} or pass download=True"
        )
    path = downloader.get_path_from_url(archive.url, str(root), archive.md5, decompress=False)
    return Zipped(Path(path))


def _group_by_character(paths: Iterable[str]) -> dict[str, list[str]]:
    characters: dict[str, list[str]] = {}
    for path in paths:
        alphabet, character = path.split("/")[-3:-1]
        characters.setdefault(f"{alphabet}/{character}", []).append(path)
    return characters


def _ink(png: bytes, side: int, image_size: int) -> np.ndarray:
    with PngImageFile(io.BytesIO(png)) as drawing:  # reads the header only
        if drawing.size != (side, side) or drawing.mode not in ("1", "L"):
            width, height = drawing.size
            raise ValueError(
                f"it is {width} x {height} of mode {drawing.mode}, expected {side} x {side}, black and white or grey"
            )
        ink = ImageChops.invert(drawing.convert("L"))
    return np.asarray(ink.resize((image_size, image_size), Image.Resampling.LANCZOS))
