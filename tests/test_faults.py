"""Exceptions and interrupts leave nothing behind; `faults.py` has the whole run, and says what is checked."""

import pytest
from faults import KEPT, strike


@pytest.mark.parametrize("kind, seeds", [("op", range(25)), ("line", range(25)), ("signal", range(8))])
def test_a_fault_keeps_its_type_and_leaves_nothing_behind(kind, seeds):
    found = {seed: strike(kind, seed) for seed in seeds}
    assert {seed: f for seed, f in found.items() if f["verdict"] not in KEPT} == {}
    assert sum(f["verdict"] == "clean" for f in found.values()) > len(found) / 2
