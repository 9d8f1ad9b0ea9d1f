"""Meta-learning an existing script takes a few lines, and none of the schedule's."""

from __future__ import annotations

import difflib
import math
import re

import pytest
from helpers import ROOT

SWITCH = ROOT / "examples" / "switch"


def lines_of(script: str) -> list[str]:
    return (SWITCH / script).read_text().splitlines()


def test_at_most_ten_lines_removed_and_at_most_ten_added():
    diff = list(difflib.ndiff(lines_of("before.py"), lines_of("after.py")))
    removed = [line for line in diff if line.startswith("- ")]
    added = [line for line in diff if line.startswith("+ ")]
    assert 1 <= max(len(removed), len(added)) <= 10
    assert len(removed) + len(added) <= 10


def test_the_schedule_and_the_training_steps_are_the_same_lines():
    def kept(script):
        return [line for line in lines_of(script) if re.search(r"sched\b(?!,)|\.step\(|\.backward\(|clear_grad", line)]

    assert kept("before.py") == kept("after.py")
    assert any("CosineAnnealingDecay" in line for line in kept("after.py"))
    assert "    sched.step()" in kept("after.py")


@pytest.mark.parametrize("script", ["before.py", "after.py"])
def test_runs_and_learns_with_the_schedule_at_its_end(run_example, script):
    output = run_example(f"switch/{script}")
    loss, rate = re.search(r"loss of the last 50 iterations: (\S+), learning rate at the end: (\S+)", output).groups()
    assert math.isfinite(float(loss))
    assert float(rate) < 1e-9
