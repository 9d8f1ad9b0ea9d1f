"""Whose code called: the user's, or this library's, Paddle's and Python's own."""

from __future__ import annotations

import sys
import sysconfig
import warnings
from pathlib import Path
from types import CodeType

import paddle

_FOLDERS = Path(__file__).resolve().parent, Path(paddle.__file__).parent, sysconfig.get_paths()["stdlib"]
_OTHERS = (*map(str, _FOLDERS), "<")


def is_users(code: CodeType) -> bool:
    return not code.co_filename.startswith(_OTHERS)


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """A warning that points at the innermost line of the user's, from however deep in the library it comes."""
    frame = sys._getframe(1)
    while not is_users(frame.f_code) and frame.f_back is not None:
        frame = frame.f_back
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    module = frame.f_globals.get("__name__", "<unknown>")
    warnings.warn_explicit(text, category, frame.f_code.co_filename, frame.f_lineno, module, registry)
