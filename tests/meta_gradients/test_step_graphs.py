"""Inside of meta_loss a few inner steps at a time have a graph of their own; the way back is exact, or raises."""

import gc

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Smooth, gradients_of, small_net

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.graph import reachable
from paddle_metaopt.double_grad.joints import Joint
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import StepGraphs

copy_of_grad = paddle.grad  # as a module of the user's may have imported it by its name

pytestmark = pytest.mark.usefixtures("float64", "graphs_of_two_steps")


@pytest.fixture
def graphs_of_two_steps(monkeypatch):
    monkeypatch.setattr(StepGraphs, "STEPS", 2)


STEPS = 5
SIZES = []  # of graphs; not in a closure, for what a loss function changes there has the tasks run one by one


def episodes(count=2):
    def part():
        return paddle.randn([5, 3]), paddle.to_tensor([0, 1, 0, 1, 1])

    return [metaopt.Episode(part(), part()) for _ in range(count)]


def maml(net, **options):
    return metaopt.MAMLOptimizer(parameters=net.parameters(), **{"inner_lr": 0.3, "adapt_steps": STEPS, **options})


def anil(net, **options):
    options = {"inner_lr": 0.3, "adapt_steps": STEPS, **options}
    return metaopt.ANILOptimizer(parameters=net.parameters(), head=net.head, **options)


def momentum(net, **options):
    return maml(net, inner_rule=metaopt.inner_rules.Momentum(0.9), **options)


def adam(net):
    return maml(net, inner_rule=metaopt.inner_rules.Adam(), inner_lr=0.05)


def learned_rates(net):
    return metaopt.MetaSGDOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=STEPS)


def every_query(net):
    return metaopt.MAMLPlusPlusOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=STEPS)


def assert_equal_to_differences(opt, loss, tensors):
    loss().backward()
    gradients = gradients_of(tensors)
    opt.clear_grad()
    result = compare_with_differences(lambda: float(loss()), gradients, tensors)
    assert result.error < 1e-6, result


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("algorithm", [maml, anil, momentum])
def test_what_lies_below_a_loss_does_not_grow_with_the_steps(algorithm, first_order, vectorize):
    net = Smooth()

    def loss_fn(output, y):
        loss = F.cross_entropy(output, y)
        SIZES.append(len(list(reachable([getattr(loss, "stacked", loss)]))))
        return loss

    def largest(steps):
        SIZES.clear()
        opt = algorithm(net, first_order=first_order, adapt_steps=steps)
        opt.meta_loss(net, episodes(), loss_fn, vectorize=vectorize)
        assert len(SIZES) == (steps + 1) * (1 if vectorize else 2)
        return max(SIZES)

    assert largest(6) == largest(16)


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("algorithm", [maml, anil, momentum, adam, learned_rates, every_query])
def test_the_gradient_through_all_steps_equals_differences(algorithm, vectorize):
    net, tasks = Smooth(), episodes()
    opt = algorithm(net)
    tensors = [*net.parameters(), *opt.learned.values()]
    assert_equal_to_differences(opt, lambda: opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize), tensors)


@pytest.mark.parametrize("vectorize", [True, False])
def test_a_loss_may_look_back_at_earlier_steps_and_at_the_nets_own_weights(vectorize):
    net, tasks = small_net(), episodes()
    own, factor, seen = net[0].weight, paddle.to_tensor(0.5, stop_gradient=False), []
    opt = maml(net)

    def loss_fn(output, y):
        back = sum(F.mse_loss(output, earlier) for earlier in seen[-2:])
        seen.append(output)
        if len(seen) > STEPS:  # the query's
            seen.clear()
        return F.cross_entropy(output, y) + factor * back + 0.1 * (own**2).sum()

    def loss():
        return opt.meta_loss(net, tasks, loss_fn, inputs=[factor], vectorize=vectorize)

    assert_equal_to_differences(opt, loss, [*net.parameters(), factor])


SEEN = []


def by_own_weight(loss, output, own, grad):
    return grad(loss, [own], retain_graph=True)[0]


def by_output(loss, output, own, grad):
    return grad(loss, [output], create_graph=True)[0]


def by_first_output(loss, output, own, grad):
    SEEN.append(output)
    first = SEEN[0]
    if len(SEEN) > STEPS:
        SEEN.clear()
    return grad(loss, [first], retain_graph=True, allow_unused=True)[0]


OWN = [(by_own_weight, False), (by_own_weight, True), (by_output, False)]
OWN += [(by_first_output, False), (by_first_output, True)]


@pytest.mark.parametrize("gradient, copied", OWN)
@pytest.mark.parametrize("algorithm", [maml, anil])
def test_a_gradient_that_a_loss_takes_goes_back_through_all_steps(algorithm, gradient, copied, monkeypatch):
    net, tasks = Smooth(), episodes(1)
    opt = algorithm(net)

    def loss_fn(output, y):
        loss = F.cross_entropy(output, y)
        grad = copy_of_grad if copied else paddle.grad
        return loss + (gradient(loss, output, net.body.weight, grad) ** 2).sum()

    def numbers():
        SEEN.clear()
        loss = opt.meta_loss(net, tasks, loss_fn)
        loss.backward()
        found = [float(loss), *gradients_of(net.parameters())]
        opt.clear_grad()
        return found

    found = numbers()
    monkeypatch.setattr(StepGraphs, "STEPS", 100)
    for f, e in zip(found, numbers()):
        np.testing.assert_array_equal(f, e)


def penalized_later(take):
    """A loss that goes back through the inner steps from the last one on, when there are several graphs."""
    calls = []

    def loss_fn(output, y):
        calls.append(1)
        loss = F.cross_entropy(output, y)
        if len(calls) == STEPS:
            take(loss)
        return loss

    return loss_fn


@pytest.mark.parametrize(
    "take",
    [
        lambda loss: paddle.grad(loss, [paddle.ones([1])], retain_graph=True, allow_unused=True),
        lambda loss: copy_of_grad(loss, [paddle.ones([1])], retain_graph=True, allow_unused=True),
        lambda loss: loss.backward(retain_graph=True),
        lambda loss: paddle.autograd.backward([loss], retain_graph=True),
    ],
    ids=["grad", "copy of grad", "backward", "autograd.backward"],
)
def test_one_that_begins_later_raises(take):
    net = small_net()
    with pytest.raises(RuntimeError, match="earlier inner steps of a meta_loss, which keeps their graphs to itself"):
        maml(net).meta_loss(net, episodes(1), penalized_later(take))


@pytest.mark.parametrize("take", [lambda loss, w: paddle.grad(loss, [w]), lambda loss, w: loss.backward()])
def test_what_was_kept_of_a_step_has_no_gradient_later(take):
    net, kept = small_net(), []

    def loss_fn(output, y):
        kept.append(F.cross_entropy(output, y))
        return kept[-1]

    maml(net).meta_loss(net, episodes(1), loss_fn)
    gc.collect()
    with pytest.raises(RuntimeError, match="earlier inner steps of a meta_loss"):
        take(kept[-1], net[0].weight)
    assert net[0].weight.grad is None


def test_afterwards_paddle_is_as_it_was():
    eager, net = paddle.base.core.eager, small_net()
    before = eager.run_partial_grad, eager.run_backward, paddle.grad
    maml(net).meta_loss(net, episodes(1), F.cross_entropy).backward()
    gc.collect()
    assert (eager.run_partial_grad, eager.run_backward, paddle.grad) == before


@pytest.mark.parametrize("vectorize", [True, False])
def test_the_graphs_are_gone_when_the_loss_is_there(vectorize):
    net, tasks = small_net(), episodes()
    gc.collect()
    gc.disable()
    try:
        loss = maml(net).meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)
        assert not joints()
    finally:
        gc.enable()
    loss.backward()


@pytest.mark.parametrize("vectorize", [True, False])
def test_the_graphs_are_gone_after_an_error(vectorize):
    net, calls = small_net(), []

    def loss_fn(output, y):
        calls.append(1)
        if len(calls) == STEPS:
            raise ValueError("of the user's")
        return F.cross_entropy(output, y)

    with pytest.raises(ValueError, match="of the user's"):
        maml(net).meta_loss(net, episodes(), loss_fn, vectorize=vectorize)
    gc.collect()
    assert not joints()


def joints() -> list:
    return [found for found in gc.get_objects() if isinstance(found, Joint)]
