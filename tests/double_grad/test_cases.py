"""The table of cases is complete, and every case is right where all needs a gradient; the sweep does the rest."""

import inspect

import paddle
import pytest
from paddle import nn

from paddle_metaopt.double_grad.cases import all_cases, all_excluded
from paddle_metaopt.double_grad.checking import check_choice

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
    names = [name for name in nn.functional.__all__ if not name.endswith("_")]
    assert missing("F.", nn.functional, names) == []


if __name__ == "__main__":
    print("layers:", *missing("nn.", nn, filter(is_layer, dir(nn))))
    print("functionals:", *missing("F.", nn.functional, [n for n in nn.functional.__all__ if not n.endswith("_")]))
    namespaces = {
        "linalg.": paddle.linalg,
        "fft.": paddle.fft,
        "signal.": paddle.signal,
        "geometric.": paddle.geometric,
    }
    for prefix, owner in {"paddle.": paddle, **namespaces}.items():
        print(
            prefix,
            *missing(prefix, owner, [n for n in owner.__all__ if not n.endswith("_") and callable(getattr(owner, n))]),
        )
