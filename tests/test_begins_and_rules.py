"""Algorithms whose tasks begin elsewhere, whose rule holds a net, or whose meta-gradient is estimated: each against
central differences of the whole procedure, or against its definition."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import parameter
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import Evolution, Implicit


class Classifier(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 4), nn.Tanh())
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.body(x))


class InContext(nn.Layer):
    def __init__(self):
        super().__init__()
        self.context = self.create_parameter([2], default_initializer=nn.initializer.Constant(0.3))
        self.body = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))

    def forward(self, x):
        return self.body(paddle.concat([x, self.context.expand([x.shape[0], 2])], axis=1))


class Warped(nn.Layer):
    def __init__(self):
        super().__init__()
        self.enter, self.warp1 = nn.Linear(3, 5), nn.Linear(5, 5)
        self.head, self.warp2 = nn.Linear(5, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.warp2(self.head(F.tanh(self.warp1(self.enter(x)))))


def in_double(net):
    net.to(dtype="float64")
    return net


def episode(seed=2):
    paddle.seed(seed)
    labels = paddle.to_tensor([0, 1, 2, 0, 1, 2, 2])
    return metaopt.Episode((paddle.randn([7, 3], "float64"), labels), (paddle.randn([7, 3], "float64"), labels))


def error_of(net, opt, task) -> float:
    """The relative error of the meta-gradient of all that is learned."""
    tensors = [p for p in net.parameters() if not p.stop_gradient] + list(opt.learned.values())
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    gradients = [None if t.grad is None else t.grad.numpy().copy() for t in tensors]
    opt.clear_grad()
    found = compare_with_differences(
        lambda: float(opt.meta_loss(net, [task], F.cross_entropy)), gradients, tensors
    )
    assert any(g is not None and np.abs(g).max() > 1e-4 for g in gradients)
    return found.error


EXACT = ["unrolled", "checkpointed"]


@pytest.mark.parametrize("way", EXACT)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_proto_maml_is_exact_through_the_class_means(way, steps):
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.ProtoMAMLOptimizer(
        parameters=net.parameters(), head=net.head, inner_lr=0.3, adapt_steps=steps, meta_gradient=way
    )
    assert error_of(net, opt, episode()) < 1e-6
    assert net.head.weight.grad is None or not net.head.weight.grad.abs().max() > 0


def test_proto_maml_begins_as_the_classifier_by_the_nearest_mean():
    paddle.seed(1)
    net = in_double(Classifier())
    (x, y), (xq, _) = episode()
    opt = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.head)
    logits = opt.adapter(net).clone(support=(x, y))(xq)
    with paddle.no_grad():
        f, fq = net.body(x).numpy(), net.body(xq).numpy()
    means = np.stack([f[y.numpy() == k].mean(0) for k in range(3)])
    distances = ((fq[:, None] - means[None]) ** 2).sum(-1)
    expected = -distances + (fq**2).sum(1, keepdims=True)
    np.testing.assert_allclose(logits.numpy(), expected, rtol=1e-12)
    with opt.adapter(net).task(support=(x, y)):
        np.testing.assert_allclose(net(xq).numpy(), expected, rtol=1e-12)
    scores = metaopt.evaluate(net, opt, [episode()], F.cross_entropy, lambda out, y: out.numpy()[0, 0], steps=0)
    np.testing.assert_allclose(scores.mean, expected[0, 0], rtol=1e-12)


def test_proto_maml_says_what_it_needs():
    net = Classifier()
    with pytest.raises(TypeError, match="ProtoMAMLOptimizer: head: expected a paddle.nn.Linear with a bias"):
        metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.body)
    opt = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=net.head)
    with pytest.raises(ValueError, match=r"adapter.clone\(support=\(x, y\)\)"):
        opt.adapter(net).clone()
    wrong = metaopt.ProtoMAMLOptimizer(parameters=net.parameters(), head=nn.Linear(4, 3))
    with pytest.raises(ValueError, match="head: expected the net to call it once"):
        wrong.adapter(net).clone(support=(paddle.randn([3, 3]), paddle.arange(3)))
    assert all(p.is_leaf for p in net.parameters())


@pytest.mark.parametrize("way", [*EXACT, "implicit"])
@pytest.mark.parametrize("trained", [True, False])
def test_cavia_is_exact_and_its_context_starts_at_zero(way, trained):
    paddle.seed(1)
    net = in_double(InContext())
    parameters = [p for p in net.parameters() if trained or p is not net.context]
    steps = 2
    if way == "implicit":
        way, steps = Implicit(proximal=2.0, iterations=30, tolerance=1e-13), 200
    opt = metaopt.CAVIAOptimizer(
        parameters=parameters, context=net.context, inner_lr=0.3, adapt_steps=steps, meta_gradient=way
    )
    assert error_of(net, opt, episode()) < 1e-6
    learner = opt.adapter(net).clone()
    np.testing.assert_array_equal(learner.fast_weights["context"].numpy(), np.zeros(2))
    assert net.context.grad is None
    with pytest.raises(TypeError, match="CAVIAOptimizer: context: expected the Parameter that adapts"):
        metaopt.CAVIAOptimizer(parameters=parameters)


def test_a_task_that_begins_elsewhere_leaves_the_net_as_it_was_and_is_refused_where_it_makes_no_sense():
    paddle.seed(1)
    net = in_double(InContext())
    before = net.context.numpy().copy()
    opt = metaopt.CAVIAOptimizer(parameters=net.parameters(), context=net.context)
    with opt.adapter(net).task() as task:
        assert task.fast_weights["context"] is net.context
    np.testing.assert_array_equal(net.context.numpy(), before)
    for way in (metaopt.meta_gradients.Displacement(), Evolution()):
        with pytest.raises(ValueError, match="begin"):
            metaopt.CAVIAOptimizer(parameters=net.parameters(), context=net.context, meta_gradient=way)


@pytest.mark.parametrize("way", EXACT)
def test_t_net_is_exact_and_its_warp_stays(way):
    paddle.seed(1)
    net = in_double(Warped())
    opt = metaopt.TNetOptimizer(
        parameters=net.parameters(), warp=[net.warp1, net.warp2], inner_lr=0.3, adapt_steps=2, meta_gradient=way
    )
    assert error_of(net, opt, episode()) < 1e-6
    learner = opt.adapter(net).clone()
    learner.adapt(lambda: F.cross_entropy(learner(episode().support[0]), episode().support[1]))
    for name, weight in learner.fast_weights.items():
        moved = not np.array_equal(weight.numpy(), dict(net.named_parameters())[name].numpy())
        assert moved is not name.startswith("warp")
    with pytest.raises(TypeError, match="TNetOptimizer: warp: expected the Layers"):
        metaopt.TNetOptimizer(parameters=net.parameters())


@pytest.mark.parametrize("way", [*EXACT, "first_order"])
def test_alfa_is_exact_for_the_weights_the_rates_the_decays_and_the_net_that_makes_them(way):
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.ALFAOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, meta_gradient=way)
    paddle.seed(5)
    for value in opt.learned.values():  # away from where they start, that all of them matter
        value.set_value(value + 0.1 * paddle.randn(value.shape, "float64"))
    assert len(opt.learned) == 6 + 5  # each weight's rates; the net's two layers, and the decays
    if way != "first_order":
        assert error_of(net, opt, episode()) < 1e-6
    else:
        opt.meta_loss(net, [episode()], F.cross_entropy).backward()
    assert all(value.grad is not None for value in opt.learned.values())


def test_alfa_starts_as_maml_with_weight_decay_and_resumes():
    paddle.seed(1)
    net = in_double(Classifier())
    (x, y), _ = episode()
    opt = metaopt.ALFAOptimizer(parameters=net.parameters(), inner_lr=0.3, inner_decay=0.01, adapt_steps=1)
    learner = opt.adapter(net).clone()
    loss = F.cross_entropy(net(x), y)
    gradients = paddle.grad(loss, net.parameters())
    learner.adapt(F.cross_entropy(learner(x), y))
    for (name, p), g in zip(net.named_parameters(), gradients):
        expected = p.numpy() * (1 - 0.3 * 0.01) - 0.3 * g.numpy()
        np.testing.assert_allclose(learner.fast_weights[name].numpy(), expected, rtol=1e-12)
    opt.meta_loss(net, [episode()], F.cross_entropy).backward()
    opt.step()
    copy = in_double(Classifier())
    other = metaopt.ALFAOptimizer(parameters=copy.parameters(), inner_lr=0.1, adapt_steps=1)
    other.set_state_dict(opt.state_dict())
    for a, b in zip(opt.learned.values(), other.learned.values()):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    fewer = metaopt.ALFAOptimizer(parameters=net.head.parameters(), inner_lr=0.1)
    net2 = in_double(Classifier())
    more = metaopt.ALFAOptimizer(parameters=[*net2.parameters(), parameter(1.0)], inner_lr=0.1)
    fewer.meta_loss(net, [episode()], F.cross_entropy)
    with pytest.raises(ValueError, match="ALFA was made for 7 trainable parameters, and this net adapts 6"):
        more.meta_loss(net2, [episode()], F.cross_entropy)


def test_a_layer_in_an_inner_rule_is_learned():
    class Scaled(metaopt.inner_rules.SGD):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(1, 1)
            self.net.to(dtype="float64")

        def step(self, p, g, rate):
            return p - rate * g * self.net(paddle.ones([1, 1], "float64")).reshape([]), ()

    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule=Scaled(), inner_lr=0.3, adapt_steps=2)
    assert list(opt.learned) == ["inner_rule.net.weight", "inner_rule.net.bias"]
    assert error_of(net, opt, episode()) < 1e-6


@pytest.mark.parametrize("antithetic", [True, False])
def test_evolution_is_its_formula_at_the_directions_it_drew(antithetic):
    paddle.seed(1)
    net = in_double(Classifier())
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, meta_gradient=Evolution(0.1, 3, antithetic)
    )
    task = episode()
    paddle.seed(7)
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    plain = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    start = [p.numpy().copy() for p in net.parameters()]

    def query_loss_from(weights):
        for p, value in zip(net.parameters(), weights):
            p.set_value(value)
        return float(plain.meta_loss(net, [task], F.cross_entropy))

    paddle.seed(7)
    expected = [0.0] * len(start)
    for _ in range(3):
        noise = [paddle.randn(w.shape, "float64").numpy() for w in start]
        slope = query_loss_from([w + 0.1 * e for w, e in zip(start, noise)]) / 0.1
        if antithetic:
            slope = (slope - query_loss_from([w - 0.1 * e for w, e in zip(start, noise)]) / 0.1) / 2
        expected = [g + slope * e / 3 for g, e in zip(expected, noise)]
    query_loss_from(start)
    for p, g in zip(net.parameters(), expected):
        np.testing.assert_allclose(p.grad.numpy(), g, rtol=1e-9, atol=1e-12)


def test_evolution_estimates_the_gradient_of_the_smoothed_loss_within_its_error_bars():
    paddle.seed(1)
    net = in_double(Classifier())
    task = episode()
    exact = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=1)
    exact.meta_loss(net, [task], F.cross_entropy).backward()
    along = [p.grad.numpy().copy() for p in net.parameters()]
    exact.clear_grad()
    length = np.sqrt(sum((g**2).sum() for g in along))
    estimates = []
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_lr=0.1, adapt_steps=1, meta_gradient=Evolution(1e-3, 20)
    )
    for seed in range(25):
        paddle.seed(seed)
        opt.meta_loss(net, [task], F.cross_entropy).backward()
        estimates.append(sum((p.grad.numpy() * g).sum() for p, g in zip(net.parameters(), along)) / length)
        opt.clear_grad()
    bar = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - length) < 4 * bar and bar < 0.2 * length


def test_evolution_refuses_what_it_can_not_serve():
    net = Classifier()
    with pytest.raises(ValueError, match="moves the net's weights alone"):
        metaopt.MetaSGDOptimizer(parameters=net.parameters(), meta_gradient=Evolution())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), meta_gradient=Evolution(directions=1))
    learner = opt.adapter(net).clone()
    with pytest.raises(ValueError, match="needs a function"):
        learner.adapt(F.cross_entropy(learner(paddle.randn([3, 3])), paddle.arange(3)))
    task = ((paddle.randn([3, 3]), paddle.arange(3)), (paddle.randn([3, 3]), paddle.arange(3)))
    with pytest.raises(ValueError, match="a tensor outside gets no gradient"):
        opt.meta_loss(net, [task], F.cross_entropy, inputs=[parameter(1.0)])
    for arguments, name in (((0.0,), "sigma"), ((0.1, 0), "directions"), ((0.1, 1, 2), "antithetic")):
        with pytest.raises((ValueError, TypeError), match=f"Evolution: {name}"):
            Evolution(*arguments)


def test_lion_is_its_formula_and_exact():
    paddle.seed(1)
    net = in_double(Classifier())
    rule = metaopt.inner_rules.Lion(0.8, 0.9, weight_decay=0.1)
    weights = {"w": paddle.to_tensor([1.0, -2.0, 0.5], "float64")}
    state = rule.init(weights)
    m, w = np.zeros(3), weights["w"].numpy()
    for g in (np.array([0.3, -0.1, 0.0]), np.array([-0.05, 0.4, -1.0])):
        weights, state = rule.update(weights, {"w": paddle.to_tensor(g)}, {"w": 0.01}, state)
        w = w - 0.01 * (np.sign(0.8 * m + 0.2 * g) + 0.1 * w)
        m = 0.9 * m + 0.1 * g
        np.testing.assert_allclose(weights["w"].numpy(), w, rtol=1e-12)
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_rule=metaopt.inner_rules.Lion(weight_decay=0.1), inner_lr=0.01, adapt_steps=3
    )
    assert error_of(net, opt, episode()) < 1e-6
    assert type(metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule="lion").plan.step.rule) is type(rule)
