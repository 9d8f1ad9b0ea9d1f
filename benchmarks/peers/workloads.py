"""What every library computes, in numpy alone: nets by the shapes of their weights, meta-batches, inner loops.

A linear weight is [in, out] here and in Paddle, [out, in] in torch. All else has one layout everywhere.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Workload:
    """One net, one shape of episode, one inner loop.

    ``order`` is 2 for the exact meta-gradient, 1 for the first-order one; ``head_only`` is ANIL; ``dtype`` is that of
    the weights and the real data, float64 to check a gradient.
    """

    name: str
    title: str
    net: object
    support: int
    query: int
    tasks: int
    steps: int
    inner_lr: float
    order: int = 2
    head_only: bool = False
    dtype: str = "float32"

    @property
    def key(self) -> str:
        return f"{self.name}/{self.order}"


@dataclass(frozen=True)
class MLP:
    sizes: tuple = (1, 40, 40, 1)
    ways = None  # a regression

    def shapes(self):
        for i, (inputs, outputs) in enumerate(zip(self.sizes, self.sizes[1:])):
            yield from _linear(f"linear{i}", inputs, outputs)

    def examples(self, random, count):
        return random.uniform(-5, 5, (count, self.sizes[0]))


@dataclass(frozen=True)
class ConvNet:
    """Four blocks of a 3×3 convolution, BatchNorm with batch statistics and ReLU: with stride 2, or 2×2 max pooling."""

    filters: int
    channels: int
    size: int
    pool: bool
    ways: int = 5

    @property
    def features(self) -> int:
        size = self.size
        for _ in range(4):
            size = size // 2 if self.pool else (size + 1) // 2
        return self.filters * size * size

    def shapes(self):
        for i in range(4):
            yield f"block{i}.conv.weight", (self.filters, self.filters if i else self.channels, 3, 3)
            yield f"block{i}.conv.bias", (self.filters,)
            yield from _norm(f"block{i}.norm", self.filters)
        yield from _linear("head", self.features, self.ways)

    def examples(self, random, count):
        return random.standard_normal((count, self.channels, self.size, self.size), "float32")


@dataclass(frozen=True)
class Text:
    """Tokens to a class: an embedding, a transformer encoder's mean or an LSTM's last output, a linear head."""

    length: int
    hidden: int = 128
    vocabulary: int = 1000
    ways: int = 5

    def embedding(self):
        return "embedding.weight", (self.vocabulary, self.hidden)

    def examples(self, random, count):
        return random.integers(0, self.vocabulary, (count, self.length))


@dataclass(frozen=True)
class Transformer(Text):
    """Layers as both libraries' TransformerEncoderLayer: norms last, gelu, no dropout."""

    layers: int = 2
    heads: int = 4

    def shapes(self):
        wide = 4 * self.hidden
        yield self.embedding()
        yield "position", (self.length, self.hidden)
        for i in range(self.layers):
            for part in ("query", "key", "value", "out"):
                yield from _linear(f"layer{i}.{part}", self.hidden, self.hidden)
            yield from _linear(f"layer{i}.linear1", self.hidden, wide)
            yield from _linear(f"layer{i}.linear2", wide, self.hidden)
            yield from _norm(f"layer{i}.norm1", self.hidden)
            yield from _norm(f"layer{i}.norm2", self.hidden)
        yield from _linear("head", self.hidden, self.ways)


@dataclass(frozen=True)
class LSTM(Text):
    def shapes(self):
        yield self.embedding()
        yield "lstm.weight_ih", (4 * self.hidden, self.hidden)
        yield "lstm.weight_hh", (4 * self.hidden, self.hidden)
        yield "lstm.bias_ih", (4 * self.hidden,)
        yield "lstm.bias_hh", (4 * self.hidden,)
        yield from _linear("head", self.hidden, self.ways)


def _linear(name, inputs, outputs):
    yield f"{name}.weight", (inputs, outputs)
    yield f"{name}.bias", (outputs,)


def _norm(name, size):
    yield f"{name}.weight", (size,)
    yield f"{name}.bias", (size,)


def is_linear(name: str, array) -> bool:
    """Whether a weight is a linear layer's, the one kind whose layout differs between the libraries."""
    return array.ndim == 2 and not name.startswith(("embedding", "position", "lstm"))


def weights(workload: Workload) -> dict:
    """Name to array, in the order of Paddle's parameters; the same ones whenever it is asked."""
    random = np.random.default_rng(zlib.crc32(repr(workload.net).encode()))
    return {name: _draw(random, name, shape).astype(workload.dtype) for name, shape in workload.net.shapes()}


def _draw(random, name, shape):
    if len(shape) == 1:
        return 0.1 * random.standard_normal(shape) + (".norm" in name and "weight" in name)
    if name.startswith(("embedding", "position")):
        return 0.5 * random.standard_normal(shape)
    fan_in = shape[0] if len(shape) == 2 and not name.startswith("lstm") else math.prod(shape[1:])
    gain = 1 if name.startswith(("lstm", "head", "layer")) else 2
    return math.sqrt(gain / fan_in) * random.standard_normal(shape)


def episodes(workload: Workload) -> list:
    """A meta-batch: ``((x, y), (x, y))`` a task, support and query."""
    random = np.random.default_rng(zlib.crc32(workload.name.encode()))
    sizes = workload.support, workload.query
    return [tuple(_part(random, workload, size) for size in sizes) for _ in range(workload.tasks)]


def _part(random, workload, count):
    x = workload.net.examples(random, count)
    x = x.astype(workload.dtype) if x.dtype.kind == "f" else x
    return x, np.sin(x + random.uniform(0, 3)) if workload.net.ways is None else np.arange(count) % workload.net.ways


_STRIDED = ConvNet(filters=64, channels=1, size=28, pool=False)
_POOLED = ConvNet(filters=64, channels=1, size=28, pool=True)
_LARGE = ConvNet(filters=32, channels=3, size=84, pool=True)

MAML = [
    Workload("sinusoid", "Sinusoid MLP 1-40-40-1", MLP(), 10, 10, 25, 5, 0.01),
    Workload("omniglot-5+5", "Strided Omniglot net", _STRIDED, 5, 5, 32, 1, 0.4),
    Workload("omniglot-5+75", "Strided Omniglot net", _STRIDED, 5, 75, 8, 1, 0.4),
    Workload("omniglot-5+5-5steps", "Strided Omniglot net", _STRIDED, 5, 5, 32, 5, 0.1),
    Workload("conv4-28", "Conv4-64, 28×28", _POOLED, 5, 75, 4, 5, 0.02),
    Workload("conv4-84-5+25", "Conv4-32, 84×84", _LARGE, 5, 25, 2, 5, 0.01),
    Workload("conv4-84-5+75", "Conv4-32, 84×84", _LARGE, 5, 75, 2, 5, 0.01),
    Workload("transformer", "Transformer, 2 layers", Transformer(length=32), 5, 25, 8, 5, 0.01),
    Workload("lstm", "LSTM, length 30", LSTM(length=30), 5, 25, 8, 5, 0.1),
]
#: ANIL's workload to the one of ours that it is compared with: the same episodes and steps, with everything adapting.
ANIL_OF = {
    "anil-omniglot-5+5": "omniglot-5+5",
    "anil-omniglot-5+5-5steps": "omniglot-5+5-5steps",
    "anil-conv4-84-5+25": "conv4-84-5+25",
}
_BY_NAME = {w.name: w for w in MAML}
ANIL = [replace(_BY_NAME[of], name=name, head_only=True) for name, of in ANIL_OF.items()]
WORKLOADS = {w.key: w for second in (*MAML, *ANIL) for w in (second, replace(second, order=1))}


def named(names) -> list:
    """The workloads of these names, ``sinusoid`` for both orders or ``sinusoid/1`` for one; of no names, all."""
    unknown = [n for n in names if not any(n in (key, w.name) for key, w in WORKLOADS.items())]
    if unknown:
        raise ValueError(f"workloads: no {unknown}; there are {sorted({w.name for w in WORKLOADS.values()})}")
    return [w for key, w in WORKLOADS.items() if not names or key in names or w.name in names]
