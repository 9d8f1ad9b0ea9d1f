"""Second-order MAML through attention, recurrence and transposed convolutions, against differences in float64."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of, trainable
from paddle import nn
from paddle.distributed.fleet.utils import recompute
from paddle.jit.dy2static.program_translator import StaticFunction

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

pytestmark = pytest.mark.usefixtures("float64")


class TransformerClassifier(nn.Layer):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.1, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        return self.head(self.encoder(self.embedding(tokens)).mean(1))


class LSTMClassifier(nn.Layer):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 5, num_layers=2, direction="bidirect")
        self.head = nn.Linear(10, 3)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embedding(tokens))
        return self.head(hidden[:, -1])


class SmallUNet(nn.Layer):
    def __init__(self):
        super().__init__()
        self.enter = nn.Sequential(nn.Conv2D(1, 4, 3, padding=1), nn.BatchNorm2D(4), nn.GELU())
        self.down = nn.Sequential(nn.Conv2D(4, 6, 3, stride=2, padding=1), nn.GroupNorm(2, 6), nn.Silu())
        self.up = nn.Conv2DTranspose(6, 4, 2, stride=2)
        self.leave = nn.Conv2D(8, 1, 3, padding=1)

    def forward(self, x):
        fine = self.enter(x)
        return self.leave(paddle.concat([fine, self.up(self.down(fine))], 1))


def sequences():
    return paddle.randint(0, 20, [6, 5]), paddle.arange(6) % 3


def images():
    return paddle.randn([2, 1, 8, 8]), paddle.randn([2, 1, 8, 8])


@pytest.mark.parametrize(
    ("make", "draw", "loss_fn"),
    [
        (TransformerClassifier, sequences, F.cross_entropy),
        (LSTMClassifier, sequences, F.cross_entropy),
        (SmallUNet, images, F.mse_loss),
    ],
)
def test_exact_meta_gradient_equals_differences(make, draw, loss_fn):
    net = make()
    support, query = draw(), draw()
    weights = net.parameters()
    opt = metaopt.MAMLOptimizer(parameters=weights, inner_lr=0.1, adapt_steps=2)
    paddle.seed(5)  # draws the dropout masks
    opt.meta_loss(net, [(support, query)], loss_fn).backward()

    def query_loss():
        paddle.seed(5)
        with opt.adapter(net).task() as task:
            task.adapt(lambda: loss_fn(net(support[0]), support[1]))
            return float(loss_fn(net(query[0]), query[1]))

    result = compare_with_differences(query_loss, gradients_of(trainable(net)), trainable(net))
    assert result.error < 1e-6, result


@pytest.mark.parametrize("first_block", [True, False])
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_a_net_with_recompute_has_the_same_meta_gradient(use_reentrant, first_block):
    class Recomputed(nn.Layer):
        def __init__(self):
            super().__init__()
            self.enter, self.leave = nn.Linear(3, 4), nn.Linear(4, 3)
            self.block = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.3), nn.Tanh())
            self.recomputes = True

        def run(self, block, x):
            return recompute(block, x, use_reentrant=use_reentrant) if self.recomputes else block(x)

        def forward(self, x):
            h = self.run(self.enter, x) if first_block else self.enter(x)
            return self.leave(self.run(self.block, h))

    net = Recomputed()
    part = paddle.randn([4, 3]), paddle.randn([4, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    found = []
    for net.recomputes in (True, False):
        paddle.seed(5)
        opt.meta_loss(net, [(part, part)], F.mse_loss).backward()
        found.append([p.grad.numpy().copy() for p in net.parameters()])
        net.clear_gradients()
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("full_graph", [True, False])
def test_a_net_under_to_static_runs_as_written(full_graph):
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    part = paddle.randn([5, 3]), paddle.randn([5, 1])
    for first_order in (True, False):
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, first_order=first_order)
        found = []
        for static in (False, True):
            # Compiled once before, as in a script that was trained so.
            forward = paddle.jit.to_static(net.forward, full_graph=full_graph) if static else net.forward
            before = float(F.mse_loss(forward(part[0]), part[1]))

            def loss_fn(x, y, forward=forward):
                return F.mse_loss(forward(x), y)

            with opt.adapter(net).task() as task:
                task.adapt(lambda: loss_fn(*part))
                loss = loss_fn(*part)
                loss.backward()
            gradients = [p.grad.numpy().copy() for p in net.parameters()]
            net.clear_gradients()
            found.append([before, float(loss), *gradients])
        for a, b in zip(*found):
            np.testing.assert_allclose(a, b, rtol=1e-6)
        assert abs(found[1][1] - found[1][0]) > 1e-3  # the fast weights were seen
    static = paddle.jit.to_static(net, full_graph=full_graph)
    score = metaopt.evaluate(static, opt, [(part, part)], F.mse_loss)
    assert abs(score.mean - found[0][1]) < 1e-6
    assert isinstance(static.forward, StaticFunction)


def test_a_loaded_program_is_refused(tmp_path):
    net = nn.Sequential(nn.Linear(3, 2))
    paddle.jit.save(net, str(tmp_path / "net"), input_spec=[paddle.static.InputSpec([None, 3], "float64")])
    loaded = paddle.jit.load(str(tmp_path / "net"))
    opt = metaopt.MAMLOptimizer(parameters=loaded.parameters())
    for whole in (loaded, nn.Sequential(loaded)):
        with pytest.raises(TypeError, match=r"paddle\.jit\.load.*set_state_dict"):
            opt.adapter(whole).clone()
