"""What the kinds of recurrent networks differ in: one step of a cell, and how its result changes with what it gets."""

from __future__ import annotations

import paddle
from paddle.nn import functional as F

from ..kernels import native
from .shape import concat


class LSTM:
    gates = 4

    @staticmethod
    def step(by_input, by_hidden, hidden, memory):
        """The states after a step."""
        i, f, candidate, o = paddle.split(by_input + by_hidden, 4, -1)
        memory = F.sigmoid(f) * memory + F.sigmoid(i) * paddle.tanh(candidate)
        return [F.sigmoid(o) * paddle.tanh(memory), memory]

    @staticmethod
    def slopes(by_input, by_hidden, before, after):
        """What each gate's part of `by_hidden`, and of `by_input`, counts for in the states after a step, and those
        before it; as `LinearRecurrence` has them: gates, input gates, K, F, k."""
        i, f, candidate, o = paddle.split(by_input + by_hidden, 4, -1)
        i, f, candidate, o = F.sigmoid(i), F.sigmoid(f), paddle.tanh(candidate), F.sigmoid(o)
        shown = paddle.tanh(after[1])
        through = i * candidate
        gates = [through * (1 - i), before[1] * f * (1 - f), i - through * candidate, shown * o * (1 - o)]
        gates = concat(gates, by_input.ndim - 1)
        return gates, gates, None, f, o * (1 - shown * shown)

    @staticmethod
    def memories(by_both, first, steps, going):
        """The values of all memories, from those of the gates, and the first."""
        i, f, candidate, _ = paddle.split(by_both, 4, -1)
        new, kept = F.sigmoid(i) * paddle.tanh(candidate), F.sigmoid(f)
        if going is not None:
            new, kept = new * going, kept * going + (1 - going)
        found = [first]
        for added, part in zip(steps.unbound(new), steps.unbound(kept)):
            found.append(native.add(added, native.multiply(part, found[-1])))
        return steps.bound(found)


class GRU:
    gates = 3

    @staticmethod
    def step(by_input, by_hidden, hidden):
        r, z, candidate = paddle.split(by_input, 3, -1)
        r_hidden, z_hidden, candidate_hidden = paddle.split(by_hidden, 3, -1)
        candidate = paddle.tanh(candidate + F.sigmoid(r + r_hidden) * candidate_hidden)
        return [(hidden - candidate) * F.sigmoid(z + z_hidden) + candidate]

    @staticmethod
    def slopes(by_input, by_hidden, before, after):
        r, z, candidate = paddle.split(by_input, 3, -1)
        r_hidden, z_hidden, candidate_hidden = paddle.split(by_hidden, 3, -1)
        r, z = F.sigmoid(r + r_hidden), F.sigmoid(z + z_hidden)
        candidate = paddle.tanh(candidate + r * candidate_hidden)
        new = (1 - z) * (1 - candidate * candidate)
        shown = new * r
        both = [shown * candidate_hidden * (1 - r), (before[0] - candidate) * z * (1 - z)]
        axis = by_input.ndim - 1
        return concat([*both, shown], axis), concat([*both, new], axis), z, None, None


class TanhRNN:
    gates = 1

    @staticmethod
    def step(by_input, by_hidden, hidden):
        return [paddle.tanh(by_input + by_hidden)]

    @staticmethod
    def slopes(by_input, by_hidden, before, after):
        new = paddle.tanh(by_input + by_hidden)
        gates = 1 - new * new
        return gates, gates, None, None, None


class ReluRNN:
    gates = 1

    @staticmethod
    def step(by_input, by_hidden, hidden):
        return [F.relu(by_input + by_hidden)]

    @staticmethod
    def slopes(by_input, by_hidden, before, after):
        gates = (by_input.detach() + by_hidden.detach() > 0).astype(by_input.dtype)
        return gates, gates, None, None, None


CELLS = {"LSTM": LSTM, "GRU": GRU, "RNN_TANH": TanhRNN, "RNN_RELU": ReluRNN}


def going_on(lengths, steps, dtype):
    """1 where a sequence goes on, 0 where it has ended: [time, batch, 1]."""
    return (paddle.arange(steps, dtype=lengths.dtype).reshape([-1, 1, 1]) < lengths.reshape([1, -1, 1])).astype(dtype)
