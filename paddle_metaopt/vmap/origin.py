"""Where in a user's program something went wrong."""

from __future__ import annotations

import linecache
import traceback

import paddle

from ..callers import is_users


def origin_of(error: BaseException) -> str:
    """`` (in the layer Linear, at net.py:12: y = self.fc(x))``: the innermost layer, and the innermost line that is
    neither Paddle's, ours nor Python's; empty if there is neither."""
    layer = line = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        owner = frame.f_locals.get("self")
        if isinstance(owner, paddle.nn.Layer):
            layer = type(owner).__name__
        if is_users(frame.f_code):
            line = frame.f_code.co_filename, number
    parts = [f"in the layer {layer}"] if layer else []
    if line:
        text = linecache.getline(*line).strip()
        parts.append(f"at {line[0]}:{line[1]}" + (f": {text}" if text else ""))
    return f" ({', '.join(parts)})" if parts else ""
