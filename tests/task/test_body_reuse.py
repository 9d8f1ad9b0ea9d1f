"""ANIL's body is computed once where that is provably the same, and in full otherwise."""

import random

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad import with_pullback

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


def in_full(net, **options):
    return metaopt.MAMLOptimizer(
        1e-2, parameters=net.parameters(), adapt=net.head, inner_lr=0.3, adapt_steps=3, **options
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
    net.runs.clear()
    run_style(style, net, in_full(net, first_order=first_order), support, query)
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


class Scaling(nn.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * float(self.factor())


class Growing:
    value = 0

    def __call__(self):
        self.value += 1
        return self.value


class Stepping(nn.Layer):
    """Its state comes back from outside; what a call does to it can be seen before that."""

    def __init__(self):
        super().__init__()
        self.state = []

    def forward(self, x):
        self.state.append(1)
        return x


class Unlisted(nn.Layer):
    """A layer in a list, of which Paddle does not know."""

    def __init__(self, layer):
        super().__init__()
        self.layers = [layer]

    def forward(self, x):
        return self.layers[0](x)


class Only(nn.Layer):
    """A recurrent layer, without its states."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Recurrent(nn.Layer):
    def __init__(self, recurrent, linear, of_body):
        super().__init__()
        parts = Only(recurrent), linear
        self.body, self.head = parts if of_body else parts[::-1]
        RUNS[id(self)] = []

    runs = Net.runs

    def forward(self, x):
        self.runs.append(x)
        return self.head(self.body(x))


def test_in_full_where_something_else_might_differ():
    def after_each_call(change):
        return runs_of(Net(), change=lambda net, x: change(net))

    assert runs_of(Net(extra=Scaling(lambda: paddle.rand([]) + 1))) == 3
    assert runs_of(Net(extra=Scaling(lambda: random.random() > -1))) == 3
    assert runs_of(Net(extra=Scaling(lambda: np.random.default_rng(0).random()))) == 1
    assert runs_of(Net(extra=Stepping()), change=lambda net, x: net.body[3].state.clear()) == 3
    assert after_each_call(lambda net: net.body[0].register_forward_post_hook(lambda layer, x, y: None)) == 3
    assert after_each_call(lambda net: setattr(net.body[2], "forward", lambda x: F.relu(x))) == 3
    assert after_each_call(lambda net: setattr(net.head, "temperature", [2.0])) == 3
    assert after_each_call(lambda net: net.head.eval()) == 2
    assert runs_of(Net(extra=Scaling(lambda: 2.0))) == 1
    assert runs_of(Net(extra=Scaling(Growing()))) == 3
    assert runs_of(Net(extra=Scaling(np.random.default_rng(0).normal))) == 3
    assert runs_of(Net(extra=Unlisted(nn.Tanh()))) == 1
    assert runs_of(Net(extra=Unlisted(nn.Dropout(0.5)))) == 3
    assert after_each_call(lambda net: setattr(net.body, "unlisted", [])) == 3


@pytest.mark.parametrize("recurrent", [nn.GRU, nn.LSTM, nn.SimpleRNN])
@pytest.mark.parametrize("of_body", [True, False])
def test_recurrent_bodies_and_heads(recurrent, of_body):
    """They hold their weights in a second list, and an empty tensor."""
    gradients = []
    for make, runs in ((anil, 1), (in_full, 3)):
        paddle.seed(0)
        net = Recurrent(recurrent(4, 4), nn.Linear(4, 4), of_body)
        x = paddle.randn([3, 5, 4])
        learner = make(net).adapter(net).clone()
        for _ in range(3):
            learner.adapt(learner(x).square().mean())
        assert len(net.runs) == runs
        learner(x).square().mean().backward()
        gradients.append([p.grad.numpy().copy() for p in net.parameters() if p.grad is not None])
    assert len(gradients[0]) == len(gradients[1]) > 4
    for a, b in zip(*gradients):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-7)


def test_another_forward_is_run():
    net = Net()

    def change(net, x):
        net.forward = lambda x, own=net.forward: own(x)

    assert runs_of(net, change=change) == 3


def test_in_full_where_gradients_or_autocast_are_switched():
    x, y = part()
    net = Net()
    learner = anil(net).adapter(net).clone()
    with paddle.no_grad():
        learner(x)
    assert not learner(x).stop_gradient
    assert len(net.runs) == 2
    learner(x)
    assert len(net.runs) == 2
    with paddle.amp.auto_cast(custom_black_list=["tanh"]):
        learner(x)
    assert len(net.runs) == 3
    paddle.set_default_dtype("float64")
    try:
        learner(x)
    finally:
        paddle.set_default_dtype("float32")
    assert len(net.runs) == 4
    learner(x)
    assert len(net.runs) == 4


@pytest.mark.parametrize("change", [
    lambda net: net.body[0].weight.set_value(net.body[0].weight.detach() * 2),
    lambda net: setattr(net.body[0].weight, "stop_gradient", True),
    lambda net: net.body[1]._mean.set_value(net.body[1]._mean + 1),
    lambda net: net.body[3]._mean.set_value(net.body[3]._mean + 1),
    lambda net: net.offset.set_value(net.offset + 1),
    lambda net: net.table.__setitem__(0, 7),
    lambda net: net.tensors[0].set_value(net.tensors[0] - 1),
])  # fmt: skip
def test_a_write_into_what_the_body_reads_is_seen(change):
    net = Net(nn.BatchNorm1D(5, use_global_stats=True))
    net.register_buffer("offset", paddle.zeros([1]))
    net.table = np.zeros(3)
    net.tensors = [paddle.zeros([1])]
    net.body[1].eval()
    x, y = part()
    with anil(net).adapter(net).task() as task:
        for runs in (1, 1, 2, 2):
            if runs == 2:
                change(net) if len(net.runs) == 1 else None
            task.adapt(F.cross_entropy(net(x), y))
            assert len(net.runs) == runs


@pytest.mark.parametrize("style", ["clone", "block", "meta_loss"])
def test_no_value_is_read_at_a_first_call_and_nothing_is_done_for_one_step(style, monkeypatch):
    net, support, query = Net(), part(), part()
    reads = []
    numpy = paddle.Tensor.numpy
    monkeypatch.setattr(paddle.Tensor, "numpy", lambda tensor, *args: reads.append(1) or numpy(tensor, *args))
    learner = anil(net).adapter(net).clone()
    learner(support[0]), learner(query[0])
    assert not reads
    learner(support[0])
    assert reads
    seen = []
    net.body.register_forward_post_hook(lambda layer, x, y: seen.append("forward" in vars(net)))
    for steps in (1, 2):
        opt = metaopt.ANILOptimizer(1e-2, parameters=net.parameters(), head=net.head, inner_lr=0.3, adapt_steps=steps)
        run_style(style, net, opt, support, query)
    assert seen[0] is False and seen[-1] is True


def test_the_net_is_as_before_after_an_error_in_its_head():
    net = Net()
    parameters = net.head._parameters
    net.head.register_forward_pre_hook(lambda layer, inputs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        anil(net).adapter(net).clone()(part()[0])
    for layer in net.sublayers(include_self=True):
        assert "forward" not in vars(layer)
    assert net.head._parameters is parameters and len(parameters) == 2


@pytest.mark.parametrize("kind", ["in the body", "twice in the body", "in the head"])
def test_statistics_move_as_in_full(kind):
    outputs = []
    for make in (anil, in_full):
        paddle.seed(0)
        net, (xs, ys), (xq, _) = Net(), part(), part()
        if kind == "twice in the body":
            net.body.add_sublayer("again", net.body[1])
        elif kind == "in the head":
            net.head = nn.Sequential(nn.BatchNorm1D(5), net.head)
        learner = make(net).adapter(net).clone()
        for _ in range(3):
            learner.adapt(F.cross_entropy(learner(xs), ys))
        learner(xq)
        learner.adapt(F.cross_entropy(learner(xs), ys))
        net.eval()
        outputs.append(learner(xq).numpy())
        assert len(net.runs) == (3 if make is anil else 6)
    np.testing.assert_allclose(*outputs, rtol=1e-5)


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("first_order", [True, False])
def test_no_pullback_of_the_body_is_run_for_a_gradient_of_the_head(first_order, vectorize, capsys):
    """Paddle runs those of rules below a rule whatever it was asked for."""
    net = nn.Sequential(nn.Linear(3, 4), Watched(), nn.Linear(4, 2))
    opt = anil_of(net, first_order)
    tasks = [tuple((paddle.randn([5, 3]), paddle.randn([5, 2])) for _ in range(2)) for _ in range(2)]
    opt.meta_loss(net, tasks[: 2 if vectorize else 1], F.mse_loss, vectorize=vectorize).backward()
    runs = capsys.readouterr().out.split().count("pullback")
    assert runs == (1 if first_order else 2)  # of the query, and of the support through the inner gradients
    assert net[0].weight.grad is not None


def anil_of(net, first_order):
    return metaopt.ANILOptimizer(
        parameters=net.parameters(), head=net[2], inner_lr=0.1, adapt_steps=3, first_order=first_order
    )


class Watched(nn.Layer):
    def forward(self, x):
        def pullback(g):
            print("pullback")  # what it changed would have the tasks run one by one
            return [2 * g]

        stacked = getattr(x, "stacked", x)
        doubled = with_pullback(lambda: 2 * stacked, [stacked], pullback)
        return doubled if stacked is x else type(x)(doubled, x.form)
