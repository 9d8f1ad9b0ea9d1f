"""Drawings in the form of Omniglot's archives."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from paddle_metaopt.data.omniglot_archive import Drawings


def png(ink: np.ndarray) -> bytes:
    """A greyscale drawing with the ink given: uint8, 255 is black."""
    file = io.BytesIO()
    Image.fromarray(255 - ink).save(file, "png")
    return file.getvalue()


def forbid_decoding(monkeypatch):
    def decode(self, image_size):
        raise AssertionError("decoded again")

    monkeypatch.setattr(Drawings, "_decode", decode)
