"""Operators and elementwise functions; the operators go to C++ past interception, and are right there."""

from __future__ import annotations

from ..registry import natively_exact

natively_exact(
    "Abs", "Add", "Assign", "Cast", "Clip", "DivScale", "Divide", "Exp", "Log", "Multiply", "Pow", "Rsqrt", "Scale",
    "Sqrt", "Square", "Subtract",
)  # fmt: skip
