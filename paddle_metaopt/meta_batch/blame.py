"""Where in a user's code something happened."""

from __future__ import annotations

import traceback
from pathlib import Path

import paddle

_OURS = str(Path(__file__).parents[1])
_PADDLES = str(Path(paddle.__file__).parent)


def where_of(error: BaseException) -> str:
    """The layer and the line of the user's code that an error came through last, for a message; empty if there is
    none."""
    layer, line = "", ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        owner = frame.f_locals.get("self")
        path = frame.f_code.co_filename
        if path.startswith(_OURS):
            continue
        if isinstance(owner, paddle.nn.Layer):
            layer = f", in layer {type(owner).__name__}"
        if not path.startswith(_PADDLES):
            line = f", line {number} of {Path(path).name}"
    return layer + line
