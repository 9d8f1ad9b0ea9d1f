"""Layers that hold layers or weights, or only change the shape."""

from __future__ import annotations

import paddle
from paddle import nn

from .case import Excluded, layer


class Sum(nn.Layer):
    """Of the parts of a container, each applied to the input; a part is a layer or a weight."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, x):
        parts = [self.parts[key] if isinstance(key, str) else key for key in self.parts]
        return sum(part(x) if isinstance(part, nn.Layer) else x @ part for part in parts)


def weights():
    return [paddle.create_parameter([3, 2], "float64") for _ in range(2)]


def linears():
    return [nn.Linear(3, 2), nn.Linear(3, 2)]


CASES = {
    "nn.Sequential": layer(lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (2, 3)),
    "nn.Sequential named": layer(lambda: nn.Sequential(("first", nn.Linear(3, 2)), ("second", nn.Sigmoid())), (2, 3)),
    "nn.LayerList": layer(lambda: Sum(nn.LayerList(linears())), (2, 3)),
    "nn.LayerDict": layer(lambda: Sum(nn.LayerDict(dict(zip("ab", linears())))), (2, 3)),
    "nn.ParameterList": layer(lambda: Sum(nn.ParameterList(weights())), (2, 3)),
    "nn.ParameterDict": layer(lambda: Sum(nn.ParameterDict(dict(zip("ab", weights())))), (2, 3)),
    "nn.Identity": layer(nn.Identity, (2, 3)),
    "nn.Flatten": layer(nn.Flatten, (2, 3, 2)),
    "nn.Flatten of the first axes": layer(lambda: nn.Flatten(0, 1), (2, 3, 2)),
    "nn.Unflatten": layer(lambda: nn.Unflatten(1, [2, -1]), (2, 6)),
}

EXCLUDED = {
    "nn.Layer": Excluded("abstract", "nn.Layer()(paddle.ones([2, 3]))"),
}
