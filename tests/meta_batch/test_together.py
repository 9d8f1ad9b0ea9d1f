"""A meta-batch as one program gives the numbers of the loop, or takes the loop and says why."""

import copy
import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import parameter
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad import engine
from paddle_metaopt.meta_batch import in_groups
from paddle_metaopt.outer import Algorithm

pytestmark = pytest.mark.usefixtures("float64")


def episodes(count=3, examples=6, features=(4,), ways=3, queries=6):
    def part(n):
        return paddle.randn([n, *features]), paddle.arange(ways).tile([n // ways])

    return [metaopt.Episode(part(examples), part(queries)) for _ in range(count)]


def gradients(net, opt, tasks, loss_fn=F.cross_entropy, **options):
    opt.meta_loss(net, tasks, loss_fn, **options).backward()
    tensors = [*net.parameters(), *opt.learned.values()]
    found = [None if t.grad is None else t.grad.numpy().copy() for t in tensors]
    opt.clear_grad(set_to_zero=False)
    return found


def assert_the_same_together(net, opt, tasks, loss_fn=F.cross_entropy, rtol=1e-9, atol=1e-11, **options):
    paddle.seed(11)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", message="When training, we now always track")
        together = gradients(net, opt, tasks, loss_fn, vectorize=True, **options)
    paddle.seed(11)
    alone = gradients(net, opt, tasks, loss_fn, vectorize=False, **options)
    assert any(g is not None and np.abs(g).max() > 1e-6 for g in alone)
    for a, b in zip(together, alone):
        assert (a is None) is (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


class Text(nn.Layer):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 8)
        self.encode = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0)
        self.head = nn.Linear(8, 3)

    def forward(self, ids):
        return self.head(self.encode(self.embed(ids)).mean(1))


class Recurrent(nn.Layer):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(4, 5)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def images(channels, size):
    return lambda: episodes(features=(channels, size, size))


def sequences():
    return episodes(features=(3, 4))


def ids():
    return [
        metaopt.Episode(
            (paddle.randint(0, 9, [6, 5]), paddle.arange(3).tile([2])),
            (paddle.randint(0, 9, [6, 5]), paddle.arange(3).tile([2])),
        )
        for _ in range(3)
    ]


NETS = {
    "mlp": (lambda: metaopt.models.MLP([4, 8, 3]), episodes),
    "omniglot": (lambda: metaopt.models.OmniglotNet(3, filters=4, image_size=16), images(1, 16)),
    "conv4": (lambda: metaopt.models.Conv4(3, filters=4, in_channels=3, image_size=16), images(3, 16)),
    "groups": (lambda: nn.Sequential(nn.Conv2D(4, 4, 3, groups=2), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(64, 3)),
               images(4, 6)),
    "resnet": (lambda: nn.Sequential(
        nn.Conv2D(3, 4, 3, padding=1), paddle.vision.models.resnet.BasicBlock(4, 4), nn.AdaptiveAvgPool2D(1),
        nn.Flatten(), nn.Linear(4, 3)), images(3, 8)),
    "layer_norm": (lambda: nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, 3)), episodes),
    "batch_norm_1d": (lambda: nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1D(5), nn.ELU(), nn.Linear(5, 3)), episodes),
    "transformer": (Text, ids),
    "lstm": (lambda: Recurrent(nn.LSTM), sequences),
    "gru": (lambda: Recurrent(nn.GRU), sequences),
}  # fmt: skip


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("name", NETS)
def test_a_net_gives_the_gradient_of_the_loop(name, first_order):
    make, tasks = NETS[name]
    paddle.seed(1)
    net, tasks = make(), tasks()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.05, adapt_steps=2, first_order=first_order)
    assert_the_same_together(net, opt, tasks)


OPTIONS = {
    "momentum": {"inner_rule": metaopt.inner_rules.Momentum(0.9, use_nesterov=True)},
    "adam": {"inner_rule": metaopt.inner_rules.Adam(epsilon=1e-2)},
    "rmsprop": {"inner_rule": metaopt.inner_rules.RMSProp(epsilon=1e-2, centered=True)},
    "weight_decay": {"inner_rule": metaopt.inner_rules.AdamW(weight_decay=0.1, epsilon=1e-2)},
    "by_norm": {"inner_grad_clip": nn.ClipGradByNorm(0.1)},
    "by_global_norm": {"inner_grad_clip": nn.ClipGradByGlobalNorm(0.1)},
    "by_value": {"inner_grad_clip": nn.ClipGradByValue(0.01)},
    "schedule": {"inner_lr": [0.1, 0.3]},
    "no_steps": {"adapt_steps": 0},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_each_tasks_own_norms_moments_and_rates(name):
    paddle.seed(2)
    net, tasks = metaopt.models.MLP([4, 8, 3]), episodes()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), **{"inner_lr": 0.3, "adapt_steps": 2, **OPTIONS[name]})
    assert_the_same_together(net, opt, tasks)


LEARNING = {
    "meta_sgd": metaopt.MetaSGDOptimizer,
    "curvature": metaopt.MetaCurvatureOptimizer,
    "maml_plus_plus": metaopt.MAMLPlusPlusOptimizer,
    "alfa": metaopt.ALFAOptimizer,
}


@pytest.mark.parametrize("name", LEARNING)
def test_what_is_learned_besides_the_weights(name):
    paddle.seed(3)
    net, tasks = metaopt.models.OmniglotNet(3, filters=3, image_size=16), images(1, 16)()
    opt = LEARNING[name](parameters=net.parameters(), adapt_steps=2)
    assert_the_same_together(net, opt, tasks)


class WithContext(nn.Layer):
    def __init__(self):
        super().__init__()
        self.context = self.create_parameter([2], default_initializer=nn.initializer.Constant(0.3))
        self.mlp = metaopt.models.MLP([6, 8, 3])

    def forward(self, x):
        return self.mlp(paddle.concat([x, self.context.expand([x.shape[0], 2])], 1))


@dataclass(frozen=True, eq=False)
class MyStart(Algorithm):
    """Begins at weights that are computed from the support set, from a weight itself, and from a number."""

    def begin(self, beside, start, net, support):
        first, second, third = list(start)[:3]
        scale = net(support[0]).abs().mean()
        return {first: start[first] * scale, second: 0.5 * second, third: paddle.full(third.shape, 0.1)}


class MyStartOptimizer(metaopt.MetaOptimizer, paddle.optimizer.Adam, algorithm=MyStart):
    pass


def proto_maml(way):
    net = metaopt.models.OmniglotNet(3, filters=3, image_size=16)
    head = [layer for layer in net.sublayers() if isinstance(layer, nn.Linear)][-1]
    return net, metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=head, **way), images(1, 16)()


def cavia(way):
    net = WithContext()
    return net, metaopt.CAVIAOptimizer(parameters=net.parameters(), context=net.context, **way), episodes()


def my_start(way):
    net = metaopt.models.MLP([4, 8, 3])
    return net, MyStartOptimizer(parameters=net.parameters(), **way), episodes()


@pytest.mark.parametrize("way", ["unrolled", "first_order", "checkpointed"])
@pytest.mark.parametrize("make", [proto_maml, cavia, my_start])
def test_tasks_that_begin_elsewhere_than_at_the_nets_weights(make, way):
    paddle.seed(17)
    net, opt, tasks = make({"meta_gradient": way, "inner_lr": 0.1, "adapt_steps": 2})
    assert_the_same_together(net, opt, tasks)
    scores = [metaopt.evaluate(net, opt, tasks, F.cross_entropy, vectorize=v).values for v in (True, False)]
    np.testing.assert_allclose(*scores, rtol=1e-9)


def test_anil_and_frozen_and_unused_parameters_and_inputs():
    paddle.seed(4)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3), nn.Identity())
    net[0].bias.stop_gradient = True
    net.unused = nn.Linear(2, 2)
    net.forward = lambda x: net[2](net[1](net[0](x)))
    opt = metaopt.ANILOptimizer(parameters=net.parameters(), head=net[2], inner_lr=0.3, adapt_steps=3)
    scale = parameter(0.7)
    loss_fn = lambda out, y: F.cross_entropy(out * scale, y)  # noqa: E731
    found = []
    for vectorize in (True, False):
        paddle.seed(5)
        opt.meta_loss(net, episodes(), loss_fn, inputs=[scale], vectorize=vectorize).backward()
        found.append([net[0].weight.grad.numpy().copy(), scale.grad.numpy().copy()])
        assert net[0].bias.grad is None and net.unused.weight.grad is None
        opt.clear_grad(set_to_zero=False)
        scale.clear_gradient(False)
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.parametrize("buffers", ["last", "mean"])
def test_statistics_that_remain(buffers):
    found = []
    for vectorize in (True, False):
        paddle.seed(6)
        net, tasks = metaopt.models.OmniglotNet(3, filters=3, image_size=16), images(1, 16)()
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, buffers=buffers)
        opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize).backward()
        opt.step()
        norm = net.features[0][1] if hasattr(net, "features") else None
        layers = [layer for layer in net.sublayers() if isinstance(layer, nn.BatchNorm2D)]
        found.append([t.numpy().copy() for layer in layers for t in (layer._mean, layer._variance)])
        assert norm is not None and not np.allclose(found[-1][0], 0)
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-9)


class Counting(nn.Layer):
    """Counts its calls in a buffer."""

    def __init__(self, dtype):
        super().__init__()
        self.head = nn.Linear(4, 3)
        self.register_buffer("calls", paddle.zeros([1], dtype))

    def forward(self, x):
        self.calls += 1
        return self.head(x)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float64"])
@pytest.mark.parametrize("buffers", ["last", "mean", "restore"])
def test_a_count_that_remains(buffers, dtype):
    found = []
    for vectorize in ("auto", False):
        net = Counting(dtype)
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, buffers=buffers)
        for _ in range(2):
            opt.meta_loss(net, episodes(3), F.cross_entropy, vectorize=vectorize).backward()
            opt.step()
        found.append(net.calls.item())
        assert net.calls.dtype == getattr(paddle, dtype)
    assert found[0] == found[1] and (found[0] > 0) == (buffers != "restore")


@pytest.mark.parametrize("most, at_once", [(8, [7]), (6, [3, 4]), (3, [2, 2, 3]), (1, [1] * 7)])
def test_no_more_tasks_than_asked_for_run_at_once_and_evenly_so(most, at_once):
    tasks = [(number, ((paddle.zeros([2, 3]), None), (paddle.zeros([2, 3]), None))) for number in range(7)]
    groups = in_groups(tasks, most, adapt_steps=1)
    assert [len(group) for group in groups] == at_once and [task for group in groups for task in group] == tasks


def test_ragged_episodes_are_grouped_by_their_shapes_and_no_more_than_asked_for_run_at_once():
    paddle.seed(7)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    ragged = [*episodes(2), *episodes(2, queries=9), *episodes(1, examples=3), *episodes(2)]
    assert_the_same_together(net, opt, ragged)
    whole = gradients(net, opt, ragged)
    for a, b in zip(whole, gradients(net, opt, ragged, tasks_at_once=2)):
        np.testing.assert_allclose(a, b, rtol=1e-10)
    with pytest.raises(ValueError, match="tasks_at_once: expected an integer of at least 1"):
        opt.meta_loss(net, ragged, F.cross_entropy, tasks_at_once=0)
    for odd in ("yes", 0, 1, np.False_):  # which are no "auto"
        with pytest.raises(ValueError, match="vectorize: expected 'auto', True or False"):
            opt.meta_loss(net, ragged, F.cross_entropy, vectorize=odd)


class Reads(nn.Layer):
    def __init__(self, how):
        super().__init__()
        self.linear, self.how, self.calls = nn.Linear(4, 3), how, 0

    def forward(self, x):
        y = self.linear(x)
        if self.how == "value":
            return y * (1.0 + float(y.mean()) ** 2)
        if self.how == "branch":
            return y if y.sum() > 0 else 2 * y
        if self.how == "numpy":
            return y + paddle.to_tensor(y.numpy().mean())
        if self.how == "numpy_random":
            return y * np.random.rand()
        self.calls += 1
        return y * self.calls


WHY = {
    "value": "Tensor.__float__ of a value that differs",
    "branch": "Tensor.__bool__ of a value that differs",
    "numpy": "Tensor.numpy of a value that differs",
    "numpy_random": "random numbers were drawn",
    "attribute": "Reads.calls was written in forward",
}


@pytest.mark.parametrize("how", WHY)
def test_what_can_not_run_as_one_program_takes_the_loop_says_so_once_and_leaves_no_trace(how):
    def fresh():
        paddle.seed(8)
        np.random.seed(8)
        net = Reads(how)
        return net, metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2), episodes()

    net, opt, tasks = fresh()
    expected = gradients(net, opt, tasks, vectorize=False)
    drawn = paddle.rand([1]).item(), np.random.rand()
    net, opt, tasks = fresh()
    with pytest.warns(UserWarning, match=f"run one after the other.*{WHY[how]}") as caught:
        found = gradients(net, opt, tasks)
    assert len([w for w in caught if "one after the other" in str(w.message)]) == 1
    if how in ("value", "branch", "numpy"):
        assert "(in the layer Reads, at " in str(caught[0].message) and "test_together.py:" in str(caught[0].message)
    for a, b in zip(found, expected):
        np.testing.assert_array_equal(a, b)
    assert drawn == (paddle.rand([1]).item(), np.random.rand())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradients(net, opt, tasks)
    with pytest.raises(metaopt.VectorizeError, match=f"vectorize=True.*{WHY[how]}"):
        opt.meta_loss(net, tasks, F.cross_entropy, vectorize=True)
    assert net.linear.weight.is_leaf


@pytest.mark.parametrize("buffers", ["last", "mean"])
@pytest.mark.parametrize("how", ["value", "attribute"])  # noticed on the way, and at the end
def test_a_batch_that_was_given_up_leaves_nothing_of_its_statistics(how, buffers):
    found = []
    for vectorize in ("auto", False):
        paddle.seed(8)
        net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1D(4), Reads(how))
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, buffers=buffers)
        opt.meta_loss(net, episodes(), F.cross_entropy, vectorize=vectorize).backward()
        opt.step()
        found.append([net[1]._mean.numpy(), net[1]._variance.numpy()])
    for a, b in zip(*found):
        np.testing.assert_array_equal(a, b)


def test_a_loss_that_looks_at_the_nets_own_weights():
    paddle.seed(8)
    net = metaopt.models.MLP([4, 8, 3])
    own = net.parameters()[0]
    for way in ("unrolled", "checkpointed"):
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), adapt_steps=2, meta_gradient=way)
        assert_the_same_together(net, opt, episodes(), lambda out, y: F.cross_entropy(out, y) * (1 + own**2).sum())


class OneByOne(metaopt.meta_gradients.Unrolled):
    """A way back of a user's, who did not say that it serves a batch."""

    name = "OneByOne"
    serves_together = False


def test_a_way_back_that_goes_one_by_one_does_so_in_silence():
    paddle.seed(9)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), meta_gradient=OneByOne())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradients(net, opt, episodes())
    with pytest.raises(metaopt.VectorizeError, match="OneByOne runs its tasks one by one"):
        opt.meta_loss(net, episodes(), F.cross_entropy, vectorize=True)


def test_an_error_in_a_batch_leaves_everything_as_it_was():
    paddle.seed(10)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3)
    before = {name: id(p) for name, p in net.named_parameters()}
    ops = dict(vars(paddle._C_ops))

    def loss_fn(out, y):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        opt.meta_loss(net, episodes(), loss_fn)
    assert {name: id(p) for name, p in net.named_parameters()} == before
    assert dict(vars(paddle._C_ops)) == ops and paddle.is_grad_enabled()


def accuracy(out, y):
    return float((out.argmax(-1) == y).astype("float64").mean())


@pytest.mark.parametrize("metric", [accuracy, None, "paddle"])
def test_an_evaluation_has_each_tasks_own_score_in_their_order(metric):
    paddle.seed(12)
    net = metaopt.models.OmniglotNet(3, filters=3, image_size=16)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    tasks = [*images(1, 16)(), *episodes(2, features=(1, 16, 16), queries=9), *images(1, 16)()]
    metric = paddle.metric.Accuracy() if metric == "paddle" else metric
    before = [t.numpy().copy() for t in net.state_dict().values()]
    together = metaopt.evaluate(net, opt, tasks, F.cross_entropy, metric, vectorize=True)
    alone = metaopt.evaluate(net, opt, tasks, F.cross_entropy, metric, vectorize=False)
    np.testing.assert_allclose(together.values, alone.values, rtol=1e-9)
    assert len(set(np.round(together.values, 9))) > 1
    for a, b in zip(before, net.state_dict().values()):
        np.testing.assert_array_equal(a, b.numpy())
    with pytest.raises(ValueError, match="evaluate: vectorize"):
        metaopt.evaluate(net, opt, tasks, F.cross_entropy, vectorize=2)


def test_what_could_not_run_as_one_program_is_known_by_its_code_and_another_function_is_tried():
    paddle.seed(8)
    net, tasks, kept = nn.Linear(4, 3), episodes(), []
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=1)

    def another(logits, y):
        return F.cross_entropy(logits, y) * (1 + float(logits.std()) ** 2)

    with pytest.warns(UserWarning, match="one after the other") as caught:
        for _ in range(3):
            kept.append(lambda logits, y: F.cross_entropy(logits, y) * (1 + float(logits.mean()) ** 2))
            opt.meta_loss(net, tasks, kept[-1])
            assert len(caught) == 1
        opt.meta_loss(net, tasks, another)
        assert len(caught) == 2


def test_an_evaluation_that_can_not_run_as_one_program_says_so():
    paddle.seed(13)
    net, tasks = Reads("value"), episodes()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=1)
    with pytest.warns(UserWarning, match="run one after the other"):
        found = metaopt.evaluate(net, opt, tasks, F.cross_entropy)
    np.testing.assert_array_equal(
        found.values, metaopt.evaluate(net, opt, tasks, F.cross_entropy, vectorize=False).values
    )


@pytest.mark.parametrize("options", [{}, {"first_order": True}, {"meta_gradient": "checkpointed"}])
def test_more_tasks_take_no_more_passes_of_the_engine(options, monkeypatch):
    paddle.seed(16)
    net = metaopt.models.OmniglotNet(3, filters=3, image_size=16)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, **options)
    grad, passes = engine._grad, []

    def counted(*args, **kwargs):
        passes.append(None)
        return grad(*args, **kwargs)

    monkeypatch.setattr(engine, "_grad", counted)
    counts = []
    for count in (2, 6):
        passes.clear()
        opt.meta_loss(net, episodes(count, features=(1, 16, 16)), F.cross_entropy, vectorize=True)
        counts.append(len(passes))
    assert counts[0] == counts[1] > 2


WAYS = {
    "checkpointed": (metaopt.MAMLOptimizer, {"meta_gradient": "checkpointed"}),
    "checkpointed_adam": (metaopt.MAMLOptimizer, {"meta_gradient": "checkpointed", "inner_rule": "adam"}),
    "checkpointed_after_every_step": (metaopt.MAMLPlusPlusOptimizer, {"meta_gradient": "checkpointed"}),
    "first_order": (metaopt.MAMLOptimizer, {"first_order": True}),
    "reptile": (metaopt.ReptileOptimizer, {}),
    "implicit": (metaopt.IMAMLOptimizer, {"solver_iterations": 3, "proximal": 5.0}),
    "implicit_first_order": (metaopt.IMAMLOptimizer, {"first_order": True}),
    "neumann": (metaopt.IMAMLOptimizer, {"solver": "neumann", "solver_iterations": 2, "proximal": 40.0}),
    "evolution": (metaopt.MAMLOptimizer, {"meta_gradient": metaopt.meta_gradients.Evolution(0.1, 3)}),
    "evolution_one_way": (
        metaopt.MAMLOptimizer, {"meta_gradient": metaopt.meta_gradients.Evolution(0.1, 2, antithetic=False)}),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_ways_back_that_serve_a_batch(name):
    paddle.seed(14)
    net, tasks = metaopt.models.OmniglotNet(3, filters=4, image_size=16), images(1, 16)()
    algorithm, options = WAYS[name]
    opt = algorithm(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, **options)
    assert_the_same_together(net, opt, tasks)


def test_a_replay_in_a_batch_notices_other_data_of_one_task():
    paddle.seed(15)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), meta_gradient="checkpointed")
    calls = []

    def loss_fn(out, y):
        calls.append(None)
        first = paddle.zeros([1]) if len(calls) > 1 else paddle.ones([1])
        return F.cross_entropy(out, y) + (first * out[0, 0]).sum()

    with pytest.raises(metaopt.ReplayError, match="when computed again"):
        opt.meta_loss(net, episodes(), loss_fn, vectorize=True)


class TakesItsOwnGradient(nn.Layer):
    """Of its output by its input, as a force field does."""

    def __init__(self, *body):
        super().__init__()
        self.body, self.head = nn.Sequential(*body), nn.Linear(8, 3)

    def forward(self, x):
        x.stop_gradient = False
        y = self.head(self.body(x))
        (slope,) = paddle.grad(y.square().sum(), [x], create_graph=True)
        return y + slope.square().mean()


class Last(nn.Layer):
    """The last output of a recurrent net for one step."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.rnn = nn.GRU(inputs, outputs)

    def forward(self, x):
        return self.rnn(x.unsqueeze(1))[0][:, -1]


@pytest.mark.filterwarnings("ignore:the tasks run one after the other")
@pytest.mark.parametrize("way", ["unrolled", "first_order", "checkpointed", "hessian_free", "implicit"])
@pytest.mark.parametrize("adapts", ["everything", "head"])
@pytest.mark.parametrize("first", [nn.Linear, nn.GRU])
def test_a_net_that_takes_its_own_gradient_is_served_by_auto_as_by_the_loop(first, way, adapts):
    paddle.seed(3)
    net = TakesItsOwnGradient(nn.Linear(4, 8), nn.Tanh()) if first is nn.Linear else TakesItsOwnGradient(Last(4, 8))
    options = {"parameters": net.parameters(), "inner_lr": 0.1, "adapt_steps": 2, "meta_gradient": way}
    optimizer, head = (metaopt.ANILOptimizer, {"head": net.head}) if adapts == "head" else (metaopt.MAMLOptimizer, {})
    opt, tasks = optimizer(**options, **head), episodes(3)
    found, expected = (gradients(net, opt, tasks, vectorize=vectorize) for vectorize in ("auto", False))
    for f, e in zip(found, expected):
        np.testing.assert_allclose(f, e, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("way", ["reptile", "evolution"])
def test_a_net_that_takes_its_own_gradient_is_served_by_ways_that_take_none(way):
    paddle.seed(3)
    net, tasks = TakesItsOwnGradient(Last(4, 8)), episodes(2)
    options = {"parameters": net.parameters(), "inner_lr": 0.1, "adapt_steps": 2}
    if way == "reptile":
        opt = metaopt.ReptileOptimizer(**options)
    else:
        opt = metaopt.MAMLOptimizer(meta_gradient=metaopt.meta_gradients.Evolution(0.1, 2), **options)
    paddle.seed(4)
    expected = gradients(net, opt, tasks, vectorize=False)
    paddle.seed(4)
    for f, e in zip(gradients(net, opt, tasks, vectorize=True), expected):
        np.testing.assert_allclose(f, e, rtol=1e-9)


class GivesItsInput(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))

    def forward(self, x):
        x.stop_gradient = False
        return self.body(x), x


def test_a_gradient_in_the_loss_by_the_input_is_each_tasks():
    def penalized(output, y):
        logits, x = output
        (slope,) = paddle.grad(logits.square().sum(), [x], create_graph=True)
        return F.cross_entropy(logits, y) + slope.square().mean()

    paddle.seed(3)
    net, tasks = GivesItsInput(), episodes(3)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    expected = gradients(net, opt, tasks, penalized, vectorize=False)
    for f, e in zip(gradients(net, opt, tasks, penalized, vectorize=True), expected):
        np.testing.assert_allclose(f, e, rtol=1e-9)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.SimpleRNN])
@pytest.mark.parametrize("units, vectorize, batched", [(63, "auto", True), (64, "auto", False), (64, True, True)])
def test_wide_recurrent_nets_take_the_faster_way_without_a_word(kind, units, vectorize, batched, recwarn, capsys):
    net = nn.Sequential(nn.Linear(4, 4), kind(4, units))

    def loss_fn(output, y):
        print(type(output[0]).__name__)  # what it changed would have the tasks run one by one
        return output[0].mean()

    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    tasks = [((paddle.randn([2, 3, 4]), paddle.zeros([2])),) * 2 for _ in range(2)]
    opt.meta_loss(net, tasks, loss_fn, vectorize=vectorize)
    assert set(capsys.readouterr().out.split()) == {"Batched" if batched else "Tensor"}
    assert not [warned for warned in recwarn if "one after the other" in str(warned.message)]


@pytest.mark.parametrize(
    "make, features, batched",
    [
        (lambda: nn.Sequential(nn.Conv1D(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(9, 3)), (2, 5), True),
        (lambda: nn.Sequential(nn.Conv2D(1, 3, 3), nn.BatchNorm2D(3), nn.Flatten(), nn.Linear(27, 3)), (1, 5, 5), True),
        (lambda: nn.Linear(4, 3), (4,), False),
    ],
)
def test_a_single_task_is_a_batch_where_that_is_faster(make, features, batched, capsys):
    net, tasks = make(), episodes(1, features=features)

    def loss_fn(output, y):
        print(type(output).__name__)
        return F.cross_entropy(output, y)

    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    found = gradients(net, opt, tasks, loss_fn)
    assert set(capsys.readouterr().out.split()) == {"Batched" if batched else "Tensor"}
    for a, b in zip(found, gradients(net, opt, tasks, loss_fn, vectorize=False)):
        assert (a is None) is (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_a_single_task_that_can_not_be_a_batch_is_none_without_a_word():
    class ConvolvesAndCounts(Reads):
        def __init__(self):
            super().__init__("attribute")
            self.conv = nn.Conv1D(1, 1, 1)

        def forward(self, x):
            return super().forward(self.conv(x.unsqueeze(1)).squeeze(1))

    def gradient(vectorize):
        paddle.seed(8)
        net, tasks = ConvolvesAndCounts(), episodes(1)
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
        return gradients(net, opt, tasks, vectorize=vectorize)

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = gradient("auto")
    for a, b in zip(found, gradient(False)):
        np.testing.assert_array_equal(a, b)


class _Compared:
    """A loss without a hash, for it is equal to others by what it holds, as a dataclass is; nor a weak reference."""

    __slots__ = ("factor",)

    def __init__(self, factor=1.0):
        self.factor = factor

    def __eq__(self, other):
        return self.factor == other.factor

    def __call__(self, output, y):
        return _by_its_value(output, y, self.factor)


def _by_its_value(output, y, factor):
    loss = F.cross_entropy(output, y)
    return loss * factor if float(loss) > 0 else loss


@pytest.mark.parametrize("make", [_Compared, lambda: partial(_by_its_value, factor=1.0), lambda: _Compared().__call__])
def test_a_loss_that_takes_the_loop_is_known_by_its_code(make):
    net, tasks = metaopt.models.MLP([4, 8, 3]), episodes(2)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    with pytest.warns(UserWarning, match="one after the other") as caught:
        found = gradients(net, opt, tasks, make())
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = gradients(net, opt, tasks, make())
        expected = gradients(net, opt, tasks, make(), vectorize=False)
    for f, a, e in zip(found, again, expected):
        np.testing.assert_allclose(f, e, rtol=1e-12)
        np.testing.assert_allclose(a, e, rtol=1e-12)


class Toggling(nn.Layer):
    """Its middle layer is a constant in each forward, and a weight in between, as a critic is to a generator."""

    def __init__(self, detached):
        super().__init__()
        self.a, self.c, self.b, self.detached = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3), detached

    def forward(self, x):
        hidden, weight = F.gelu(self.a(x)), self.c.weight
        if self.detached:
            return self.after(hidden, weight.detach())
        weight.stop_gradient = True
        found = self.after(hidden, weight)
        weight.stop_gradient = False
        return found

    def after(self, hidden, weight):
        return self.b(paddle.linalg.solve(weight + 3 * paddle.eye(4), F.linear(hidden, weight).t()).t())


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("options", [{}, {"first_order": True}, {"meta_gradient": "checkpointed"}])
def test_what_was_a_constant_in_the_forward_is_one_in_the_backward(vectorize, options):
    found = []
    for detached in (False, True):
        paddle.seed(4)
        net, tasks = Toggling(detached), episodes(2)
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.5, adapt_steps=2, **options)
        found.append(gradients(net, opt, tasks, vectorize=vectorize))
        assert not net.c.weight.stop_gradient
    for toggled, expected in zip(*found):
        none = toggled is None or not toggled.any(), expected is None or not expected.any()
        assert all(none) or not any(none)
        if not none[0]:
            np.testing.assert_allclose(toggled, expected, rtol=1e-9)


EMPTIES = {
    "layer_norm": (nn.LayerNorm, 4), "group_norm": (nn.GroupNorm, 2, 4), "batch_norm": (nn.BatchNorm1D, 4),
    "prelu": (nn.PReLU, 4), "linear": (nn.Linear, 4, 4),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTIES)
def test_a_tensor_without_elements_in_a_batch_is_as_in_a_task(name):
    kind, *sizes = EMPTIES[name]

    class HalfEmpty(nn.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.norm = nn.Linear(4, 4), nn.Linear(4, 3), kind(*sizes)

        def forward(self, x):
            hidden = self.a(x)
            return self.b(hidden) + self.norm(hidden[:0]).sum()

    paddle.seed(5)
    net, tasks = HalfEmpty(), episodes(2)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    together, alone = (gradients(net, opt, tasks, vectorize=vectorize) for vectorize in ("auto", False))
    for t, a in zip(together, alone):
        assert (t is None) == (a is None)
        if t is not None:
            np.testing.assert_allclose(t, a, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "ask, why",
    [
        (lambda hidden: hidden * (2.0 if hidden.t().is_contiguous() else 1.0), "the memory layout of a tensor"),
        (lambda hidden: hidden + copy.deepcopy(hidden.detach()), r"copy.deepcopy\(\) of a tensor"),
    ],
)
def test_what_differs_for_a_task_by_itself_takes_the_loop(ask, why):
    class Asking(nn.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x):
            return self.b(ask(self.a(x)))

    net, tasks = Asking(), episodes(2)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    expected = gradients(net, opt, tasks, vectorize=False)
    with pytest.warns(UserWarning, match=why):
        found = gradients(net, opt, tasks)
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)
