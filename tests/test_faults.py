"""Exceptions and interrupts leave nothing behind: a part of `faults.py`, which says what is checked.

It counts what is alive, so it runs in a process in which no other test has left anything.
"""

import os
import re
import subprocess
import sys

import pytest
from helpers import ROOT


@pytest.mark.parametrize("kind, faults", [("op", 8), ("line", 8), ("signal", 4)])
def test_a_fault_keeps_its_type_and_leaves_nothing_behind(kind, faults):
    counts = [f"--{each}s={faults if each == kind else 0}" for each in ("op", "line", "signal")]
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests" / "faults.py"), *counts]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0 and "\n0 failures" in ran.stdout, ran.stdout + ran.stderr[-2000:]
    clean = re.search(rf"{kind}: {faults} faults: .*?(\d+) clean", ran.stdout)
    assert clean and int(clean[1]) > faults / 2, ran.stdout
