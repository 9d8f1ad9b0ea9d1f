"""CTC and RNN-T: minus the log of a sum over paths, with the gradient by the forward-backward recursions.

Both are paths over states 0 … S-1 that take one of K arcs in each of N steps: arc k leads from state s - k to state
s, at a log weight. In CTC a step is a time step, in RNN-T an antidiagonal of the lattice of times and labels. The
gradient with respect to a log weight is the probability that a path uses that arc. Without further derivatives it
comes from two loops that record nothing; otherwise Paddle differentiates these loops.
"""

from __future__ import annotations

import paddle

from ..kernels import native
from ..primitive import with_pullback
from ..registry import rule

#: In place of minus infinity: sums of it are finite in single precision, so no 0 · ∞ and no ∞ - ∞ comes up.
_NEVER = -1e30


@rule("warpctc")
def warpctc(logits, label, logits_length, label_length, blank, norm_by_times):
    """The loss, of shape [B, 1], for logits [T, B, C] and labels [B, L]; zero where the label has no path.

    With `norm_by_times` Paddle divides the gradient, but not the loss, by the length; so does this.
    """
    steps, batch, _ = logits.shape
    with paddle.no_grad():
        loss = native.warpctc(logits.detach(), label, logits_length, label_length, blank, norm_by_times)
        length, label_length = (t.astype("int64").reshape([batch, 1]) for t in (logits_length, label_length))
        symbols, is_allowed = _ctc_states(label.astype("int64"), label_length, blank)
        state = paddle.arange(symbols.shape[1]).unsqueeze(0)
        first = (state == 0).expand_as(symbols)
        last = paddle.logical_or(state == 2 * label_length, state == 2 * label_length - 1)
        is_running = paddle.arange(steps).unsqueeze(1) < length.flatten()
        scale = 1 / length.astype(logits.dtype) if norm_by_times else 1.0
    emitted = paddle.take_along_axis(_log_softmax(logits), symbols.unsqueeze(0).expand([steps, -1, -1]), 2)
    weights = emitted.unsqueeze(1).expand([-1, 3, -1, -1])
    return _loss_of_paths(loss, _where(is_allowed, weights), is_running, first, last, scale)


def _ctc_states(label, length, blank):
    """The symbol of each state, [B, S]: the label between blanks; and which arcs there are, [3, B, S].

    A path stays, goes on, or skips the blank between two different labels.
    """
    batch, longest = label.shape
    blanks = paddle.full_like(label, blank)
    label = paddle.where(paddle.arange(longest) < length, label, blanks)
    symbols = paddle.stack([blanks, label], 2).reshape([batch, 2 * longest])
    symbols = paddle.concat([symbols, paddle.full([batch, 1], blank, "int64")], 1)
    two_before = paddle.concat([paddle.full([batch, 2], blank, "int64"), symbols[:, :-2]], 1)
    skips = paddle.logical_and(symbols != blank, symbols != two_before)
    always = paddle.ones_like(skips)
    return symbols, paddle.stack([always, always, skips])


@rule("warprnnt")
def warprnnt(x, label, lengths, label_lengths, blank, fastemit_lambda):
    """The loss, of shape [B], for log probabilities [B, T, U + 1, C] (on a GPU: logits) and labels [B, U].

    FastEmit multiplies the gradient for the labels' log probabilities, but not the loss; so does this.
    """
    with paddle.no_grad():
        loss = native.warprnnt(x.detach(), label, lengths, label_lengths, blank, fastemit_lambda)
        label, lengths, label_lengths = (t.astype("int64") for t in (label, lengths, label_lengths))
        batch, times, states, classes = x.shape
        label = label.clip(0, classes - 1)
        lengths, label_lengths = lengths.reshape([batch, 1, 1]), label_lengths.reshape([batch, 1, 1])
        state = paddle.arange(states)
        # An arc that emits a blank starts one time step before where it ends, one that emits a label does not.
        steps = times + states - 1
        start = paddle.arange(steps).unsqueeze(1) - state
        start = paddle.stack([start, start + 1])
        source = (start.clip(0, times - 1) * states + state).reshape([1, 2, steps * states]).expand([batch, -1, -1])
        is_arc = (start >= 0).unsqueeze(0) & (start.unsqueeze(0) < lengths.unsqueeze(1))
        is_arc = (is_arc & (state <= label_lengths).unsqueeze(1)).transpose([2, 1, 0, 3])
        first = (state == 0).expand([batch, states])
        last = state == label_lengths.squeeze(1)
        is_running = paddle.arange(steps).unsqueeze(1) < (lengths + label_lengths).flatten()
        scale = paddle.to_tensor([1.0, 1.0 + fastemit_lambda], x.dtype).reshape([2, 1, 1])
    if x.place.is_gpu_place():
        x = _log_softmax(x)
    index = label.reshape([batch, 1, -1, 1]).expand([-1, times, -1, -1])
    labels = paddle.take_along_axis(x[:, :, :-1], index, 3).squeeze(3)
    labels = paddle.concat([paddle.full([batch, times, 1], _NEVER, x.dtype), labels], 2)
    weights = paddle.stack([x[..., blank], labels], 1).reshape([batch, 2, times * states])
    weights = paddle.take_along_axis(weights, source, 2).reshape([batch, 2, steps, states])
    weights = _where(is_arc, weights.transpose([2, 1, 0, 3]))
    return _loss_of_paths(loss, weights, is_running, first, last, scale)


def _log_softmax(x):
    """Without the lower limit of -64 that Paddle's has on the CPU, and the losses' own values do not."""
    return x - paddle.logsumexp(x, -1, keepdim=True)


def _loss_of_paths(loss, weights, is_running, first, last, scale):
    """The known values `loss`, with the gradient of minus the log of the sum over paths.

    Parameters
    ----------
    loss : Tensor
        B elements.
    weights : Tensor
        The log weights, [N, K, B, S].
    is_running : Tensor of bool
        [N, B], false past the end of an example.
    first, last : Tensor of bool
        [B, S], the states where a path may begin and end.
    scale : Tensor or float
        What the gradient is multiplied by; to be broadcast against [K, B, S].
    """
    _, arcs, batch, _ = weights.shape
    stay = paddle.to_tensor([0.0] + [_NEVER] * (arcs - 1), weights.dtype).reshape([arcs, 1, 1])
    weights = _where(is_running.unsqueeze([1, 3]), weights, stay)
    first, last = (_where(states, paddle.zeros(states.shape, weights.dtype)) for states in (first, last))

    def pullback(g):
        return [-_arc_probabilities(weights, first, last) * (g.reshape([batch, 1]) * scale)]

    return with_pullback(loss.detach, [weights], pullback)


def _arc_probabilities(weights, first, last):
    """How probable it is that a path uses the arc; [N, K, B, S], zero where there is no path."""
    arcs = weights.shape[1]
    steps = paddle.unbind(paddle.clip(weights, min=_NEVER))
    before, after = [first], [last]
    for weight in steps[:-1]:
        before.append(paddle.logsumexp(_sources(before[-1], arcs) + weight, 0))
    for weight in steps[:0:-1]:
        after.append(paddle.logsumexp(_targets(after[-1] + weight), 0))
    before, after = paddle.stack(before), paddle.stack(after[::-1])
    through = _sources(before, arcs) + weights + after.unsqueeze(1)
    total = paddle.logsumexp(through[-1], [0, 2], keepdim=True)
    return paddle.exp(_where(total > _NEVER / 2, through - total))


def _sources(states, arcs):
    """For each arc into a state, the value of the state that it leaves: [..., B, S] to [..., K, B, S]."""
    count = states.shape[-1]
    edge = paddle.full([*states.shape[:-1], arcs - 1], _NEVER, states.dtype)
    states = paddle.concat([edge, states], -1)
    return paddle.stack([states[..., arcs - 1 - k : arcs - 1 - k + count] for k in range(arcs)], -3)


def _targets(arcs):
    """For each arc out of a state, its value, given by the state that it leads to: [K, B, S] to the same."""
    count, batch, states = arcs.shape
    edge = paddle.full([count, batch, count - 1], _NEVER, arcs.dtype)
    arcs = paddle.concat([arcs, edge], -1)
    return paddle.stack([arcs[k, :, k : k + states] for k in range(count)])


def _where(condition, x, other=None):
    other = paddle.full([1], _NEVER, x.dtype) if other is None else other
    return paddle.where(condition.expand_as(x), x, other.expand_as(x))
