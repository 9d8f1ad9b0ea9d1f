"""MAML with a head that starts from prototypes."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from ..meta_batch import net_output
from ..outer import Algorithm, MetaOptimizer, required


@dataclass(frozen=True, eq=False)
class ProtoMAML(Algorithm):
    """Begins each task with a linear head that classifies by the distance to the class means of the support set
    (Triantafillou et al. 2020, https://arxiv.org/abs/1903.03096)."""

    head: paddle.nn.Linear = required("a paddle.nn.Linear with a bias, such as net.classifier")

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.head, paddle.nn.Linear) or self.head.bias is None:
            raise TypeError(f"head: expected a paddle.nn.Linear with a bias, such as net.classifier, got {self.head!r}")

    def begin(self, beside, start, net, support):
        if support is None:
            raise ValueError(
                "the head starts from the class means of the support set, so a task by hand begins with it: "
                "adapter.clone(support=(x, y)), adapter.task(support=(x, y))"
            )
        x, y = support
        features = _input_of(self.head, net, x)
        member = _members(y, features.shape[0], self.head.weight.shape[1]).astype(features.dtype)
        counts = member.sum(0).unsqueeze(1)
        means = paddle.matmul(member, features, transpose_x=True) / counts.clip(min=1.0)
        # −|f − c|² without |f|², which is the same for all classes: 2 f·c − |c|²
        return {self.head.weight: 2.0 * means.t(), self.head.bias: -(means * means).sum(1)}


def _input_of(layer, net, x):
    """What a layer in a net is given where the net is given x."""
    given = []
    hook = layer.register_forward_pre_hook(lambda layer, inputs: given.append(inputs[0]))
    try:
        net_output(net, x)
    finally:
        hook.remove()
    if len(given) != 1 or given[0].ndim != 2:
        shapes = [list(features.shape) for features in given]
        raise ValueError(f"head: expected the net to call it once, on features of shape [examples, n]; got {shapes}")
    return given[0]


def _members(y, examples: int, ways: int):
    """Row for row, the class of an example in one-hot form."""
    expected = f"support: y: expected {examples} class numbers from 0 to {ways - 1}, integers"
    if not isinstance(y, paddle.Tensor):
        raise TypeError(f"{expected}; got {y!r}")
    if y.dtype not in _INTEGERS or y.size != examples:
        raise ValueError(f"{expected}; got {y.dtype} of shape {list(y.shape)}")
    try:
        return paddle.nn.functional.one_hot(y.reshape([-1]).astype("int64"), ways)
    except ValueError:
        raise ValueError(f"{expected}; got {int(y.min())} to {int(y.max())}") from None


_INTEGERS = {paddle.int32, paddle.int64, paddle.int16, paddle.int8, paddle.uint8}


class ProtoMAMLOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=ProtoMAML):
    """ProtoMAML with Adam as its outer optimizer.

    A task's head starts as the nearest-mean classifier of the support set's features, and then everything adapts, as in
    MAML; the meta-gradient goes through the means as well. The head's own weights are not used, and get no gradient.
    The arguments not listed here are those of `MAMLOptimizer`.

    Parameters
    ----------
    head : paddle.nn.Linear
        The last layer, with a bias and an output for each class. Labels are 0 to ways − 1.
    """
