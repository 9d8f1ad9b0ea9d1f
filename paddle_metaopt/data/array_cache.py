"""Arrays that are slow to make, kept on disk for the next run."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from paddle_metaopt.atomic_file import remove_abandoned, replacing
from paddle_metaopt.callers import warn

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
    return _kept([folder / f"{name}.npz" for folder in folders], shape, build, _load, np.savez_compressed, "array")


def mapped_array(
    name: str, shape: tuple[int, ...], folders: Sequence[Path], build: Callable[[], np.ndarray]
) -> np.ndarray:
    """The same for an array that is large: stored as it is, and read-only, mapped into memory from the file.

    Of damage, only a file that is too short is noticed.
    """
    return _kept([folder / f"{name}.npy" for folder in folders], shape, build, _map, np.save, "arr")


def cached_json(name: str, folders: Sequence[Path], build: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
    """The same for numbers and text in lists; what does not fit counts as absent."""
    paths = [folder / f"{name}.json" for folder in folders]
    return _kept(paths, fits, build, _parse, lambda file, value: file.write(json.dumps(value).encode()), "value")


def _kept(paths: list[Path], shape, build, load: Callable, save: Callable, argument: str) -> np.ndarray:
    for path in paths:
        remove_abandoned(path.parent)
        array = load(path, shape)
        if array is not None:
            return array
    array = build()
    if any(_store(path, partial(save, **{argument: array})) for path in paths):
        return array
    tried = " and ".join(str(path.parent) for path in paths)
    warn(
        f"could not write {paths[0].name} to {tried}, so it will be made again in the next run; "
        "set PADDLE_METAOPT_CACHE to a writable folder"
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
    return _if_fits(array, shape)


def _map(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    if not path.is_file():
        return None
    try:
        array = np.asarray(np.load(path, mmap_mode="r"))
    except Exception:  # as above
        return None
    return _if_fits(array, shape)


def _parse(path: Path, fits: Callable[[Any], bool]) -> Any:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if fits(value) else None


def _if_fits(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    return array if array.shape == shape and array.dtype == np.uint8 else None


def _store(path: Path, save_to: Callable) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.stat().st_mode & _ANYONE_WRITES:
            return False
        with replacing(path) as file:
            save_to(file)
    except OSError:
        return False
    return True
