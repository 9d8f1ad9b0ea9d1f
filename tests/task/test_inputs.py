"""A net that makes its inputs leaves, to take gradients by them."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import maml, part
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences


def test_a_net_that_asks_for_the_gradient_of_its_input_may():
    class Asking(nn.Linear):
        def forward(self, x):
            x.stop_gradient = False
            return super().forward(x)

    net = Asking(4, 3)
    x, y = paddle.randn([3, 4]), paddle.arange(3)
    for opt in (
        metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), adapt_steps=2),
        metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), adapt_steps=2, meta_gradient="checkpointed"),
    ):
        opt.meta_loss(net, [((x, y), (x, y))], F.cross_entropy).backward()
    assert x.stop_gradient and x.grad is None and net.weight.grad is not None


class Force(nn.Layer):
    """The gradient of a learned energy, as in force fields."""

    def __init__(self):
        super().__init__()
        self.energy = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, x):
        x.stop_gradient = False
        return paddle.grad(self.energy(x).sum(), [x], create_graph=True)[0]


@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "hessian_free", "first_order"])
def test_a_net_that_takes_gradients_itself(way):
    paddle.seed(3)
    net = Force()
    net.to(dtype="float64")
    (x, _), (xq, _) = part(1), part(2)
    episode = ((x, paddle.sin(x)), (xq, paddle.sin(xq)))
    opt = maml(net, way, adapt_steps=2)
    loss = opt.meta_loss(net, [episode], F.mse_loss)
    loss.backward()
    assert abs(metaopt.evaluate(net, opt, [episode], F.mse_loss).mean - float(loss)) < 1e-12
    if way != "first_order":
        weights = [p for p in net.parameters() if p.grad is not None]
        result = compare_with_differences(
            lambda: float(opt.meta_loss(net, [episode], F.mse_loss)), [p.grad for p in weights], weights
        )
        assert result.error < (1e-5 if way == "hessian_free" else 1e-6), result


def test_a_gradient_by_an_input_within_the_net():
    class Force(nn.Layer):
        def __init__(self, detaches):
            super().__init__()
            self.energy, self.detaches = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), detaches

        def forward(self, x):
            x = x.detach() if self.detaches else x
            x.stop_gradient = False
            return paddle.grad(self.energy(x).sum(), [x], create_graph=True)[0]

    part = paddle.randn([2, 3]), paddle.randn([2, 3])
    with pytest.raises(ValueError, match="set the input's own stop_gradient to False"):
        net = Force(detaches=True)
        maml(net).meta_loss(net, [(part, part)], F.mse_loss)
    net = Force(detaches=False)
    maml(net).meta_loss(net, [(part, part)], F.mse_loss).backward()
    assert net.energy[0].weight.grad is not None and part[0].stop_gradient


def test_layers_in_a_plain_list_are_said_to_be_none_of_the_nets():
    class Listing(nn.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.rest = nn.Linear(3, 4), [nn.Linear(4, 2)]

        def forward(self, x):
            return self.rest[0](self.first(x))

    net = Listing()
    with pytest.raises(ValueError, match="in a plain list or dict are not the net's parameters; use a LayerList"):
        maml(net).meta_loss(net, [((paddle.ones([2, 3]), None),) * 2], lambda output, y: output.mean())
