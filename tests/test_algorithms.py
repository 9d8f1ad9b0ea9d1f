"""Each algorithm, way back and inner rule that can be combined: the meta-gradient against its definition."""

import pytest
from meta_combinations import ALGORITHMS, BOUNDS, RULES, error_of, offered

PAIRS = [(algorithm, way) for algorithm in ALGORITHMS for way in BOUNDS if offered(algorithm, way)]


@pytest.mark.parametrize("algorithm, way", PAIRS)
def test_algorithm_and_way(algorithm, way):
    assert error_of(algorithm, way, "sgd") < BOUNDS[way]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("way", [way for way in BOUNDS if way is not None])
def test_way_and_rule(way, rule):
    assert error_of("maml", way, rule, steps=3, directions=2) < BOUNDS[way]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithm_and_rule(algorithm, rule):
    way = "unrolled" if offered(algorithm, "unrolled") else None
    assert error_of(algorithm, way, rule) < BOUNDS[way]
