"""Checks of arguments that several datasets share."""

from __future__ import annotations

from numbers import Integral


def require_positive(**arguments: int) -> None:
    """Raise a ValueError that names the first argument that is not a positive integer."""
    for name, value in arguments.items():
        if not _is_integer(value) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")


def require_non_negative(**arguments: int) -> None:
    """Raise a ValueError that names the first argument that is not 0, 1, 2, …"""
    for name, value in arguments.items():
        if not _is_integer(value) or value < 0:
            raise ValueError(f"{name} must be a non-negative integer, got {value!r}")


def require_one_of(choices: tuple[str, ...], **arguments: str) -> None:
    """Raise a ValueError that names the first argument that is none of `choices`."""
    for name, value in arguments.items():
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def _is_integer(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
