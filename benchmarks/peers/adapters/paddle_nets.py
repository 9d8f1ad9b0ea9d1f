"""The workloads' nets and episodes in Paddle."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn
from workloads import MLP, ConvNet, Transformer, weights

import paddle_metaopt as metaopt

BACKBONES = {True: metaopt.models.Conv4, False: metaopt.models.OmniglotNet}


class TransformerNet(nn.Layer):
    def __init__(self, spec):
        super().__init__()
        self.embedding = nn.Embedding(spec.vocabulary, spec.hidden)
        self.position = self.create_parameter([spec.length, spec.hidden])
        layer = nn.TransformerEncoderLayer(spec.hidden, spec.heads, 4 * spec.hidden, dropout=0.0, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, spec.layers)
        self.classifier = nn.Linear(spec.hidden, spec.ways)

    def forward(self, tokens):
        return self.classifier(self.encoder(self.embedding(tokens) + self.position).mean(1))


class LSTMNet(nn.Layer):
    def __init__(self, spec):
        super().__init__()
        self.embedding = nn.Embedding(spec.vocabulary, spec.hidden)
        self.lstm = nn.LSTM(spec.hidden, spec.hidden)
        self.classifier = nn.Linear(spec.hidden, spec.ways)

    def forward(self, tokens):
        return self.classifier(self.lstm(self.embedding(tokens))[0][:, -1])


def _built(spec):
    if isinstance(spec, MLP):
        return metaopt.models.MLP(spec.sizes)
    if isinstance(spec, ConvNet):
        sizes = {"in_channels": spec.channels} if spec.pool else {}
        return BACKBONES[spec.pool](ways=spec.ways, filters=spec.filters, image_size=spec.size, **sizes)
    return TransformerNet(spec) if isinstance(spec, Transformer) else LSTMNet(spec)


def make(workload):
    """The net with the workload's weights, and its parameters by their names there."""
    default = paddle.get_default_dtype()
    paddle.set_default_dtype(workload.dtype)  # not net.to: an LSTM refuses it
    try:
        net, spec = _built(workload.net), workload.net
    finally:
        paddle.set_default_dtype(default)
    own = {id(p): p for _, p in net.named_parameters() if not p.stop_gradient}
    if isinstance(spec, Transformer):  # a Layer's own parameters come before those of its sublayers
        own = {id(p): p for p in (net.embedding.weight, *own.values())}
    named = dict(zip(weights(workload), own.values()))
    for name, value in weights(workload).items():
        if tuple(named[name].shape) != value.shape:
            raise AssertionError(f"{name}: {named[name].shape} in Paddle, {value.shape} in the workload")
        named[name].set_value(value)
    return net, named


def tensors(episodes) -> list:
    return [tuple((paddle.to_tensor(x), paddle.to_tensor(y)) for x, y in episode) for episode in episodes]


def loss_of(workload):
    return F.mse_loss if workload.net.ways is None else F.cross_entropy
