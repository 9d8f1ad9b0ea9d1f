"""A graph for every few inner steps, in place of one for all of them."""

from __future__ import annotations

import paddle

from ..double_grad.audit import leaves_below
from ..double_grad.graph import address_of
from ..tensors import added, leaf
from ..vmap import batched_gradients, inside

#: A pass of Paddle's engine looks at all that lies below a loss, also below the weights that a gradient is taken for:
#: through one graph of n steps that makes n² altogether. A pass has its price too, so that a few steps share one.
_STEPS = 8


class StepGraphs:
    """Where the graph of some steps of a task ends, and the leaves stand with which the next one begins.

    Parameters
    ----------
    apart : bool
        Whether there are several at all: a plain ``backward()`` goes through one alone.
    """

    def __init__(self, apart: bool):
        self._apart = apart
        self._joints = []  # [(where a graph ends, the leaf that goes on from there)] of each, oldest first
        self._begins = {}  # those leaves by the addresses of their nodes
        self._steps = 0

    def after_step(self, nested):
        """The weights and the rule's state, nested, after one more step, as the next one begins with them."""
        self._steps += 1
        if not self._apart or self._steps % _STEPS:
            return nested
        joint = {}

        def going_on(x):
            if not isinstance(x, paddle.Tensor) or x.stop_gradient or x.is_leaf:
                return x
            if id(x) not in joint:
                joint[id(x)] = x, inside(leaf, x)
            return joint[id(x)][1]

        nested = paddle.utils.map_structure(going_on, nested)
        joint = [(_plain(end), _plain(begin)) for end, begin in joint.values()]
        self._joints.append(joint)
        self._begins.update({address_of(begin): begin for _, begin in joint})
        return nested

    def gradients(self, loss, tensors: list) -> list:
        """Those of `loss` for `tensors`, through all the graphs, None where there are none. It is done once: a graph
        goes when its turn has come."""
        cotangents = {}  # by the address of a leaf's node
        found = self._pass([loss], None, tensors, cotangents)
        while self._joints:
            addresses = [(end, address_of(begin)) for end, begin in self._joints.pop()]
            ends = [(end, cotangents.pop(address)) for end, address in addresses if address in cotangents]
            for _, address in addresses:
                del self._begins[address]
            if ends:
                passed = self._pass(*map(list, zip(*ends)), tensors, cotangents)
                found = [added(a, b) for a, b in zip(found, passed)]
        return found

    def _pass(self, outputs, given, tensors, cotangents) -> list:
        """The gradients for `tensors` through one graph; those for leaves that other graphs go on from are added to
        `cotangents`."""
        begins = {}
        if self._joints:
            begins = {address: self._begins[address] for address in leaves_below(outputs)[0] if address in self._begins}
        passed = batched_gradients(
            outputs, [*tensors, *begins.values()], grad_outputs=given, allow_unused=True,
            retain_graph=bool(self._joints),  # what steps share, as a body computed once, is passed through again
        )  # fmt: skip
        for address, cotangent in zip(begins, passed[len(tensors) :]):
            cotangents[address] = added(cotangents.get(address), cotangent)
        return passed[: len(tensors)]


def _plain(tensor):
    """The stacked tensor of a `Batched`."""
    return getattr(tensor, "stacked", tensor)
