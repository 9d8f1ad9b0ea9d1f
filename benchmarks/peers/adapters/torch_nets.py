"""The workloads' nets and episodes in torch: ``net(x)`` is ``net.head(net.body(x))``."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from workloads import MLP, ConvNet, Transformer, is_linear, weights

VERSIONS = {"torch": torch.__version__}


def set_up(threads: int) -> None:
    torch.set_num_threads(threads)
    # the fused attention has no second derivative, which torch's own error message answers so
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)


class Net(nn.Module):
    def __init__(self, body, head):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x):
        return self.head(self.body(x))


class TransformerBody(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.embedding = nn.Embedding(spec.vocabulary, spec.hidden)
        self.position = nn.Parameter(torch.zeros(spec.length, spec.hidden))
        sizes = {"nhead": spec.heads, "dim_feedforward": 4 * spec.hidden, "dropout": 0.0}
        layers = [
            nn.TransformerEncoderLayer(spec.hidden, activation="gelu", batch_first=True, **sizes)
            for _ in range(spec.layers)
        ]
        self.layers = nn.Sequential(*layers)

    def forward(self, tokens):
        return self.layers(self.embedding(tokens) + self.position).mean(1)


class LSTMBody(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.embedding = nn.Embedding(spec.vocabulary, spec.hidden)
        self.lstm = nn.LSTM(spec.hidden, spec.hidden, batch_first=True)

    def forward(self, tokens):
        return self.lstm(self.embedding(tokens))[0][:, -1]


def _mlp_body(spec):
    layers = [(nn.Linear(inputs, outputs), nn.ReLU()) for inputs, outputs in zip(spec.sizes[:-1], spec.sizes[1:-1])]
    return nn.Sequential(*(part for layer in layers for part in layer))


def _conv_body(spec):
    parts = []
    for i in range(4):
        channels = spec.filters if i else spec.channels
        parts.append(nn.Conv2d(channels, spec.filters, 3, stride=1 if spec.pool else 2, padding=1))
        parts += [nn.BatchNorm2d(spec.filters), nn.ReLU(), *([nn.MaxPool2d(2)] if spec.pool else [])]
    return nn.Sequential(*parts, nn.Flatten())


def make(workload) -> Net:
    """The net with the workload's weights."""
    spec = workload.net
    if isinstance(spec, MLP):
        net = Net(_mlp_body(spec), nn.Linear(*spec.sizes[-2:]))
    elif isinstance(spec, ConvNet):
        net = Net(_conv_body(spec), nn.Linear(spec.features, spec.ways))
    else:
        body = TransformerBody(spec) if isinstance(spec, Transformer) else LSTMBody(spec)
        net = Net(body, nn.Linear(spec.hidden, spec.ways))
    net.to(getattr(torch, workload.dtype))
    values = weights(workload)
    with torch.no_grad():
        for names, p in zip(_groups(values), in_order(net)):
            p.copy_(torch.from_numpy(np.concatenate([_turned(name, values[name]) for name in names])))
    return net


def in_order(net) -> list:
    """The parameters in the workload's order."""
    named = dict(net.named_parameters())
    first = [named.pop("body.embedding.weight")] if "body.embedding.weight" in named else []
    return [*first, *named.values()]


def by_name(workload, gradients) -> dict:
    """Gradients in the order of `in_order`, by the names of the workload's weights."""
    values, found = weights(workload), {}
    for names, gradient in zip(_groups(values), gradients):
        parts = np.split(gradient.detach().numpy(), len(names))
        found.update({name: _turned(name, part) for name, part in zip(names, parts)})
    return found


def _groups(names) -> list:
    """Names by torch's parameters: the attention's three projections are one."""
    groups = []
    for name in names:
        layer, _, kind = name.rpartition(".")
        if layer.endswith(".query"):
            groups.append([name, *(f"{layer[:-5]}{other}.{kind}" for other in ("key", "value"))])
        elif not layer.endswith((".key", ".value")):
            groups.append([name])
    return groups


def _turned(name, array):
    return array.T if is_linear(name, array) else array


def tensors(episodes) -> list:
    return [tuple((torch.from_numpy(x), torch.from_numpy(y)) for x, y in episode) for episode in episodes]


class TorchAdapter:
    """What the torch libraries share: a subclass answers with the loop of its documentation."""

    def __init__(self, workload, episodes):
        self.workload, self.net, self.episodes = workload, make(workload), tensors(episodes)
        self.loss_fn = F.mse_loss if workload.net.ways is None else F.cross_entropy
        self.adapted = self.net.head if workload.head_only else self.net

    def before_adapted(self, x):
        """What the adapted module takes: with ANIL the body's features, computed once."""
        return self.net.body(x) if self.workload.head_only else x

    def take(self, episodes):
        self.episodes = tensors(episodes)

    def begin_training(self, lr):
        self.outer = torch.optim.Adam(in_order(self.net), lr)

    def weights(self):
        return by_name(self.workload, in_order(self.net))

    def gradients(self):
        return by_name(self.workload, [p.grad for p in in_order(self.net)])

    def clear(self):
        self.net.zero_grad()
