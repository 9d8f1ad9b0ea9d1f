"""Recurrent networks: Paddle's fused kernels for the value and the first derivative, and for higher ones the recurrence
that back-propagation through time is.

Paddle's own op has no second derivative, and its first one raises where any weight is frozen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import paddle
from paddle.nn import functional as F

from .. import kernels
from ..primitive import requires_grad, with_pullback
from ..registry import rule
from .cells import CELLS, going_on
from .linear_recurrence import LinearRecurrence
from .over_time import Steps, projected, pulled_back, summed, summed_product
from .shape import concat, stack


@rule("rnn")
def rnn(x, states, weights, lengths, dropout_state, *options):
    """`x` is [time, batch, features], `states` one or two of [layers * directions, batch, hidden_size].

    Returns the outputs over time, the state of the dropout as it was, and the list of final states.
    """
    dropout, bidirectional, _, hidden_size, layers, mode, _, is_test = options
    runs = layers * (2 if bidirectional else 1)
    if len(weights) != 4 * runs:
        raise ValueError("a recurrent network without biases: Paddle's own forward reads past its weights")
    mask = None
    if layers > 1 and dropout and not is_test:
        with paddle.no_grad():
            mask = _dropout_mask(x, states, weights, lengths, dropout_state, *options)
    final, each = [], runs // layers
    for layer in range(layers):
        if layer and mask is not None:
            x = x * mask
        matrices = weights[2 * each * layer : 2 * each * (layer + 1)]
        biases = weights[2 * runs + 2 * each * layer :][: 2 * each]
        own = states if layers == 1 else [state[each * layer : each * (layer + 1)] for state in states]
        x, *last = _layer(_Kernel(lengths, bidirectional, hidden_size, mode), x, own, matrices + biases)
        final.append(last)
    return x, dropout_state, final[0] if layers == 1 else [concat(parts) for parts in zip(*final)]


def _dropout_mask(x, states, weights, lengths, dropout_state, *options):
    """What each layer's outputs are multiplied by on their way into the next layer."""
    dropout, bidirectional, _, hidden_size, *_ = options
    if not x.place.is_cpu_place():
        width = hidden_size * (2 if bidirectional else 1)
        return F.dropout(paddle.ones([*x.shape[:2], width], x.dtype), dropout)
    mask = kernels.native.rnn(x, states, weights, lengths, dropout_state, *options)[1].astype(x.dtype)
    return mask / float(np.float32(1) - np.float32(dropout)) if dropout < 1 else mask  # rounded as in the kernel


class _Kernel(NamedTuple):
    """Paddle's for one layer."""

    lengths: paddle.Tensor | None
    bidirectional: bool
    hidden_size: int
    mode: str

    def __call__(self, x, states, weights):
        options = [0.0, self.bidirectional, x.shape[-1], self.hidden_size, 1, self.mode, 0, False]
        y, _, final = kernels.native.rnn(x, states, weights, self.lengths, paddle.empty([0], "uint8"), *options)
        return [y, *final]

    def is_right_for(self, states) -> bool:
        """Whether its derivative is: going backwards, it takes zero for the first state of a padded sequence."""
        return self.lengths is None or not self.bidirectional or not any(bool(state.any()) for state in states)


def _layer(kernel, x, states, weights):
    """The outputs over time, and the final states."""
    operands = [x, *states, *weights]
    fused = _Fused(kernel, operands, len(states))

    def pullback(*cotangents):
        if not paddle.is_grad_enabled() and kernel.is_right_for(states):
            return fused.gradients(cotangents)
        return _gradients(kernel, x, states, weights, fused.outputs[0].detach(), cotangents)

    return with_pullback(fused.value, operands, pullback)


class _Fused:
    """A kernel with its own derivative, which Paddle's engine alone can call: by a graph of its own."""

    def __init__(self, kernel, operands, states: int):
        self._kernel, self._states = kernel, states
        self._leaves = [operand.detach() for operand in operands]
        for position, operand in enumerate(operands):  # it raises if any weight needs none
            self._leaves[position].stop_gradient = position <= states and not requires_grad(operand)
        self.outputs = None

    def value(self):
        x, leaves = self._leaves[0], self._leaves[1:]
        with paddle.enable_grad():
            self.outputs = self._kernel(x, leaves[: self._states], leaves[self._states :])
        return [output.detach() for output in self.outputs]

    def gradients(self, cotangents):
        pairs = [(y, g) for y, g in zip(self.outputs, cotangents) if g is not None]
        outputs, given = zip(*pairs)
        paddle.base.core.eager.run_backward(list(outputs), list(given), True, None)
        return [_taken_gradient(leaf) for leaf in self._leaves]


def _taken_gradient(leaf):
    if leaf.stop_gradient:
        return None
    gradient = kernels.native.reshape(leaf.grad, leaf.shape)  # a view, which keeps the memory
    leaf.clear_gradient(False)
    return gradient


def _gradients(kernel, x, states, weights, output, cotangents):
    """What `_Fused.gradients` gives, of ops that can be differentiated again."""
    directions = 2 if kernel.bidirectional else 1
    size, length = kernel.hidden_size, x.shape[0]
    going = None if kernel.lengths is None else going_on(kernel.lengths, length, x.dtype)
    to_x, to_weights, to_biases, to_states = None, [], [], []
    for direction in range(directions):
        run = Run(CELLS[kernel.mode], Steps(backwards=direction == 1), going, [])
        matrix, own_matrix = weights[2 * direction : 2 * direction + 2]
        bias, own_bias = weights[2 * (directions + direction) :][:2]
        first = [state[direction] for state in states]
        by_input = projected(x, matrix, bias)
        with paddle.no_grad():
            part = output[..., direction * size : (direction + 1) * size]
            known = run.states_of(part, by_input, own_matrix, own_bias, first)
        reached = run.states(by_input, own_matrix, own_bias, first, known)
        sources = run.sources(cotangents, direction, size, length)
        to_input, *to_own, to_first = run.pulled_back(by_input, own_matrix, own_bias, reached, sources)
        if requires_grad(x):
            through = pulled_back(to_input, matrix)
            to_x = through if to_x is None else to_x + through
        to_weights += [summed_product(to_input, x), to_own[0]]
        to_biases += [summed(to_input), to_own[1]]
        to_states.append(to_first)
    return [to_x, *(stack(parts) for parts in zip(*to_states)), *to_weights, *to_biases]


class Run(NamedTuple):
    """One layer in one direction.

    Its states are lists of the hidden ones, and of an LSTM's memories too, with those before the first step.

    Attributes
    ----------
    known_slopes : list
        Their values, once they were computed.
    """

    cell: type
    steps: Steps
    going: paddle.Tensor | None
    known_slopes: list

    def states_of(self, output, by_input, matrix, bias, first):
        """The values of the states that gave an output."""
        hidden = output if self.going is None else output + (1 - self.going) * paddle.unsqueeze(first[0], -3)
        hidden = self.steps.with_first(first[0], hidden)
        if len(first) == 1:
            return [hidden]
        by_hidden = projected(self.steps.before(hidden), matrix, bias)
        return [hidden, self.cell.memories(by_input + by_hidden, first[1], self.steps, self.going)]

    def states(self, by_input, matrix, bias, first, known):
        """The states, whose values are known, as functions of what they follow from."""

        def pullback(*cotangents):
            reached = known
            if paddle.is_grad_enabled():
                reached = self.states(by_input, matrix, bias, first, known)
            to_input, to_matrix, to_bias, to_first = self.pulled_back(by_input, matrix, bias, reached, cotangents)
            return [to_input, to_matrix, to_bias, *to_first]

        operands = [by_input, matrix, bias, *first]
        return with_pullback(lambda: [value.detach() for value in known], operands, pullback)

    def pulled_back(self, by_input, matrix, bias, states, sources):
        """The gradients for `by_input`, `matrix`, `bias`, and the first states, from those for all states."""
        before = [self.steps.before(state) for state in states]
        gates, by_input_gates, *others = self._slopes(by_input, matrix, bias, states, before)
        recurrence = LinearRecurrence(self.steps, gates, matrix, *others)
        back = recurrence.back(sources)
        beside = recurrence.beside_gates(back)
        to_hidden = gates * beside
        to_input = to_hidden if by_input_gates is gates else by_input_gates * beside
        to_first = [self.steps.first(state) for state in back]
        return to_input, summed_product(to_hidden, before[0]), summed(to_hidden), to_first

    def _slopes(self, by_input, matrix, bias, states, before):
        if self.known_slopes and not paddle.is_grad_enabled():
            return self.known_slopes
        after = [self.steps.after(state) for state in states]
        slopes = self.cell.slopes(by_input, projected(before[0], matrix, bias), before, after)
        slopes = slopes if self.going is None else self._where_going(*slopes)
        values = {id(slope): None if slope is None else slope.detach() for slope in slopes}
        self.known_slopes[:] = [values[id(slope)] for slope in slopes]
        return slopes

    def _where_going(self, gates, by_input_gates, kept, remembered, shown):
        """Where a sequence has ended, its states stay."""
        going, ended = self.going, 1 - self.going
        own = gates * going
        by_input_gates = own if by_input_gates is gates else by_input_gates * going
        if kept is None:
            kept = ended.expand([*ended.shape[:-1], own.shape[-1] // self.cell.gates])
        else:
            kept = kept * going + ended
        if shown is not None:
            remembered, shown = remembered * going + ended, shown * going
        return own, by_input_gates, kept, remembered, shown

    def sources(self, cotangents, direction, size, length):
        """The gradients for the states, from those for a layer's outputs and final states."""
        to_output, *to_final = cotangents
        to_final = [None if g is None else self.steps.at_last(g[direction], length) for g in to_final]
        if to_output is not None:
            to_output = to_output[..., direction * size : (direction + 1) * size]
            to_output = to_output if self.going is None else to_output * self.going
            first = paddle.zeros([*to_output.shape[:-3], *to_output.shape[-2:]], to_output.dtype)
            to_output = self.steps.with_first(first, to_output)
            to_final[0] = to_output if to_final[0] is None else to_output + to_final[0]
        return to_final
