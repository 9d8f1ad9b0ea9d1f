"""Recurrent networks and their cells."""

from __future__ import annotations

import paddle
from paddle import nn

from .case import Excluded, layer


def lengths():
    return paddle.to_tensor([3, 1])


def recurrent(kind, *sizes, **options):
    """The layer, without the buffer that holds no memory before the first forward."""

    def make():
        net = kind(*sizes, **options)
        net._dropout_state = paddle.zeros([0], "uint8")
        return net

    return make


def evaluating(make):
    net = make()
    net.eval()
    return net


def with_lengths(net, x, *states):
    return net(x, *states, sequence_length=lengths())


class Classifier(nn.Layer):
    """Embeds words, reads them, and scores classes by the last state."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 2)
        self.reader = recurrent(nn.LSTM, 2, 3)()
        self.scores = nn.Linear(3, 2)

    def forward(self, words):
        _, (hidden, _) = self.reader(self.embedding(words), sequence_length=lengths())
        return nn.functional.cross_entropy(self.scores(hidden[-1]), paddle.to_tensor([1, 0]))


CASES = {
    "nn.SimpleRNNCell": layer(lambda: nn.SimpleRNNCell(2, 3), (2, 2), (2, 3)),
    "nn.SimpleRNNCell relu": layer(lambda: nn.SimpleRNNCell(2, 3, "relu"), (2, 2), (2, 3)),
    "nn.LSTMCell": layer(lambda: nn.LSTMCell(2, 3), (2, 2), (2, 3), (2, 3), call=lambda net, x, h, c: net(x, (h, c))),
    "nn.LSTMCell no bias": layer(
        lambda: nn.LSTMCell(2, 3, bias_ih_attr=False, bias_hh_attr=False),
        (2, 2),
        (2, 3),
        (2, 3),
        call=lambda net, x, h, c: net(x, (h, c)),
    ),
    "nn.LSTMCell projected": layer(
        lambda: nn.LSTMCell(2, 3, proj_size=2), (2, 2), (2, 2), (2, 3), call=lambda net, x, h, c: net(x, (h, c))
    ),
    "nn.GRUCell": layer(lambda: nn.GRUCell(2, 3), (2, 2), (2, 3)),
    "nn.RNN": layer(lambda: nn.RNN(nn.SimpleRNNCell(2, 3)), (2, 3, 2), (2, 3)),
    "nn.RNN of GRU, reversed, lengths": layer(
        lambda: nn.RNN(nn.GRUCell(2, 3), is_reverse=True), (2, 3, 2), (2, 3), call=with_lengths
    ),
    "nn.RNN of LSTM, time first": layer(
        lambda: nn.RNN(nn.LSTMCell(2, 2), time_major=True), (3, 2, 2), (2, 2), call=lambda net, x, h: net(x, (h, h * h))
    ),
    "nn.BiRNN": layer(
        lambda: nn.BiRNN(nn.GRUCell(2, 2), nn.GRUCell(2, 2)),
        (2, 3, 2),
        (2, 2),
        call=lambda net, x, h: net(x, (h, h * h)),
    ),
    "nn.BiRNN lengths": layer(
        lambda: nn.BiRNN(nn.LSTMCell(2, 2), nn.LSTMCell(2, 2)),
        (2, 3, 2),
        (2, 2),
        call=lambda net, x, h: with_lengths(net, x, ((h, h * h), (-h, h))),
    ),
    "nn.SimpleRNN": layer(recurrent(nn.SimpleRNN, 2, 3), (2, 3, 2), (1, 2, 3)),
    "nn.SimpleRNN relu, both directions": layer(
        recurrent(nn.SimpleRNN, 2, 2, direction="bidirect", activation="relu"), (2, 3, 2)
    ),
    "nn.SimpleRNN two layers, lengths": layer(
        recurrent(nn.SimpleRNN, 2, 2, num_layers=2), (2, 3, 2), call=with_lengths
    ),
    "nn.LSTM": layer(
        recurrent(nn.LSTM, 2, 3), (2, 3, 2), (1, 2, 3), (1, 2, 3), call=lambda net, x, h, c: net(x, (h, c))
    ),
    "nn.LSTM both directions": layer(recurrent(nn.LSTM, 2, 2, direction="bidirectional"), (2, 3, 2)),
    "nn.LSTM both directions, lengths": layer(
        recurrent(nn.LSTM, 2, 2, direction="bidirect"), (2, 3, 2), call=with_lengths
    ),
    "nn.LSTM two layers, dropout": layer(recurrent(nn.LSTM, 2, 2, num_layers=2, dropout=0.4), (2, 3, 2)),
    "nn.LSTM eval": layer(lambda: evaluating(recurrent(nn.LSTM, 2, 2, num_layers=2, dropout=0.4)), (2, 3, 2)),
    "nn.LSTM projected": layer(recurrent(nn.LSTM, 2, 3, proj_size=2), (2, 3, 2)),
    "nn.GRU": layer(recurrent(nn.GRU, 2, 3), (2, 3, 2), (1, 2, 3)),
    "nn.GRU time first": layer(recurrent(nn.GRU, 2, 2, time_major=True), (3, 2, 2)),
    "nn.GRU two layers, both directions, dropout, lengths": layer(
        recurrent(nn.GRU, 2, 2, num_layers=2, direction="bidirect", dropout=0.4), (2, 3, 2), call=with_lengths
    ),
    "nn.GRU both directions, states, lengths": layer(
        recurrent(nn.GRU, 2, 2, direction="bidirect"), (2, 3, 2), (2, 2, 2), call=with_lengths
    ),
    "nn.LSTM both directions, states, lengths": layer(
        recurrent(nn.LSTM, 2, 2, direction="bidirect"),
        (2, 3, 2), (2, 2, 2), (2, 2, 2),
        call=lambda net, x, h, c: with_lengths(net, x, (h, c)),
    ),  # fmt: skip
    "nn.SimpleRNN both directions, states, lengths": layer(
        recurrent(nn.SimpleRNN, 2, 2, direction="bidirect"), (2, 3, 2), (2, 2, 2), call=with_lengths
    ),
    "nn.LSTM one step": layer(recurrent(nn.LSTM, 2, 3), (2, 1, 2)),
    "nn.GRU three layers, state of the last": layer(
        recurrent(nn.GRU, 2, 2, num_layers=3), (2, 3, 2), (3, 2, 2), call=lambda net, x, h: net(x, h)[1]
    ),
    "nn.Embedding and nn.LSTM in a classifier": layer(
        Classifier, call=lambda net: net(paddle.to_tensor([[1, 4, 2], [3, 0, 0]]))
    ),
}

EXCLUDED = {
    "nn.RNNCellBase": Excluded("abstract", "nn.RNNCellBase()(paddle.ones([2, 3]))"),
}
