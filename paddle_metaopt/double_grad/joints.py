"""Graphs that go on from another one's values, for a pass of Paddle's engine looks at all that lies below a tensor.

What a graph goes on from are leaves to Paddle. Who makes them takes gradients through them, by passes
of ``paddle.grad``, one for each graph; in one of anybody else a part of the derivative would end there, and it raises.
"""

from __future__ import annotations

import weakref
from typing import Iterable

from . import passes
from .graph import address_of, is_leaf, listed, reachable


class Joint:
    """A tensor at which a graph ends, and the leaf of the same value that another one goes on from.

    Attributes
    ----------
    end, begin : Tensor
    """

    def __init__(self, end):
        self.end = end
        self.begin = end.detach()
        self.begin.stop_gradient = False
        self.begin.register_hook(_in_backward)  # as paddle.grad's input it doesn't run
        _joints[address_of(self.begin)] = self


_joints: weakref.WeakValueDictionary[int, Joint] = weakref.WeakValueDictionary()


def joints_below(outputs, boundary=()) -> list[Joint]:
    """The joints that a pass from `outputs` comes to, not going past the addresses in `boundary`."""
    if not _joints:
        return []
    found = (_joints.get(address) for address, node in reachable(listed(outputs), boundary) if is_leaf(node))
    return [joint for joint in found if joint is not None]


def refuse_behind_joints(outputs, inputs: Iterable) -> None:
    """Raise if `outputs` depend on one of the `inputs` through a joint."""
    addresses = set(map(address_of, inputs)) if _joints else ()
    joints = joints_below(outputs, addresses) if addresses else []
    seen = set(joints)
    while joints:
        end = joints.pop().end
        if any(address in addresses for address, _ in reachable([end])):
            raise _behind_joint()
        below = [joint for joint in joints_below(end) if joint not in seen]
        seen.update(below)
        joints += below


def _in_backward(gradient):
    present = passes.current()
    if present is None:
        raise _behind_joint()
    present.error = _behind_joint()


def _behind_joint() -> RuntimeError:
    return RuntimeError(
        "a gradient would go back through earlier inner steps of a meta_loss, which keeps their graphs to itself; take "
        "it in a task of your own, with adapter.clone() or adapter.task()"
    )
