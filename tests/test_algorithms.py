"""Each algorithm, way back and inner rule that can be combined: the meta-gradient against differences."""

import pytest
from meta_combinations import ALGORITHMS, BOUNDS, RULES, error_of


@pytest.mark.parametrize("way", BOUNDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithm_and_way(algorithm, way):
    assert error_of(algorithm, way, "sgd") < BOUNDS[way]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("way", BOUNDS)
def test_way_and_rule(way, rule):
    assert error_of("maml", way, rule, steps=3) < BOUNDS[way]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithm_and_rule(algorithm, rule):
    assert error_of(algorithm, "unrolled", rule) < BOUNDS["unrolled"]
