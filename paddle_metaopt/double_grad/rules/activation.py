"""Activations."""

from __future__ import annotations

from ..registry import natively_exact

natively_exact("LeakyRelu", "Relu", "Sigmoid", "Tanh")
