"""A training run's state in one file: whole or not at all, checked when it is read, and nothing in it is executed."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import numpy as np
import paddle

from .arguments import checked_path
from .atomic_file import replacing

# The first line; then the SHA-256 of all that follows; then the state as a line of JSON, and the bytes of its arrays.
_FORMAT = b"paddle_metaopt checkpoint 1\n"
_GeneratorState = paddle.base.core.GeneratorState


def save_checkpoint(path: str | os.PathLike[str], state: Any) -> None:
    """Write `state` to a file in place of what was there.

    Whenever the process dies there is the old file or the new one, and beside it at most an unfinished one
    (``.paddle_metaopt-….partial``), which the next save into the folder removes.

    Parameters
    ----------
    path : path
    state : nest of dicts, lists and tuples
        Of Tensors, numpy arrays and scalars, numbers, strings, None, and what ``paddle.get_rng_state()`` gives.
        So it may hold ``net.state_dict()``, ``opt.state_dict()``, ``numpy.random.get_state()`` and
        ``random.getstate()``.

    Raises
    ------
    TypeError
        If there is something else in it; names where.
    OSError
        If the file can't be written, as on a full disk.

    Examples
    --------
    >>> metaopt.save_checkpoint("run.checkpoint", {
    ...     "net": net.state_dict(), "opt": opt.state_dict(), "iteration": iteration,
    ...     "random": [paddle.get_rng_state(), numpy.random.get_state(), random.getstate()],
    ... })
    """
    path = checked_path("save_checkpoint", "path", path)
    parts = _parts(state)
    try:
        with replacing(path) as file:
            file.write(_FORMAT)
            file.write(_sha256(parts))
            for part in parts:
                file.write(part)
    except OSError as error:
        reason = f"could not save the checkpoint {path}: {error.strerror}; what was there before still is"
        raise OSError(error.errno, reason) from error


def load_checkpoint(path: str | os.PathLike[str]) -> Any:
    """The state that `save_checkpoint` wrote, bit for bit.

    Parameters come back as Tensors, an OrderedDict as a dict. Unlike ``paddle.load``, which unpickles and so executes
    what the file says, this only reads.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file was not written by `save_checkpoint`, or a bit of it is not as it was written.
    """
    path = checked_path("load_checkpoint", "path", path)
    with open(path, "rb") as file:
        if file.read(len(_FORMAT)) != _FORMAT:
            raise ValueError(
                f"{path} does not begin as save_checkpoint of this version begins a file, so it is damaged "
                "or of another kind. What paddle.save wrote is read by paddle.load, which executes what the file says: "
                "use it on files that you trust only"
            )
        expected = file.read(len(_sha256([])))
        content = file.read()
    if _sha256([content]) != expected:
        raise ValueError(
            f"{path} is damaged: its checksum is not that of its content. Go on from an earlier checkpoint, "
            "or copy it again from where it is whole"
        )
    structure, _, _ = content.partition(b"\n")
    return _restored(json.loads(structure), memoryview(content)[len(structure) + 1 :])


def checksum(state: Any) -> str:
    """The SHA-256 of what `save_checkpoint` would write: equal for states that are equal bit for bit."""
    return _sha256(_parts(state)).decode().strip()


def _sha256(parts) -> bytes:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return sha.hexdigest().encode() + b"\n"


def _parts(state: Any) -> list:
    """The state as a line of JSON, and the contents of its arrays."""
    description = _Description()
    structure = json.dumps(description.of(state, "state"))
    return [structure.encode() + b"\n", *description.contents]


class _Description:
    """Says in JSON what a state consists of; what is an array, by its place among the contents.

    What JSON has itself, but for objects, stands for itself. All else is ``{kind: details}``.
    """

    def __init__(self) -> None:
        self.contents = []
        self._size = 0

    def of(self, value: Any, where: str) -> Any:
        if value is None or type(value) in (bool, int, float, str):
            return value
        if type(value) is list:
            return self._each(value, where)
        if type(value) is tuple:
            return {"tuple": self._each(value, where)}
        if isinstance(value, dict):
            keys = [self.of(key, f"a key of {where}") for key in value]
            return {"dict": [keys, [self.of(item, f"{where}[{key!r}]") for key, item in value.items()]]}
        if isinstance(value, np.generic):
            return {"scalar": self._array(np.asarray(value), where)}
        if type(value) is np.ndarray:
            return {"array": self._array(value, where)}
        if isinstance(value, paddle.Tensor) and value.is_dense():
            return {"tensor": [str(value.dtype), self._array(value.numpy(), where)]}
        if isinstance(value, _GeneratorState):
            return {"generator": self.of(value.__getstate__(), where)}
        raise _unknown(value, where)

    def _each(self, values, where: str) -> list:
        return [self.of(value, f"{where}[{i}]") for i, value in enumerate(values)]

    def _array(self, array: np.ndarray, where: str) -> list:
        if array.dtype.kind in "OV":  # pointers, and what a dtype's short name does not tell
            raise _unknown(array, where)
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.contents.append(content)
        start, self._size = self._size, self._size + content.size
        return [array.dtype.str, list(array.shape), start, content.size]


def _unknown(value: Any, where: str) -> TypeError:
    kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    return TypeError(
        f"{where}: expected dicts, lists and tuples of dense Tensors, numpy arrays, numbers, strings, None and "
        f"what paddle.get_rng_state() gives, got {kind}; put what it consists of into the state instead"
    )


def _restored(described: Any, contents: memoryview) -> Any:
    if isinstance(described, list):
        return [_restored(value, contents) for value in described]
    if not isinstance(described, dict):
        return described
    ((kind, details),) = described.items()
    if kind == "tuple":
        return tuple(_restored(details, contents))
    if kind == "dict":
        return dict(zip(*_restored(details, contents)))
    if kind == "generator":
        generator = _GeneratorState.__new__(_GeneratorState)
        generator.__setstate__(_restored(details, contents))
        return generator
    if kind == "tensor":
        dtype, place = details
        return _tensor(_array(place, contents), dtype)
    array = _array(details, contents)
    return array[()] if kind == "scalar" else array


def _array(place: list, contents: memoryview) -> np.ndarray:
    dtype, shape, start, size = place
    return np.frombuffer(contents[start : start + size], np.dtype(dtype)).reshape(shape).copy()


def _tensor(array: np.ndarray, dtype: str) -> paddle.Tensor:
    tensor = paddle.to_tensor(array)
    # numpy has no 8-bit floats: their bits are kept in integers.
    return tensor if str(tensor.dtype) == dtype else tensor.view(dtype.replace("paddle.", ""))
