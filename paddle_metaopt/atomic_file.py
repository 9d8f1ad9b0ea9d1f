"""Files that are there whole or not at all, whenever the process that writes them dies."""

from __future__ import annotations

import errno
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_PARTIAL = ".paddle_metaopt-{}.partial"
_LONGEST_WRITE = 24 * 60 * 60  # seconds; where nothing tells whether the writer lives


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends; an exception leaves what was there.

    Until then it stands beside it under another name. What a killed process left under such a name goes first.

    Raises
    ------
    OSError
        If the folder is missing or can't be written, if the disk is full, or if `path` is no regular file.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it exists and is no regular file")
    remove_abandoned(path.parent)
    partial, file = _new_partial(path.parent)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:
                os.replace(partial, path)  # once it is closed, another process takes it for abandoned
        if fcntl is None:
            os.replace(partial, path)  # Windows moves no file that is open
    finally:
        partial.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Remove the unfinished files of processes that died, as far as they can be removed."""
    for partial in folder.glob(_PARTIAL.format("*")):
        with suppress(OSError), open(partial, "rb") as file:  # it may be finished by now, or not ours to remove
            if _is_abandoned(file):
                partial.unlink()


def _new_partial(folder: Path) -> tuple[Path, BinaryIO]:
    while True:
        partial = folder / _PARTIAL.format(uuid.uuid4().hex)
        file = open(partial, "xb")  # noqa: SIM115
        _lock(file)
        if partial.exists():  # or else another process took it for abandoned before it was locked
            return partial, file
        file.close()


def _lock(file: BinaryIO) -> None:
    """Show for as long as the file is open that its writer lives; the system ends it with the process."""
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)


def _is_abandoned(file: BinaryIO) -> bool:
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:
            pass
    return time.time() - os.fstat(file.fileno()).st_mtime > _LONGEST_WRITE
