"""A graph for each inner step: through one of all n steps, n passes of Paddle's engine take time n²."""

from __future__ import annotations

import paddle

from ..double_grad.joints import Joint, joints_below
from ..tensors import added
from ..vmap import batched_gradients, inside


class StepGraphs:
    """The graphs of a task, and where one goes on from another.

    Parameters
    ----------
    apart : bool
        Whether there are several at all: a plain ``backward()`` goes through one alone.
    """

    def __init__(self, apart: bool):
        self.apart = apart
        self._joints = []  # lists of what was joined at once, oldest first

    def go_on_from(self, nested):
        """The tensors of a nest as leaves, with which another graph begins."""
        if not self.apart:
            return nested
        joints, begins = [], {}

        def joined(tensor):
            joints.append(Joint(tensor))
            return joints[-1].begin

        def begin(x):
            if not isinstance(x, paddle.Tensor) or x.stop_gradient or x.is_leaf:
                return x
            if id(x) not in begins:
                begins[id(x)] = x, inside(joined, x)
            return begins[id(x)][1]

        self._joints.append(joints)
        return paddle.utils.map_structure(begin, nested)

    def gradients(self, loss, tensors: list) -> list:
        """Those of `loss` for `tensors`, through all the graphs, None where there are none. It is done once: a graph
        goes when its turn has come."""
        cotangents = {}
        found = self._pass([loss], None, tensors, cotangents)
        while self._joints:
            joints = [joint for joint in self._joints.pop() if joint in cotangents]
            if joints:
                given = [cotangents.pop(joint) for joint in joints]
                passed = self._pass([joint.end for joint in joints], given, tensors, cotangents)
                found = [added(a, b) for a, b in zip(found, passed)]
        return found

    def _pass(self, outputs, given, tensors, cotangents) -> list:
        """The gradients for `tensors` through one graph; those for what it went on from are added to `cotangents`."""
        joints = joints_below(outputs)
        passed = batched_gradients(
            outputs, [*tensors, *(joint.begin for joint in joints)], grad_outputs=given, allow_unused=True,
            retain_graph=bool(self._joints),  # an earlier loss may be part of a later one
        )  # fmt: skip
        for joint, cotangent in zip(joints, passed[len(tensors) :]):
            if cotangent is not None:
                cotangents[joint] = added(cotangents.get(joint), cotangent)
        return passed[: len(tensors)]
