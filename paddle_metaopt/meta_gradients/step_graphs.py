"""Graphs of a few inner steps each: through a single one of all n steps, n passes of Paddle's engine take time n²."""

from __future__ import annotations

from functools import partial

import paddle

from ..double_grad.joints import Joint, foreign_passes
from ..tensors import added
from ..vmap import batched_gradients, inside


class StepGraphs:
    """The graphs of a task's inner steps, and where one goes on from another.

    Parameters
    ----------
    apart : bool
        Whether there may be several: a plain ``backward()`` goes through one alone. There is one, too, where the net or
        a loss takes gradients itself in the first steps, which may have to go back through all of them.
    """

    #: Of one step each would need a pass more for every step, and one of many steps is gone through in each of them.
    STEPS = 8

    def __init__(self, apart: bool):
        self._apart = apart
        self._joints = []  # oldest first
        self._foreign = foreign_passes()

    def after_step(self, task, nested):
        """The nest of tensors that an inner step gave, as the next one begins with it, at times in another graph."""
        if not self._apart or (task.residence.steps + 1) % self.STEPS:
            return nested
        if not self._joints and foreign_passes() != self._foreign:
            self._apart = False
            return nested
        joints, begun = [], {}

        def begin(x):
            if not isinstance(x, paddle.Tensor) or x.stop_gradient or x.is_leaf:
                return x
            if id(x) not in begun:
                begun[id(x)] = x, inside(partial(_joined, joints), x)
            return begun[id(x)][1]

        found = paddle.utils.map_structure(begin, nested)
        task.leaves.pass_by([begin for _, begin in begun.values()])
        self._joints.append(joints)
        return found

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
        joints = [joint for joints in self._joints for joint in joints]
        passed = batched_gradients(
            outputs, [*tensors, *(joint.begin for joint in joints)], grad_outputs=given, allow_unused=True,
            retain_graph=bool(joints),  # an earlier graph may be part of a later one
        )  # fmt: skip
        for joint, cotangent in zip(joints, passed[len(tensors) :]):
            if cotangent is not None:
                cotangents[joint] = added(cotangents.get(joint), cotangent)
        return passed[: len(tensors)]


def _joined(joints: list, end):
    joints.append(Joint(end))
    return joints[-1].begin
