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


@pytest.mark.parametrize("before, after", [("before.py", "after.py"), ("model_before.py", "model_after.py")])
def test_at_most_ten_lines_removed_and_added(before, after):
    diff = list(difflib.ndiff(lines_of(before), lines_of(after)))
    removed = [line for line in diff if line.startswith("- ")]
    added = [line for line in diff if line.startswith("+ ")]
    assert 1 <= len(removed) + len(added) <= 10


@pytest.mark.parametrize("before, after, some", [
    ("before.py", "after.py", "    sched.step()"), ("model_before.py", "model_after.py", "model.prepare(opt, loss_fn)")
])  # fmt: skip
def test_the_schedule_and_the_training_steps_are_the_same_lines(before, after, some):
    def kept(script):
        steps = r"sched\b(?!,)|\.step\(|\.backward\(|clear_grad|model\.|callback|DataLoader"
        return [line for line in lines_of(script) if re.search(steps, line)]

    assert kept(before) == kept(after)
    assert any("CosineAnnealingDecay" in line for line in kept(after))
    assert some in kept(after)


def numbers_of(output: str) -> tuple:
    return re.search(r"loss of the last 50 iterations: (\S+), learning rate at the end: (\S+)", output).groups()


@pytest.mark.parametrize("which", ["before.py", "after.py"])
def test_runs_and_learns_with_the_schedule_at_its_end_by_a_loop_and_by_fit(run_here, which):
    by_loop, by_fit = (numbers_of(run_here(f"switch/{kind}{which}")) for kind in ("", "model_"))
    assert by_loop == by_fit
    loss, rate = by_fit
    assert math.isfinite(float(loss))
    assert float(rate) < 1e-9
