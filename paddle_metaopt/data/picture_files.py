"""A photograph or drawing in a file, decoded to pixels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

_MOST_PIXELS = 16 << 20  # before it is made smaller


def pixels(content: bytes, side: int) -> np.ndarray:
    """uint8 [side, side, 3] of a JPEG or PNG that is of this size, and in red, green and blue."""
    with _opened(content) as picture:  # reads the header only
        if picture.size != (side, side) or picture.mode != "RGB":
            raise ValueError(f"it is {_described(picture)}, expected {side} x {side}, RGB")
        return np.asarray(picture)


def cropped_pixels(content: bytes, side: int) -> np.ndarray:
    """uint8 [side, side, 3] of a JPEG or PNG of any size, made a square of 1.15 times that side and cropped."""
    with _opened(content) as picture:
        if picture.size[0] * picture.size[1] > _MOST_PIXELS:
            raise ValueError(f"it is {_described(picture)}, expected {_MOST_PIXELS} pixels at most")
        larger = int(1.15 * side)
        square = picture.convert("RGB").resize((larger, larger), Image.Resampling.BILINEAR)
    margin = round((larger - side) / 2)
    return np.asarray(square)[margin : margin + side, margin : margin + side]


def _opened(content: bytes) -> ImageFile:
    return (PngImageFile if content.startswith(b"\x89PNG") else JpegImageFile)(io.BytesIO(content))


def _described(picture: ImageFile) -> str:
    return f"{picture.size[0]} x {picture.size[1]} of mode {picture.mode}"
