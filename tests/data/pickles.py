"""Pickles as they were written by whom the data sets come from."""

from __future__ import annotations

import io
import pickle
import struct

import numpy as np


class _Python2(pickle._Pickler):
    """Writes text, and the content of arrays, as Python 2 wrote its strings, and numpy's names as they were then."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        content = value.encode("latin1") if isinstance(value, str) else value
        if len(content) < 256:
            self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(content)) + content)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string


def by_python2(value) -> bytes:
    file = io.BytesIO()
    _Python2(file, protocol=2).dump(value)
    return file.getvalue().replace(b"numpy._core.", b"numpy.core.")


def by_python3(value) -> bytes:
    return pickle.dumps(value)


def pixels(seed: int, side: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
