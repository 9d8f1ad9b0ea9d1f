"""Recurrent networks, a weight a task: as a loop over time of cells made of ops that have batching rules."""

from __future__ import annotations

import paddle
from paddle.nn import functional as F

from ...double_grad.rules.cells import CELLS, going_on
from ..registry import batches


@batches("rnn")
def rnn(x, states, weights, lengths, dropout_state, *options):
    dropout, bidirectional, _, _, layers, mode, _, is_test = options
    directions = 2 if bidirectional else 1
    runs = layers * directions
    if (dropout and not is_test) or len(weights) != 4 * runs:  # its masks are drawn by the kernel
        return NotImplemented
    matrices, biases = weights[: 2 * runs], weights[2 * runs :]
    going = None if lengths is None else going_on(lengths, x.shape[0], x.dtype)
    final = []
    for layer in range(layers):
        outputs = []
        for run in range(layer * directions, (layer + 1) * directions):
            parameters = (*matrices[2 * run : 2 * run + 2], *biases[2 * run : 2 * run + 2])
            first = [state[run] for state in states]
            output, last = _run(CELLS[mode].step, x, first, parameters, going, run % directions == 1)
            outputs.append(output)
            final.append(last)
        x = outputs[0] if directions == 1 else paddle.concat(outputs, -1)
    return x, dropout_state, [paddle.stack(run_states, 0) for run_states in zip(*final)]


def _run(step, x, states, parameters, going, backwards):
    """One layer in one direction: the outputs over time, and the states after the last step."""
    to_hidden, hidden_to_hidden, bias, hidden_bias = parameters
    length, batch, features = x.shape
    by_input = F.linear(paddle.reshape(x, [length * batch, features]), paddle.t(to_hidden), bias)
    by_input = paddle.unbind(paddle.reshape(by_input, [length, batch, -1]), 0)
    hidden_to_hidden = paddle.t(hidden_to_hidden)
    outputs = [None] * length
    for time in reversed(range(length)) if backwards else range(length):
        new = step(by_input[time], F.linear(states[0], hidden_to_hidden, hidden_bias), *states)
        if going is None:
            outputs[time] = new[0]
        else:
            present = going[time]
            outputs[time] = new[0] * present
            new = [now * present + before * (1 - present) for now, before in zip(new, states)]
        states = new
    return paddle.stack(outputs, 0), states
