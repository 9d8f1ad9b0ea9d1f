"""Random compositions of ops are right; `random_graphs.py` has the whole run, and says what is checked."""

from collections import Counter

import pytest
from random_graphs import Graph, in_a_fork, judge

SHARES = 10
EACH = 10


@pytest.mark.parametrize("share", range(SHARES))
def test_compositions_are_exact_to_second_order_and_in_a_maml_step(share):
    seeds = range(share * EACH, (share + 1) * EACH)
    found = {seed: in_a_fork(lambda: judge(seed)) for seed in seeds}  # noqa: B023
    assert {seed: f for seed, f in found.items() if f["verdict"] not in ("right", "kink")} == {}
    assert Counter(f["verdict"] for f in found.values())["kink"] <= 1


def test_a_seed_gives_one_graph_and_an_attempt_other_numbers():
    assert str(Graph(3)) == str(Graph(3)) == str(Graph(3, attempt=1))
    assert float(Graph(3).loss()) == float(Graph(3).loss()) != float(Graph(3, attempt=1).loss())
