"""The files of a tar, compressed or not, read within limits and without unpacking it to the disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from paddle_metaopt.data.archive_files import (
    LARGEST_FILE,
    LARGEST_READ,
    ArchiveError,
    bounded,
    errors_of,
    limited,
    require_new_path_within,
)

_COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


class Tarred:
    """The members of a tar; listing them reads all of a compressed one.

    Raises
    ------
    ArchiveError
        From every method, for whatever is wrong with the tar itself.
    OSError
        If it can't be opened as a file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamps(self, wanted: Callable[[str], bool]) -> dict[str, object]:
        """The members that are wanted, by name."""
        stamps = {}
        for name, member, _ in self._members(wanted):
            require_new_path_within(name, stamps)
            stamps[name] = (member.size, member.mtime)
        return stamps

    def contents(self, names: Iterable[str], largest: int = LARGEST_FILE) -> Iterator[tuple[str, bytes]]:
        """Each member's name and content, in the order of the tar."""
        for name, member, tar in self._members(set(names).__contains__):
            with errors_of(f"{name} in it cannot be read"):
                content = bounded(tar.extractfile(member).read(largest + 1), largest)
            yield name, content

    @contextmanager
    def stream(self, name: str, largest: int) -> Iterator[BinaryIO]:
        """A member to be read piece by piece; an error in the block says that it cannot be read."""
        for _, member, tar in self._members(name.__eq__):
            with errors_of(f"{name} in it cannot be read"):
                yield limited(tar.extractfile(member), largest)
            return
        raise ArchiveError(f"{name} is not in it")

    def _members(self, wanted: Callable[[str], bool]) -> Iterator[tuple[str, tarfile.TarInfo, tarfile.TarFile]]:
        with open(self.path, "rb") as raw:
            with errors_of("it cannot be opened"):
                tar = tarfile.open(fileobj=_Bounded(_decompressed(raw)), mode="r:")  # noqa: SIM115
            while True:
                with errors_of("it cannot be read to its end"):
                    member = tar.next()
                if member is None:
                    return
                tar.members = []  # or else it keeps all of them
                name = str(PurePosixPath(member.name))
                if member.isdir() or not wanted(name):
                    continue
                if not member.isreg():
                    raise ArchiveError(f"{name} in it is no regular file")
                yield name, member, tar


def _decompressed(raw: BinaryIO) -> BinaryIO:
    start = raw.read(6)
    raw.seek(0)
    return next((opened(raw) for magic, opened in _COMPRESSED.items() if start.startswith(magic)), raw)


class _Bounded:
    """A file that refuses to be read in pieces larger than `LARGEST_READ`, as a header that lies asks for."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self._file = file.seek, file.tell, file

    def read(self, size: int) -> bytes:
        if not 0 <= size <= LARGEST_READ:
            raise ValueError(f"a header asks for {size} bytes, expected {LARGEST_READ} at most")
        return self._file.read(size)
