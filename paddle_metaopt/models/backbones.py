"""The backbones of the papers."""

from __future__ import annotations

from collections.abc import Sequence

import paddle
from paddle import nn

from ..arguments import whole_number


def _sizes(net, **given) -> list:
    return [whole_number(net, name, size, least=1) for name, size in given.items()]


def _block(in_channels, filters, stride, pool):
    layers = [nn.Conv2D(in_channels, filters, 3, stride=stride, padding=1), nn.BatchNorm2D(filters), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.MaxPool2D(2)] if pool else []))


class _ConvNet(nn.Layer):
    def __init__(self, blocks, features, ways):
        super().__init__()
        self.features = nn.Sequential(*blocks, nn.Flatten())
        self.classifier = nn.Linear(features, ways)

    def forward(self, x):
        return self.classifier(self.features(x))


class OmniglotNet(_ConvNet):
    """Four strided 3×3 convolutions with BatchNorm and ReLU, and a linear head (Finn et al. 2017, for Omniglot).

    Its parts are ``features`` and ``classifier``.

    Parameters
    ----------
    ways : int
        Classes of an episode.
    filters : int
    image_size : int
        Height and width of the input, shape [batch, 1, image_size, image_size].
    """

    def __init__(self, ways: int = 5, filters: int = 64, image_size: int = 28):
        ways, filters, image_size = _sizes(self, ways=ways, filters=filters, image_size=image_size)
        blocks = [_block(1 if i == 0 else filters, filters, stride=2, pool=False) for i in range(4)]
        size = image_size
        for _ in blocks:
            size = (size + 1) // 2
        super().__init__(blocks, filters * size * size, ways)


class Conv4(_ConvNet):
    """Four 3×3 convolutions with BatchNorm, ReLU and 2×2 max pooling, and a linear head (Vinyals et al. 2016).

    Its parts are ``features`` and ``classifier``.

    Parameters
    ----------
    ways : int
        Classes of an episode.
    filters : int
        64 for Omniglot, 32 for miniImageNet in Finn et al. 2017.
    in_channels : int
    image_size : int
        Height and width of the input, shape [batch, in_channels, image_size, image_size]; at least 16.
    """

    def __init__(self, ways: int = 5, filters: int = 64, in_channels: int = 1, image_size: int = 28):
        ways, filters, in_channels = _sizes(self, ways=ways, filters=filters, in_channels=in_channels)
        image_size = whole_number(self, "image_size", image_size, least=16)  # halved four times
        blocks = [_block(in_channels if i == 0 else filters, filters, stride=1, pool=True) for i in range(4)]
        super().__init__(blocks, filters * (image_size // 16) ** 2, ways)


class MLP(nn.Sequential):
    """A multilayer perceptron with ReLU; by default that of Finn et al. 2017 for sinusoids.

    Parameters
    ----------
    sizes : sequence of int
        Units of the input, the hidden layers and the output.
    """

    def __init__(self, sizes: Sequence[int] = (1, 40, 40, 1)):
        if not isinstance(sizes, (list, tuple)) or len(sizes) < 2:
            raise TypeError(f"MLP: sizes: expected a list of at least an input's and an output's size, got {sizes!r}")
        sizes = [whole_number(self, "sizes", size, least=1) for size in sizes]
        layers: list[paddle.nn.Layer] = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        super().__init__(*layers[:-1])


class OmniglotMLP(nn.Layer):
    """A multilayer perceptron with BatchNorm and ReLU, and a linear head (Finn et al. 2017, for Omniglot).

    Its parts are ``features`` and ``classifier``.

    Parameters
    ----------
    ways : int
        Classes of an episode.
    hidden : sequence of int
        Units of the hidden layers.
    image_size : int
        Height and width of the input, shape [batch, 1, image_size, image_size].
    """

    def __init__(self, ways: int = 5, hidden: Sequence[int] = (256, 128, 64, 64), image_size: int = 28):
        super().__init__()
        ways, image_size = _sizes(self, ways=ways, image_size=image_size)
        sizes = [image_size**2, *(whole_number(self, "hidden", size, least=1) for size in hidden)]
        blocks = [nn.Sequential(nn.Linear(a, b), nn.BatchNorm1D(b), nn.ReLU()) for a, b in zip(sizes, sizes[1:])]
        self.features = nn.Sequential(nn.Flatten(), *blocks)
        self.classifier = nn.Linear(sizes[-1], ways)

    def forward(self, x):
        return self.classifier(self.features(x))
