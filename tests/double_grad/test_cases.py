"""The table of cases is complete, and every case is right where all needs a gradient; the sweep does the rest."""

import inspect

import paddle
import pytest
from cases import all_cases, all_excluded
from cases.case import check_choice
from paddle import nn

from paddle_metaopt.double_grad import ANY_ORDER
from paddle_metaopt.double_grad.graph import walk
from paddle_metaopt.double_grad.registry import EXACT_BESIDE_RULES, NATIVELY_EXACT
from paddle_metaopt.double_grad.testing import gradient_of, rules_for

CASES = all_cases()
EXCLUDED = all_excluded()
TOLERANCE = 1e-6


@pytest.mark.parametrize("name", CASES)
def test_derivatives_equal_differences(name):
    problem = CASES[name].problem()
    everything = range(len(problem.tensors))
    assert check_choice(problem, everything, everything).error < TOLERANCE


def covered(prefix, owner):
    """The objects of `owner` that a case's first word, or an exclusion, names."""
    words = {name.split()[0] for name in [*CASES, *EXCLUDED]}
    return {id(getattr(owner, word[len(prefix) :])) for word in words if word.startswith(prefix)}


def missing(prefix, owner, names):
    seen = covered(prefix, owner)
    return sorted(name for name in names if id(getattr(owner, name)) not in seen)


def is_layer(name):
    value = getattr(nn, name)
    return inspect.isclass(value) and issubclass(value, nn.Layer)


def test_every_layer_has_a_case_or_a_reason():
    assert missing("nn.", nn, filter(is_layer, dir(nn))) == []


def test_every_functional_has_a_case_or_a_reason():
    assert missing("F.", nn.functional, nn.functional.__all__) == []


#: Names without a case in Paddle 3.3, and no more: each has a line that shows why.
EXCLUDED_COUNT = 15


def test_what_is_excluded_fails_in_paddle_itself():
    names = {"paddle": paddle, "F": nn.functional, "nn": nn}
    for name, excluded in EXCLUDED.items():
        with pytest.raises(Exception):  # noqa: B017  whatever Paddle raises
            exec(excluded.line, dict(names))
        assert excluded.reason, name
    if paddle.__version__.startswith("3.3"):
        assert len(EXCLUDED) == EXCLUDED_COUNT


def nodes_of(case, wanted, gradients=0):
    """In the graph of the case, or of its gradient, or its second."""
    problem = case.problem()
    for tensor in problem.tensors:
        tensor.stop_gradient = False
    function = problem.function
    for _ in range(gradients):
        function = gradient_of(function, wanted)
    with rules_for(wanted):
        outputs = [y for y in paddle.utils.flatten(function(*problem.tensors)) if isinstance(y, paddle.Tensor)]
        return {node.name() for _, node, _ in walk(outputs, ())}


def test_every_node_that_the_audit_passes_occurs_in_a_case():
    """With rules, and with those nodes that are kept for derivatives of second or third order."""
    seen = set()
    for name, case in CASES.items():
        seen |= nodes_of(case, ANY_ORDER) | nodes_of(case, 2)
        if name.startswith(("paddle.", "Tensor.")) and " " not in name.replace(" by tensor", ""):
            seen |= nodes_of(case, ANY_ORDER, gradients=2) | nodes_of(case, 3, gradients=2)
    assert sorted((NATIVELY_EXACT | EXACT_BESIDE_RULES) - seen) == []
