"""Every check of a number, a flag or a name that a user gave; an error says whose it is, and what was expected."""

from __future__ import annotations

import math
import numbers
import os
from contextlib import contextmanager
from pathlib import Path

import paddle


def whole_number(owner, name: str, value, least: int = 0) -> int:
    """An integer of at least `least`; anything else raises a ValueError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{_of(owner)}{name}: expected an integer of at least {least}, got {value!r}")
    return int(value)


def at_least_zero(owner, name: str, value, tensor: bool = False, kinds: str | None = None):
    """A finite number that is not negative, or a Tensor where that is allowed; `kinds` is what the error asks for."""
    return _number(owner, name, value, "a finite number of at least 0", lambda x: 0 <= x < math.inf, tensor, kinds)


def above_zero(owner, name: str, value, tensor: bool = False):
    """A finite number larger than 0, or a Tensor where that is allowed."""
    return _number(owner, name, value, "a finite number larger than 0", lambda x: 0 < x < math.inf, tensor)


def fraction(owner, name: str, value, tensor: bool = False):
    """A number in [0, 1), or a Tensor where that is allowed."""
    return _number(owner, name, value, "a number in [0, 1)", lambda x: 0 <= x < 1, tensor)


def checked_path(owner, name: str, value) -> Path:
    """A path, its ~ replaced; anything else raises a TypeError."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{_of(owner)}{name}: expected a path, got {value!r}")
    return Path(value).expanduser()


def checked_folder(owner, name: str, value) -> Path:
    """The path of a folder, which need not be there; that of a file raises a NotADirectoryError."""
    path = checked_path(owner, name, value)
    if path.is_file():
        raise NotADirectoryError(f"{_of(owner)}{name}: expected the folder that the data are in, got the file {path}")
    return path


def flag(owner, name: str, value) -> bool:
    """True or False; anything else raises a TypeError."""
    if not isinstance(value, bool):
        raise TypeError(f"{_of(owner)}{name}: expected True or False, got {value!r}")
    return value


def one_of(owner, name: str, value, choices) -> str:
    """One of the names in `choices`; anything else raises a ValueError."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{_of(owner)}{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def checked_vectorize(owner, value):
    """'auto', True or False; anything else raises a ValueError."""
    if not (isinstance(value, bool) or (isinstance(value, str) and value == "auto")):
        raise ValueError(f"{_of(owner)}vectorize: expected 'auto', True or False, got {value!r}")
    return value


def checked_function(owner, name: str, value, takes: str):
    """A callable; `takes` shows its call. Anything else raises a TypeError."""
    if not callable(value) or isinstance(value, type):
        raise TypeError(f"{_of(owner)}{name}: expected a function, called as {takes}, got {value!r}")
    return value


def checked_layer(owner, name: str, value) -> paddle.nn.Layer:
    """A Layer; anything else raises a TypeError."""
    if not isinstance(value, paddle.nn.Layer):
        raise TypeError(f"{_of(owner)}{name}: expected a paddle.nn.Layer, got {value!r}")
    return value


def require_dynamic_mode() -> None:
    """Raise a RuntimeError in static mode, where Paddle's eager functions end the process."""
    if not paddle.in_dynamic_mode():
        raise RuntimeError(
            "paddle_metaopt works in dynamic mode only, and static mode is on; call paddle.disable_static() before"
        )


def require_no_amp(owner, configs) -> None:
    """Raise a ValueError for Paddle's ``amp_configs`` that ask for mixed precision."""
    level = configs.get("level", "O1") if isinstance(configs, dict) else configs
    if configs and level != "O0":
        raise ValueError(
            f"{_of(owner)}amp_configs: expected None or 'O0', got {configs!r}: no scaler keeps the gradients of the "
            "inner loop from vanishing in half precision; leave it out"
        )


@contextmanager
def naming(owner):
    """A context in which a ValueError or TypeError says whose argument it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if type(error) in (TypeError, ValueError) and not str(error).startswith(_of(owner)):
            error.args = (f"{_of(owner)}{error}",)
        raise


def _number(owner, name, value, expected, holds, tensor, kinds=None):
    if tensor and isinstance(value, paddle.Tensor):
        return value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{_of(owner)}{name}: expected {kinds or expected + ', or a Tensor' * tensor}, got {value!r}")
    if not holds(value):
        raise ValueError(f"{_of(owner)}{name}: expected {expected}, got {value!r}")
    return float(value)


def _of(owner) -> str:
    """How an error begins: by a class, or by a name given for it, or by nothing where that is said elsewhere."""
    if owner is None:
        return ""
    return f"{owner if isinstance(owner, str) else getattr(owner, '__name__', type(owner).__name__)}: "
