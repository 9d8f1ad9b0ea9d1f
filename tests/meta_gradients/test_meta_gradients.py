"""Meta-gradients against central differences of the whole inner loop, in float64."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of, trainable
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

pytestmark = pytest.mark.usefixtures("float64")

TOLERANCE = 1e-6


def episode(ways=3, shots=2, size=28, channels=1):
    def part(count):
        return paddle.randn([ways * count, channels, size, size]), paddle.arange(ways).tile([count])

    return metaopt.Episode(part(shots), part(shots))


def make_net(kind):
    if kind == "omniglot":
        return metaopt.models.OmniglotNet(ways=3, filters=6)
    return metaopt.models.Conv4(ways=3, filters=4)


def make_optimizer(algorithm, net, steps, inner_lr=0.3):
    options = {"parameters": net.parameters(), "inner_lr": inner_lr, "adapt_steps": steps}
    if algorithm == "anil":
        return metaopt.ANILOptimizer(head=net.classifier, **options)
    return metaopt.MAMLOptimizer(first_order=algorithm == "fomaml", **options)


def query_loss_after_adaptation(net, opt, task):
    """The whole procedure, as a number."""
    adapter = opt.adapter(net)
    with adapter.task() as running:
        running.adapt(lambda: F.cross_entropy(net(task.support[0]), task.support[1]))
        return float(F.cross_entropy(net(task.query[0]), task.query[1]))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("algorithm", ["maml", "anil"])
@pytest.mark.parametrize("kind", ["omniglot", "conv4"])
def test_exact_meta_gradient_equals_differences(kind, algorithm, steps):
    net, task = make_net(kind), episode()
    opt = make_optimizer(algorithm, net, steps)
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    weights = trainable(net)
    gradients = gradients_of(weights)
    result = compare_with_differences(lambda: query_loss_after_adaptation(net, opt, task), gradients, weights)
    assert result.error < TOLERANCE, result


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("kind", ["omniglot", "conv4"])
def test_first_order_meta_gradient_equals_its_definition(kind, steps):
    """FOMAML's gradient is that of θ ↦ L_query(θ + the displacement the inner loop made), held constant."""
    net, task = make_net(kind), episode()
    opt = make_optimizer("fomaml", net, steps)
    weights = trainable(net)
    with opt.adapter(net).task() as running:
        running.adapt(lambda: F.cross_entropy(net(task.support[0]), task.support[1]))
        displacement = [fast.detach() - p for fast, p in zip(running.fast_weights.values(), weights)]
        F.cross_entropy(net(task.query[0]), task.query[1]).backward()

    def moved_query_loss():
        here = [p.clone().detach() for p in weights]
        for p, delta in zip(weights, displacement):
            p.set_value(p + delta)
        value = float(F.cross_entropy(net(task.query[0]), task.query[1]))
        for p, own in zip(weights, here):
            p.set_value(own)
        return value

    gradients = gradients_of(weights)
    result = compare_with_differences(moved_query_loss, gradients, weights)
    assert result.error < TOLERANCE, result


@pytest.mark.parametrize("algorithm", ["maml", "fomaml", "anil"])
def test_the_three_styles_agree(algorithm):
    net, task = make_net("omniglot"), episode()
    (xs, ys), (xq, yq) = task
    found = []

    def collect():
        found.append(gradients_of(trainable(net)))
        opt.clear_grad()

    opt = make_optimizer(algorithm, net, steps=2)
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    collect()
    learner = opt.adapter(net).clone()
    for _ in range(2):
        learner.adapt(F.cross_entropy(learner(xs), ys))
    F.cross_entropy(learner(xq), yq).backward()
    collect()
    with opt.adapter(net).task() as running:
        running.adapt(lambda: F.cross_entropy(net(xs), ys))
        F.cross_entropy(net(xq), yq).backward()
    collect()
    with opt.adapter(net).task() as running:
        running.adapt(lambda: F.cross_entropy(net(xs), ys), steps=2)
        running.meta_loss(lambda: F.cross_entropy(net(xq), yq)).backward()
    collect()
    for other in found[1:]:
        for a, b in zip(found[0], other):
            assert abs(a - b).max() <= 1e-12 * max(1.0, abs(a).max())


@pytest.mark.parametrize("clip", [nn.ClipGradByValue(0.15), nn.ClipGradByNorm(0.1), nn.ClipGradByGlobalNorm(0.2)])
def test_inner_clipping_is_part_of_the_gradient(clip):
    net, task = make_net("omniglot"), episode()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, inner_grad_clip=clip)
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    weights = trainable(net)
    gradients = gradients_of(weights)
    result = compare_with_differences(lambda: query_loss_after_adaptation(net, opt, task), gradients, weights)
    assert result.error < TOLERANCE, result


class Awkward(nn.Layer):
    """Tied weights, a frozen layer, an unused one, dropout-free; and a bias that adapts nowhere else."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.first.weight
        self.frozen = nn.Linear(4, 4)
        for p in self.frozen.parameters():
            p.stop_gradient = True
        self.unused = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.norm(F.tanh(self.tied(F.tanh(self.frozen(F.tanh(self.first(x))))))))


@pytest.mark.parametrize("adapt", [None, "head", "first"])
def test_tied_frozen_and_unused_parameters(adapt):
    net = Awkward()
    task = metaopt.Episode(*[(paddle.randn([6, 4]), paddle.arange(3).tile([2])) for _ in range(2)])
    opt = metaopt.MAMLOptimizer(
        1e-3, parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, adapt=getattr(net, adapt) if adapt else None
    )
    frozen = net.frozen.weight.numpy().copy()
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    assert net.frozen.weight.grad is None and net.unused.weight.grad is None
    weights = trainable(net)
    gradients = gradients_of(weights)
    result = compare_with_differences(lambda: query_loss_after_adaptation(net, opt, task), gradients, weights)
    assert result.error < TOLERANCE, result
    opt.step()
    assert (net.frozen.weight.numpy() == frozen).all()
    assert net.tied.weight is net.first.weight


def test_groups_carry_their_own_inner_rate():
    net, task = make_net("omniglot"), episode()
    groups = [
        {"params": net.features.parameters(), "inner_lr": 0.1},
        {"params": net.classifier.parameters(), "inner_lr": 0.5, "learning_rate": 0.1},
    ]
    opt = metaopt.MAMLOptimizer(1e-3, parameters=groups, inner_lr=7.0, adapt_steps=1)
    with opt.adapter(net).task() as running:
        loss = F.cross_entropy(net(task.support[0]), task.support[1])
        before = running.fast_weights
        slopes = paddle.grad(loss, list(before.values()), retain_graph=True)
        running.adapt(loss)
        after = running.fast_weights
    for (name, old), slope in zip(before.items(), slopes):
        rate = 0.5 if name.startswith("classifier") else 0.1
        assert abs((old - rate * slope - after[name]).numpy()).max() < 1e-14


def test_named_outside_tensor_gets_its_gradient_and_an_unnamed_one_raises():
    net, task = make_net("omniglot"), episode()
    (xs, ys), (xq, yq) = task
    opt = make_optimizer("maml", net, steps=2)
    temperature = paddle.to_tensor([1.3], stop_gradient=False)

    def procedure(running):
        running.adapt(lambda: F.cross_entropy(net(xs) * temperature, ys))
        return lambda: F.cross_entropy(net(xq), yq)

    with opt.adapter(net).task() as running:
        running.meta_loss(procedure(running), inputs=[temperature]).backward()
    claimed = temperature.grad.numpy().copy()

    def value():
        with opt.adapter(net).task() as again:
            return float(procedure(again)())

    assert compare_with_differences(value, [claimed], [temperature]).error < TOLERANCE
    with opt.adapter(net).task() as running, pytest.raises(ValueError, match="leaf tensor"):
        running.meta_loss(procedure(running))
