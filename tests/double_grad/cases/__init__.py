"""The table of what is checked against finite differences, one module a family."""

from __future__ import annotations

import importlib
import pkgutil

from .case import Case, Excluded


def all_cases() -> dict[str, Case]:
    """Name to case, over all families, in a fixed order."""
    return _merged("CASES")


def all_excluded() -> dict[str, Excluded]:
    """Public name to the reason why it has no case."""
    return _merged("EXCLUDED")


def _merged(attribute) -> dict:
    table: dict = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        entries = getattr(importlib.import_module(f"{__name__}.{module}"), attribute, {})
        if not table.keys().isdisjoint(entries):
            raise ValueError(f"two modules of cases have {sorted(table.keys() & entries.keys())}")
        table.update(entries)
    return table
