"""Recurrent networks: Paddle's fused op as a loop over time of cells made of differentiable ops.

Paddle's own op has no second derivative, and its first one raises where any weight is frozen.
"""

from __future__ import annotations

import numpy as np
import paddle
from paddle.nn import functional as F

from .. import kernels
from ..registry import rule


@rule("rnn")
def rnn(x, states, weights, lengths, dropout_state, *options):
    """`x` is [time, batch, features], `states` one or two of [layers * directions, batch, hidden_size].

    Returns the outputs over time, the state of the dropout as it was, and the list of final states.
    """
    dropout, bidirectional, _, _, layers, mode, _, is_test = options
    directions = 2 if bidirectional else 1
    runs = layers * directions
    if len(weights) != 4 * runs:
        raise ValueError("a recurrent network without biases: Paddle's own forward reads past its weights")
    cell = _CELLS[mode]
    matrices, biases = weights[: 2 * runs], weights[2 * runs :]
    kept = None if lengths is None else _kept(lengths, x.shape[0], x.dtype)
    mask = None
    if layers > 1 and dropout and not is_test:
        with paddle.no_grad():
            mask = _dropout_mask(x, states, weights, lengths, dropout_state, *options)
    final = []
    for layer in range(layers):
        if layer and mask is not None:
            x = x * mask
        outputs = []
        for run in range(layer * directions, (layer + 1) * directions):
            parameters = (*matrices[2 * run : 2 * run + 2], *biases[2 * run : 2 * run + 2])
            output, last = _run(cell, x, [state[run] for state in states], parameters, kept, run % directions == 1)
            outputs.append(output)
            final.append(last)
        x = outputs[0] if directions == 1 else paddle.concat(outputs, -1)
    return x, dropout_state, [paddle.stack(run_states, 0) for run_states in zip(*final)]


def _dropout_mask(x, states, weights, lengths, dropout_state, *options):
    """What each layer's outputs are multiplied by on their way into the next layer."""
    dropout, bidirectional, _, hidden_size, *_ = options
    if not x.place.is_cpu_place():
        width = hidden_size * (2 if bidirectional else 1)
        return F.dropout(paddle.ones([*x.shape[:2], width], x.dtype), dropout)
    mask = kernels.native.rnn(x, states, weights, lengths, dropout_state, *options)[1].astype(x.dtype)
    return mask / float(np.float32(1) - np.float32(dropout)) if dropout < 1 else mask  # rounded as in the kernel


def _kept(lengths, steps, dtype):
    """1 where a sequence goes on, 0 where it has ended: [time, batch, 1]."""
    return (paddle.arange(steps, dtype=lengths.dtype).reshape([-1, 1, 1]) < lengths.reshape([1, -1, 1])).astype(dtype)


def _run(cell, x, states, parameters, kept, backwards):
    """One layer in one direction: the outputs over time, and the states after the last step."""
    to_hidden, hidden_to_hidden, bias, hidden_bias = parameters
    steps, batch, features = x.shape
    by_input = F.linear(paddle.reshape(x, [steps * batch, features]), paddle.t(to_hidden), bias)
    by_input = paddle.unbind(paddle.reshape(by_input, [steps, batch, -1]), 0)
    hidden_to_hidden = paddle.t(hidden_to_hidden)
    outputs = [None] * steps
    for step in reversed(range(steps)) if backwards else range(steps):
        new = cell(by_input[step], F.linear(states[0], hidden_to_hidden, hidden_bias), *states)
        if kept is None:
            outputs[step] = new[0]
        else:
            going = kept[step]
            outputs[step] = new[0] * going
            new = [now * going + before * (1 - going) for now, before in zip(new, states)]
        states = new
    return paddle.stack(outputs, 0), states


def _lstm(by_input, by_hidden, hidden, memory):
    i, f, candidate, o = paddle.split(by_input + by_hidden, 4, -1)
    memory = F.sigmoid(f) * memory + F.sigmoid(i) * paddle.tanh(candidate)
    return [F.sigmoid(o) * paddle.tanh(memory), memory]


def _gru(by_input, by_hidden, hidden):
    r, z, candidate = paddle.split(by_input, 3, -1)
    r_hidden, z_hidden, candidate_hidden = paddle.split(by_hidden, 3, -1)
    candidate = paddle.tanh(candidate + F.sigmoid(r + r_hidden) * candidate_hidden)
    return [(hidden - candidate) * F.sigmoid(z + z_hidden) + candidate]


_CELLS = {
    "LSTM": _lstm,
    "GRU": _gru,
    "RNN_TANH": lambda by_input, by_hidden, hidden: [paddle.tanh(by_input + by_hidden)],
    "RNN_RELU": lambda by_input, by_hidden, hidden: [F.relu(by_input + by_hidden)],
}
