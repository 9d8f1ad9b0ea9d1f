"""The files of an archive, zipped or unpacked, read within limits whatever the archive says of itself."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LARGEST_FILE = 64 << 10  # bytes; Omniglot's largest drawing has 522
LARGEST_READ = 8 << 20  # bytes; a zip's directory is read at once, Omniglot's larger one has 1.9 MB
MOST_FILES = 1_000_000  # in an unpacked archive; tieredImageNet's training classes have 448,695
_PIECE = 1 << 20  # bytes of a stream that are read at once


class ArchiveError(Exception):
    """Why an archive, or which of its members, can't be used."""


def require_new_path_within(name: str, known: Container[str]) -> None:
    """Raise an ArchiveError if a member's name leads out of the archive, or is one of those known already."""
    if name in known:
        raise ArchiveError(f"{name} is in it twice")
    if name.startswith("/") or ".." in name.split("/"):
        raise ArchiveError(f"{name} in it is not a path within it")


class Zipped:
    """The members of a zip.

    Raises
    ------
    ArchiveError
        From every method, for whatever is wrong with the zip itself.
    OSError
        If it can't be opened as a file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamps(self, wanted: Callable[[str], bool]) -> dict[str, object]:
        """The members that are wanted, by name; equal stamps mean equal contents."""
        stamps = {}
        with self._opened() as file:
            for member in file.infolist():
                name = member.filename
                if not wanted(name):
                    continue
                require_new_path_within(name, stamps)
                if member.is_dir() or stat.S_ISLNK(member.external_attr >> 16):
                    raise ArchiveError(f"{name} in it is no regular file")
                stamps[name] = member.CRC
        return stamps

    def contents(self, names: Iterable[str], largest: int = LARGEST_FILE) -> Iterator[tuple[str, bytes]]:
        """Each member's name and content, in an order that suits the archive."""
        with self._opened() as file:
            for name in names:
                with errors_of(f"{name} in it cannot be read"), _member(file, name) as member:
                    content = bounded(member.read(largest + 1), largest)
                yield name, content

    @contextmanager
    def stream(self, name: str, largest: int) -> Iterator[BinaryIO]:
        """A member to be read piece by piece; an error in the block says that it cannot be read."""
        with self._opened() as file, errors_of(f"{name} in it cannot be read"), _member(file, name) as member:
            yield limited(member, largest)

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        with _BoundedFile(self.path) as raw:
            with errors_of("it cannot be opened"):
                file = zipfile.ZipFile(raw)
            with file:
                yield file


class Unpacked:
    """The files in the folder that a zip was unpacked to, by their names in the zip."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamps(self, wanted: Callable[[str], bool]) -> dict[str, object]:
        """The files that are wanted, by name; equal stamps mean equal contents."""
        stamps = {}
        for count, name in enumerate(self._names()):
            if count == MOST_FILES:
                raise ArchiveError(f"it holds more than {MOST_FILES} files")
            if not wanted(name):
                continue
            with errors_of(f"{name} in it cannot be read"):
                status = os.stat(self.path.parent / name)
            if not stat.S_ISREG(status.st_mode):
                raise ArchiveError(f"{name} in it is no regular file")
            stamps[name] = (status.st_size, status.st_mtime_ns)
        return stamps

    def contents(self, names: Iterable[str], largest: int = LARGEST_FILE) -> Iterator[tuple[str, bytes]]:
        """Each file's name and content."""
        for name in names:
            with errors_of(f"{name} in it cannot be read"), open(self.path.parent / name, "rb") as file:
                content = bounded(file.read(largest + 1), largest)
            yield name, content

    @contextmanager
    def stream(self, name: str, largest: int) -> Iterator[BinaryIO]:
        """A file to be read piece by piece; an error in the block says that it cannot be read."""
        with errors_of(f"{name} in it cannot be read"), open(self.path.parent / name, "rb") as file:
            yield limited(file, largest)

    def _names(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.path):
            inside = Path(folder).relative_to(self.path.parent).as_posix()
            for name in (*folders, *files):
                yield f"{inside}/{name}"


@contextmanager
def errors_of(what: str) -> Iterator[None]:
    """Errors in the block are ArchiveErrors that begin with `what`."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # damage shows in many ways
        raise ArchiveError(f"{what} ({error})") from error


def _member(file: zipfile.ZipFile, name: str) -> BinaryIO:
    member = file.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others can't be read piece by piece
        raise ValueError(f"it is compressed by method {member.compress_type}, expected 0 (stored) or 8 (deflated)")
    return file.open(member)


def bounded(content: bytes, largest: int) -> bytes:
    if len(content) > largest:
        raise ValueError(f"it holds more than {largest} bytes")
    return content


def limited(file: BinaryIO, largest: int) -> io.BufferedReader:
    """The file, taken in small pieces however much is asked for, and `largest` bytes of it at most."""
    return io.BufferedReader(_Limited(file, largest), _PIECE)


class _Limited(io.RawIOBase):
    def __init__(self, file: BinaryIO, largest: int) -> None:
        self._file, self._largest, self._read = file, largest, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        content = self._file.read(min(len(buffer), _PIECE))
        self._read += len(content)
        if self._read > self._largest:
            raise ValueError(f"it holds more than {self._largest} bytes")
        buffer[: len(content)] = content
        return len(content)


class _BoundedFile(io.FileIO):
    """A file that refuses to be read in pieces larger than `LARGEST_READ`."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = max(0, os.fstat(self.fileno()).st_size - self.tell())
        if size > LARGEST_READ:
            raise ValueError(f"its directory has {size} bytes, expected {LARGEST_READ} at most")
        return super().read(size)
