"""The benchmark of how time and memory grow: its points and its picture. No time is asserted."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest
from helpers import ROOT

SCRIPT = ROOT / "benchmarks" / "cost.py"


@pytest.fixture
def cost(monkeypatch):
    spec = importlib.util.spec_from_file_location("cost", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(
        module, "LINES", {"tasks": {"values": [2], "lines": {"one by one": {"vectorize": False}, "together": {}}}}
    )
    return module


def test_points_are_measured_and_drawn(cost, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    out, picture = tmp_path / "cost.json", tmp_path / "cost.png"
    monkeypatch.setattr(sys, "argv", ["cost.py", "--out", str(out), "--picture", str(picture)])
    cost.main()
    found = json.loads(out.read_text(encoding="utf-8"))
    assert {line: [point["value"] for point in points] for line, points in found["tasks"].items()} == {
        "one by one": [2],
        "together": [2],
    }
    assert all(point["ms"] > 0 for points in found["tasks"].values() for point in points)
    assert picture.read_bytes().startswith(b"\x89PNG")
