"""ANIL runs a net in full where its head is more than the last layer, called once on the body's output."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

import paddle_metaopt as metaopt


class CountedLinear(nn.Linear):
    calls = 0

    def forward(self, x):
        CountedLinear.calls += 1
        return super().forward(x)


class HeadTwice(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body, self.head = CountedLinear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.head(F.tanh(self.head(self.body(x))))


class HeadsWeightInTheBody(HeadTwice):
    def forward(self, x):
        return self.head(F.tanh(F.linear(self.body(x), self.head.weight)))


class HeadsNormInTheBody(HeadTwice):
    def forward(self, x):
        return self.head(self.body(x) * sum(float(p.norm()) for p in self.head.parameters()))


class HeadsValueInTheBody(HeadTwice):
    def forward(self, x):
        return self.head(F.tanh(F.linear(self.body(x), self.head.weight.detach())))


class HeadTiedToTheBody(HeadTwice):
    def __init__(self):
        super().__init__()
        self.body.weight = self.head.weight

    def forward(self, x):
        return self.head(F.tanh(self.body(x)))


class Scaled(nn.Linear):
    def forward(self, x, temperature=1.0):
        return super().forward(x) / temperature


class HeadWithAKeyword(HeadTwice):
    def __init__(self):
        super().__init__()
        self.head = Scaled(4, 4)

    def forward(self, x):
        return self.head(self.body(x), temperature=3.0)


class HeadWithAHook(HeadTwice):
    def __init__(self):
        super().__init__()
        self.head.register_forward_pre_hook(lambda layer, inputs: (inputs[0] * 2,))

    def forward(self, x):
        return self.head(self.body(x))


class CountingInADict(HeadTwice):
    def __init__(self):
        super().__init__()
        self.state = {"calls": 0}

    def forward(self, x):
        self.state["calls"] += 1
        return self.head(self.body(x) * self.state["calls"])


class CountingInAnArray(HeadTwice):
    def __init__(self):
        super().__init__()
        self.calls = np.zeros(1)

    def forward(self, x):
        self.calls += 1
        return self.head(self.body(x) * float(self.calls[0]))


class HeadAgainElsewhere(HeadTwice):
    def forward(self, x):
        y = self.head(self.body(x))
        self.head(y)
        return y


class ModalHead(nn.Linear):
    def forward(self, x):
        return super().forward(x) * (3.0 if self.training else 0.5)


class HeadInAnotherMode(HeadTwice):
    def __init__(self):
        super().__init__()
        self.head = ModalHead(4, 4)

    def forward(self, x):
        self.head.eval()
        y = self.head(self.body(x))
        self.head.train()
        return y


class HalvingLinear(nn.Linear):
    def forward(self, x):
        x.set_value(x.detach() * 0.5)
        return super().forward(x)


class HeadThatWritesIntoItsInput(HeadTwice):
    def __init__(self):
        super().__init__()
        self.head = HalvingLinear(4, 4)

    def forward(self, x):
        return self.head(self.body(x) * 1.0)


class HeadsOutputWrittenInto(HeadTwice):
    def forward(self, x):
        y = self.head(self.body(x))
        with paddle.no_grad():
            y.add_(x)
        return y


class HeadsOutputSet(HeadTwice):
    def forward(self, x):
        y = self.head(self.body(x))
        y.set_value(y.detach() + x)
        return y


class HeadsTemperatureInTheBody(HeadTwice):
    def __init__(self):
        super().__init__()
        self.head.temperature = 1.0

    def forward(self, x):
        self.head.temperature *= 0.5
        return self.head(self.body(x) * self.head.temperature)


@pytest.mark.parametrize(
    "kind",
    [
        HeadTwice, HeadsWeightInTheBody, HeadsNormInTheBody, HeadsValueInTheBody, HeadTiedToTheBody, HeadWithAKeyword,
        HeadWithAHook, CountingInADict, CountingInAnArray, HeadAgainElsewhere, HeadInAnotherMode,
        HeadThatWritesIntoItsInput, HeadsOutputWrittenInto, HeadsOutputSet, HeadsTemperatureInTheBody,
    ],
)  # fmt: skip
def test_the_gradient_is_that_of_running_the_net_in_full(kind):
    paddle.set_default_dtype("float64")
    try:
        gradients = []
        for optimizer, which in ((metaopt.ANILOptimizer, "head"), (metaopt.MAMLOptimizer, "adapt")):
            paddle.seed(0)
            net = kind()
            CountedLinear.calls = 0
            support, query = [(paddle.randn([4, 4]), paddle.arange(4)) for _ in range(2)]
            opt = optimizer(parameters=net.parameters(), **{which: net.head}, inner_lr=0.3, adapt_steps=3)
            opt.meta_loss(net, [(support, query)], F.cross_entropy).backward()
            gradients.append([p.grad.numpy().copy() for p in net.parameters()])
            assert CountedLinear.calls == 4
    finally:
        paddle.set_default_dtype("float32")
    for a, b in zip(*gradients):
        np.testing.assert_allclose(a, b, rtol=1e-12)
