"""ANIL's body, computed once per task where that is provably the same.

Where all that adapts is in a head, the body's output cannot change during a task, so its graph can be used again.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

import paddle

from ..double_grad.undo import Undo
from ..random_states import RandomStates
from .parameter_reads import noted_in, put_back
from .snapshot import Snapshot


class BodyReuse:
    """Runs a net by its head alone if the same input objects come again.

    The head's input is reused only if nothing that the net and its inputs are made of has changed since; in computing
    it no random number was drawn, no weight of the head read and no hook met; the head was called once, as it would be
    again, with positional arguments alone; and the net's output is the head's. In full otherwise. BatchNorm's
    statistics move as they would in full. What a layer reads beyond its own attributes, such as a global variable,
    can't be seen, nor statistics that something else than their BatchNorm reads.

    Parameters
    ----------
    net, head : Layer
    slots : Slots
        Of the net.
    fast : dict of str to Tensor
        The present fast weights, as the task moves them.
    adapted : list of str
        The names of those that move; all are in the head.
    keeps_buffers : bool
        Whether what a forward pass does to buffers remains after the task.
    """

    def __init__(self, net, head, slots, fast: dict, adapted: list, keeps_buffers: bool):
        self._net, self._head = net, head
        self._fast, self._adapted = fast, adapted
        self._keeps_buffers = keeps_buffers
        lists = {id(vars(part).get(key)) for part in _parts(head) for key in ("_parameters", "_all_weights")}
        self._tied = any(id(container) not in lists for name in adapted for container, _ in slots.places(name))
        self._known = []

    @contextmanager
    def installed(self):
        """A context in which calls of the net may be answered by its head alone."""
        own, original = vars(self._net).get("forward"), self._net.forward

        def forward(*inputs, **kwargs):
            if kwargs or self._tied:
                return original(*inputs, **kwargs)
            now = self._snapshot(self._net, own, *inputs)
            for known in self._known:
                if known.comes_again(now, self._snapshot(self._head, *known.head_inputs)):
                    known.move_statistics()
                    return self._head(*known.head_inputs)
            return self._in_full(original, inputs, now.kept(), partial(self._snapshot, self._net, own, *inputs))

        with _forward_of(self._net, forward):
            yield

    def _in_full(self, original, inputs, before, snapshot):
        """The net's output; what the head was given is known from now on, if it may be reused."""
        reads, calls, runs = [], [], Counter()
        weights = [(part, part._parameters) for part in _parts(self._head)]
        run_head = self._head.forward

        def head_forward(*given, **keywords):
            put_back(weights)
            at_head = self._snapshot(self._head, *given).kept()
            output = run_head(*given, **keywords)
            calls.append((given, keywords, at_head, self._snapshot(None, output).kept()))
            return output

        def norm_forward(layer, run, *args, **kwargs):
            runs[layer] += 1
            return run(*args, **kwargs)

        in_head = [part for part, _ in weights]
        moving = [norm for norm in before.batch_norms if norm not in in_head]
        statistics = [(norm, t, t.clone()) for norm in moving for t in (norm._mean, norm._variance)]
        chance = RandomStates()
        with ExitStack() as stack:
            stack.enter_context(noted_in(reads, weights))
            for norm in moving:
                stack.enter_context(_forward_of(norm, partial(norm_forward, norm, norm.forward)))
            stack.enter_context(_forward_of(self._head, head_forward))
            result = original(*inputs)
        if len(calls) == 1 and not reads and chance == RandomStates():
            given, keywords, at_head, returned = calls[0]
            if not keywords:
                unchanged = [(before, snapshot().kept()), (returned, self._snapshot(None, result).kept())]
                moves = [(t, was, t.clone(), norm._momentum ** runs[norm]) for norm, t, was in statistics]
                self._known.append(_Known(before, at_head, given, unchanged, moves))
        return result

    def _snapshot(self, layer, *values):
        return Snapshot(layer, values, {id(self._fast[name]) for name in self._adapted}, self._keeps_buffers)


class _Known(NamedTuple):
    """A call of the net in full."""

    before: Snapshot  # of what the net could read
    at_head: Snapshot  # of what the head could read
    head_inputs: tuple
    unchanged: list  # pairs of snapshots, before and after, still to be compared: during a run no value is read
    moves: list  # (statistic, its value before, and after, what part of its value a run leaves)

    def comes_again(self, now: Snapshot, now_at_head: Snapshot) -> bool:
        pairs = [(self.before, now), (self.at_head, now_at_head), *self.unchanged]
        same = all(then.is_same(later) for then, later in pairs)
        if same:
            self.unchanged.clear()
        return same

    def move_statistics(self):
        """As the body would."""
        with paddle.no_grad():
            for statistic, before, after, part in self.moves:
                statistic.set_value(after + part * (statistic - before))


def _parts(layer) -> list:
    return layer.sublayers(include_self=True)


def _forward_of(layer, forward) -> Undo:
    """From now on a layer has another forward; what is returned is a context to be left for its own."""
    attributes = vars(layer)
    if "forward" in attributes:
        put_own_back = partial(attributes.__setitem__, "forward", attributes["forward"])
    else:
        put_own_back = partial(attributes.pop, "forward", None)
    before = Undo(put_own_back, frozenset({id(layer)}))
    attributes["forward"] = forward
    return before
