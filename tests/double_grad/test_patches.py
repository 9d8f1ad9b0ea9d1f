"""Replacements in Paddle's modules, and what an interrupt leaves of them."""

import types

import pytest

from paddle_metaopt.double_grad.patches import Patch


def interrupted():
    raise KeyboardInterrupt


@pytest.mark.parametrize("late", [{"version": interrupted}, {"make_replacements": interrupted}])
def test_an_interrupt_while_a_patch_is_put_upon_another_leaves_neither(late):
    module = types.SimpleNamespace(op="paddle's")
    below = Patch(lambda: [(module, "op", "ours")])
    above = Patch(**{"make_replacements": list, "upon": (below,), **late})
    with pytest.raises(KeyboardInterrupt) as told:
        above.acquire()
    del told
    assert module.op == "paddle's"


def test_a_patch_stands_as_long_as_one_upon_it_does():
    module = types.SimpleNamespace(op="paddle's")
    below = Patch(lambda: [(module, "op", "ours")])
    above = Patch(lambda: [(module, "op", "upon ours")], upon=(below,))
    hold = above.acquire()
    assert module.op == "upon ours"
    hold()
    assert module.op == "paddle's"
