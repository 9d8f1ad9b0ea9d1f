"""Arrays that are slow to make, kept on disk for the next run."""

from __future__ import annotations

import math
import os
import stat
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from paddle_metaopt.atomic_file import remove_abandoned, replacing

_LARGEST_HEADER = 1024  # bytes, of an array in a file
_ANYONE_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def user_cache_dir() -> Path:
    """``$PADDLE_METAOPT_CACHE``, or paddle_metaopt in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    ours = os.environ.get("PADDLE_METAOPT_CACHE")
    if ours:
        return Path(ours).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(shared)) / "paddle_metaopt"


def cached_array(
    name: str, shape: tuple[int, ...], folders: Sequence[Path], build: Callable[[], np.ndarray]
) -> np.ndarray:
    """The uint8 array called `name`, from the first of `folders` that has it, or else built.

    What was built is stored in the first folder that can be written; a warning says when none
    can. A folder without write permission is left alone even by the superuser, whom the system
    would let through. A file that is damaged, or holds anything but uint8 of `shape`, counts as
    absent. What a process that was killed left unfinished is removed.
    """
    paths = [folder / f"{name}.npz" for folder in folders]
    for path in paths:
        remove_abandoned(path.parent)
        array = _load(path, shape)
        if array is not None:
            return array
    array = build()
    if not any(_store(path, array) for path in paths):
        tried = " and ".join(str(folder) for folder in folders)
        warnings.warn(
            f"could not write {name}.npz to {tried}, so it will be made again in the next run; "
            "set PADDLE_METAOPT_CACHE to a writable folder",
            stacklevel=2,
        )
    return array


def _load(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    if not path.is_file():
        return None
    try:
        with np.load(path) as file:
            if file.zip.getinfo("array.npy").file_size > math.prod(shape) + _LARGEST_HEADER:
                return None
            array = file["array"]
    except Exception:  # damage shows in many ways, and rebuilding is right for all of them
        return None
    return array if array.shape == shape and array.dtype == np.uint8 else None


def _store(path: Path, array: np.ndarray) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.stat().st_mode & _ANYONE_WRITES:
            return False
        with replacing(path) as file:
            np.savez_compressed(file, array=array)
    except OSError:
        return False
    return True
