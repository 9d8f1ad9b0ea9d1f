"""A learned transform of the inner gradient."""

from __future__ import annotations

import math

import paddle

from ..optimizer import MetaOptimizer, named
from ..plan import Plan, adapts_only


class MetaCurvature(MetaOptimizer):
    """MAML on a transformed gradient (Park & Oliva 2019, https://arxiv.org/abs/1902.03356).

    A weight's gradient, seen as a tensor with an output, an input and a filter axis, is multiplied along each axis
    by a learned matrix that starts as the identity; a bias's gradient by a learned vector.
    """

    def _choose(
        self, *, inner_lr=0.1, adapt_steps=1, first_order=False, inner_rule="sgd", inner_grad_clip=None,
        meta_gradient="unrolled", adapt=None, buffers="restore", learned_group=None,
    ) -> Plan:  # fmt: skip
        return self._make_plan(
            adapts_only(adapt, "adapt"), inner_lr=inner_lr, adapt_steps=adapt_steps, first_order=first_order,
            rule=inner_rule, grad_clip=inner_grad_clip, way=meta_gradient, buffers=buffers,
            transform=self._transformed,
        )  # fmt: skip

    def _learned_for(self, starts, choices):
        transforms = []
        for p, _ in starts:
            for axis, size in enumerate(_axes(p.shape)):
                start = paddle.eye(size) if p.ndim > 1 else paddle.ones([size])
                transform = paddle.create_parameter(
                    start.shape, p.dtype, default_initializer=paddle.nn.initializer.Assign(start.numpy())
                )
                transforms.append((f"curvature{axis}", p, transform))
        return transforms

    def _transformed(self, parameter, gradient):
        sizes = _axes(parameter.shape)
        if parameter.ndim <= 1:
            return gradient * self._learned_of("curvature0", parameter).reshape(gradient.shape)
        cube = gradient.reshape([*sizes, 1][:3])
        for axis in range(len(sizes)):
            matrix = self._learned_of(f"curvature{axis}", parameter)
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


@named
class MetaCurvatureOptimizer(MetaCurvature, paddle.optimizer.Adam):
    """Meta-Curvature with Adam as its outer optimizer.

    The transforms are meta-learned with the weights by the same ``step()``; ``opt.learned`` has them by name. They
    start as the identity, so that the first step is MAML's. The arguments are those of `MAMLOptimizer`, and:

    Parameters
    ----------
    learned_group : dict, optional
        Options of the parameter group of the transforms, as Paddle's groups have them: ``{"learning_rate": 0.1}`` is
        a factor on the optimizer's rate. Weight decay is 0 there by default.
    """
