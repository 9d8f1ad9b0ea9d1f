"""A learned transform of the inner gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import paddle

from ..inner_rules.rates import Rate
from ..outer import Algorithm, Learned, MetaOptimizer
from ..tensors import real_type


@dataclass(frozen=True, eq=False)
class MetaCurvature(Algorithm):
    """MAML on a transformed gradient (Park & Oliva 2019, https://arxiv.org/abs/1902.03356).

    A weight's gradient, seen as a tensor with an output, an input and a filter axis, is multiplied along each axis
    by a learned matrix that starts as the identity; a bias's gradient by a learned vector.
    """

    inner_lr: Rate = 0.1

    def learns(self, weights):
        learned = []
        for p, _ in weights:
            for axis, size in enumerate(_axes(p.shape)):
                start = paddle.eye(size) if p.ndim > 1 else paddle.ones([size])
                matrix = paddle.create_parameter(
                    start.shape, real_type(p), default_initializer=paddle.nn.initializer.Assign(start.numpy())
                )
                learned.append(Learned(f"curvature{axis}", matrix, of=p))
        return learned

    def transform(self, beside, parameter, gradient, step):
        sizes = _axes(parameter.shape)
        if parameter.ndim <= 1:
            return gradient * beside.learned("curvature0", parameter).reshape(gradient.shape)
        cube = gradient.reshape([*sizes, 1][:3])
        for axis in range(len(sizes)):
            matrix = beside.learned(f"curvature{axis}", parameter)
            front = [axis, *(other for other in range(3) if other != axis)]
            turned = cube.transpose(front)
            product = paddle.matmul(matrix, turned.reshape([turned.shape[0], -1])).reshape(turned.shape)
            cube = product.transpose([front.index(position) for position in range(3)])
        return cube.reshape(gradient.shape)


def _axes(shape) -> list:
    """Sizes of a weight's axes: the first, the second, and the others taken together."""
    if len(shape) <= 1:
        return [math.prod(shape)]
    return [*shape[:2]] if len(shape) == 2 else [shape[0], shape[1], math.prod(shape[2:])]


class MetaCurvatureOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=MetaCurvature):
    """Meta-Curvature with Adam as its outer optimizer.

    The transforms are meta-learned with the weights by the same ``step()``; ``opt.learned`` has them by name. They
    start as the identity, so that the first step is MAML's. The arguments are those of `MAMLOptimizer`, and:

    Parameters
    ----------
    learned_group : dict, optional
        Options of the parameter group of the transforms, as Paddle's groups have them: ``{"learning_rate": 0.1}`` is
        a factor on the optimizer's rate. Weight decay is 0 there by default.
    """
