"""Pickles of plain data, read without running what they carry."""

from __future__ import annotations

import math
import pickle
import re
from typing import Any, BinaryIO, Callable

import numpy as np

_KINDS = re.compile(r"[biufSU][1-9]\d*")


def unpickled(file: BinaryIO) -> Any:
    """What a pickle of numbers, text, lists, tuples, dicts and numpy arrays holds.

    Everything else in it is refused: names are looked up among the few stand-ins of this module, so that nothing of
    Python's or numpy's is called by a pickle. Python 2's strings come as bytes; `text` makes them str.

    Raises
    ------
    pickle.UnpicklingError
        If it asks for anything else, by its name; other errors for a pickle that is damaged.
    """
    return _PlainData(file, encoding="bytes").load()


def text(value: Any) -> Any:
    """A str for the bytes that were a string of Python 2; a dict's keys as well; anything else as it is."""
    if isinstance(value, dict):
        return {text(key): item for key, item in value.items()}
    return value.decode() if isinstance(value, bytes) else value


class _PlainData(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module.replace("._core.", ".core."), name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, expected numbers, text, lists, tuples, dicts and numpy arrays only"
            ) from None

    def persistent_load(self, _: Any) -> Any:
        raise pickle.UnpicklingError("it asks for something outside of it")


class _Array(np.ndarray):
    """An array that is filled from checked values only."""

    def __setstate__(self, state: tuple) -> None:
        _, shape, kind, fortran, data = state
        data = data.encode("latin1") if isinstance(data, str) else data
        _require_size(shape, kind, data)
        super().__setstate__((1, shape, kind.dtype, bool(fortran), data))


class _Kind:
    """A dtype of numbers or text."""

    def __init__(self, name: str | bytes, *_: Any) -> None:
        if not _KINDS.fullmatch(text(name)):
            raise pickle.UnpicklingError(f"it holds an array of {text(name)}, expected numbers or text")
        self.dtype = np.dtype(text(name))

    def __setstate__(self, state: tuple) -> None:
        if any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("it holds an array of records, expected numbers or text")
        self.dtype = self.dtype.newbyteorder(text(state[1]))


class _StandIn:
    """Something to call in a pickle that can be changed in no other way."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable | None = None) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)

    def __setstate__(self, _: Any) -> None:
        raise pickle.UnpicklingError("it changes what it is made with")


def _require_size(shape: Any, kind: Any, data: Any) -> None:
    """Numbers of a known kind, as many as the shape says."""
    whole = isinstance(shape, tuple) and all(type(length) is int and length >= 0 for length in shape)
    if not whole or not isinstance(kind, _Kind) or len(data) != math.prod(shape) * kind.dtype.itemsize:
        raise pickle.UnpicklingError("it holds an array whose shape, type and content do not fit each other")


def _array(buffer: Any, kind: Any, shape: Any, order: str) -> np.ndarray:
    _require_size(shape, kind, buffer)
    return np.frombuffer(buffer, kind.dtype).reshape(shape, order=order)


def _number(kind: Any, data: bytes | str) -> Any:
    data = data.encode("latin1") if isinstance(data, str) else data
    _require_size((), kind, data)
    return np.frombuffer(data, kind.dtype)[0].item()


def _bytes(content: str, encoding: str) -> bytes:
    """How Python 3 writes bytes for Python 2."""
    if text(encoding) != "latin1":
        raise pickle.UnpicklingError(f"it holds bytes in {text(encoding)}, expected latin1")
    return content.encode("latin1")


_STAND_INS = {
    ("numpy", "ndarray"): _StandIn(),
    ("numpy", "dtype"): _StandIn(_Kind),
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(lambda *_: np.ndarray.__new__(_Array, (0,), np.uint8)),
    ("numpy.core.multiarray", "scalar"): _StandIn(_number),
    ("numpy.core.numeric", "_frombuffer"): _StandIn(_array),
    ("collections", "OrderedDict"): _StandIn(dict),
    ("_codecs", "encode"): _StandIn(_bytes),
    ("__builtin__", "bytes"): _StandIn(lambda: b""),
    ("builtins", "bytes"): _StandIn(lambda: b""),
}
