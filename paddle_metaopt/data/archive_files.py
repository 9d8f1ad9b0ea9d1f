"""The files of an archive, zipped or unpacked, read within limits whatever the archive says of itself."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

LARGEST_FILE = 64 << 10  # bytes; Omniglot's largest drawing has 522
LARGEST_READ = 8 << 20  # bytes; a zip's directory is read at once, Omniglot's larger one has 1.9 MB
MOST_FILES = 100_000  # in an unpacked archive; Omniglot's larger one has 19,280


class ArchiveError(Exception):
    """Why an archive, or which of its members, can't be used."""


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
                if name in stamps:
                    raise ArchiveError(f"{name} is in it twice")
                if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                    raise ArchiveError(f"{name} in it is not a path within it")
                if member.is_dir() or stat.S_ISLNK(member.external_attr >> 16):
                    raise ArchiveError(f"{name} in it is no regular file")
                stamps[name] = member.CRC
        return stamps

    def contents(self, names: list[str], largest: int = LARGEST_FILE) -> Iterator[bytes]:
        with self._opened() as file:
            for name in names:
                with errors_of(f"{name} in it cannot be read"):
                    content = _content(file, name, largest)
                yield content

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

    def contents(self, names: list[str], largest: int = LARGEST_FILE) -> Iterator[bytes]:
        for name in names:
            with errors_of(f"{name} in it cannot be read"), open(self.path.parent / name, "rb") as file:
                content = _bounded(file.read(largest + 1), largest)
            yield content

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


def _content(file: zipfile.ZipFile, name: str, largest: int) -> bytes:
    member = file.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others can't be read piece by piece
        raise ValueError(f"it is compressed by method {member.compress_type}, expected 0 (stored) or 8 (deflated)")
    with file.open(member) as content:
        return _bounded(content.read(largest + 1), largest)


def _bounded(content: bytes, largest: int) -> bytes:
    if len(content) > largest:
        raise ValueError(f"it holds more than {largest} bytes")
    return content


class _BoundedFile(io.FileIO):
    """A file that refuses to be read in pieces larger than `LARGEST_READ`."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = max(0, os.fstat(self.fileno()).st_size - self.tell())
        if size > LARGEST_READ:
            raise ValueError(f"its directory has {size} bytes, expected {LARGEST_READ} at most")
        return super().read(size)
