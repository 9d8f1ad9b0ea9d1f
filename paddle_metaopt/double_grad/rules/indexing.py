"""Picking out and putting in by slice, index and mask: linear, with a fixed index."""

from __future__ import annotations

from ..registry import natively_exact

natively_exact("Gather", "Slice")
