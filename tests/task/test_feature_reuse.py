"""ANIL's body is computed once where that is provably the same, and in full otherwise."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

import paddle_metaopt as metaopt

RUNS = {}  # of each net; outside of it, for a body that changes its own attributes is not the same twice


class Net(nn.Layer):
    """Counts how often its body runs; `extra` stands in the body, `end` behind the head."""

    def __init__(self, extra=None, end=None):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1D(5), nn.Tanh(), *([extra] if extra else []))
        self.head = nn.Linear(5, 3)
        self.end = end
        self.slope = 1.0
        RUNS[id(self)] = []

    @property
    def runs(self):
        return RUNS[id(self)]

    def forward(self, x):
        self.runs.append(x)
        y = self.head(self.body(x) * self.slope)
        return self.end(y) if self.end else y


def part():
    return paddle.randn([6, 4]), paddle.arange(3).tile([2])


def anil(net, **options):
    return metaopt.ANILOptimizer(
        1e-2, parameters=net.parameters(), head=net.head, inner_lr=0.3, adapt_steps=3, **options
    )


def run_style(style, net, opt, support, query):
    (xs, ys), (xq, yq) = support, query
    adapter = opt.adapter(net)
    if style == "clone":
        learner = adapter.clone()
        for _ in range(3):
            learner.adapt(F.cross_entropy(learner(xs), ys))
        F.cross_entropy(learner(xq), yq).backward()
    elif style == "block":
        with adapter.task() as task:
            task.adapt(lambda: F.cross_entropy(net(xs), ys))
            F.cross_entropy(net(xq), yq).backward()
    else:
        opt.meta_loss(net, [(support, query)], F.cross_entropy).backward()


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("style", ["clone", "block", "meta_loss"])
def test_once_per_input_and_the_same_gradient_as_in_full(style, first_order):
    paddle.seed(0)
    net, support, query = Net(), part(), part()
    run_style(style, net, anil(net, first_order=first_order), support, query)
    assert [x is support[0] for x in net.runs] == [True, False]
    found = [p.grad.numpy().copy() for p in net.parameters() if p.grad is not None]
    for p in net.parameters():
        p.clear_gradient()
    in_full = metaopt.MAMLOptimizer(
        1e-2, parameters=net.parameters(), adapt=net.head, inner_lr=0.3, adapt_steps=3, first_order=first_order
    )
    net.runs.clear()
    run_style(style, net, in_full, support, query)
    assert len(net.runs) == 4
    for a, p in zip(found, [p for p in net.parameters() if p.grad is not None]):
        np.testing.assert_allclose(a, p.grad.numpy(), rtol=2e-4, atol=1e-6)
    assert "forward" not in vars(net)


def runs_of(net, change=lambda net, x: None, fresh_input=False, **options):
    paddle.seed(0)
    x, y = part()
    learner = anil(net, **options).adapter(net).clone()
    for _ in range(3):
        inputs = x.clone() if fresh_input else x
        learner.adapt(F.cross_entropy(learner(inputs), y))
        change(net, x)
    return len(net.runs)


class Gate(nn.Layer):
    def forward(self, x):
        return x * float(np.random.rand() > 0)


def test_in_full_where_it_might_differ():
    assert runs_of(Net()) == 1
    assert runs_of(Net(), fresh_input=True) == 3
    assert runs_of(Net(extra=nn.Dropout(0.5))) == 3
    assert runs_of(Net(extra=Gate())) == 3
    assert runs_of(Net(end=nn.Softmax())) == 3
    assert runs_of(Net(), buffers="last") == 3
    assert runs_of(Net(), change=lambda net, x: x.set_value(x + 1)) == 3
    assert runs_of(Net(), change=lambda net, x: setattr(net, "slope", net.slope + 1.0)) == 3
    assert runs_of(Net(), change=lambda net, x: net.body.eval()) == 2
    # A task has its own copy of the weights, which this does not touch.
    assert runs_of(Net(), change=lambda net, x: net.body[0].bias.set_value(net.body[0].bias + 1)) == 1

    def change_inside(net, x):
        net.body[2] = nn.Sigmoid()

    assert runs_of(Net(), change=change_inside) == 3


class HeadTwice(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.head(F.tanh(self.head(self.body(x))))


class HeadsWeightInTheBody(HeadTwice):
    def forward(self, x):
        return self.head(F.tanh(F.linear(self.body(x), self.head.weight)))


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


@pytest.mark.parametrize(
    "kind",
    [
        HeadTwice, HeadsWeightInTheBody, HeadsValueInTheBody, HeadTiedToTheBody, HeadWithAKeyword, HeadWithAHook,
        CountingInADict, CountingInAnArray,
    ],
)  # fmt: skip
def test_the_gradient_is_that_of_running_the_net_in_full(kind, float64):
    gradients = []
    for head_only in (anil, lambda net: metaopt.MAMLOptimizer(
        parameters=net.parameters(), adapt=net.head, inner_lr=0.3, adapt_steps=3
    )):  # fmt: skip
        paddle.seed(0)
        net = kind()
        support, query = [(paddle.randn([4, 4]), paddle.arange(4)) for _ in range(2)]
        head_only(net).meta_loss(net, [(support, query)], F.cross_entropy).backward()
        gradients.append([p.grad.numpy().copy() for p in net.parameters()])
    for a, b in zip(*gradients):
        np.testing.assert_allclose(a, b, rtol=1e-12)
