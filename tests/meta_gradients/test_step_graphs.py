"""Inside of meta_loss each inner step has a graph of its own; what goes back through all of them is exact or raises."""

import gc

import paddle
import paddle.nn.functional as F
import pytest
from helpers import Smooth, gradients_of, small_net

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.graph import reachable
from paddle_metaopt.double_grad.joints import Joint
from paddle_metaopt.double_grad.testing import compare_with_differences

pytestmark = pytest.mark.usefixtures("float64")

STEPS = 4
SIZES = []  # of graphs; not in a closure, for what a loss function changes there has the tasks run one by one


def episodes(count=2):
    def part():
        return paddle.randn([5, 3]), paddle.to_tensor([0, 1, 0, 1, 1])

    return [metaopt.Episode(part(), part()) for _ in range(count)]


def maml(net, **options):
    return metaopt.MAMLOptimizer(parameters=net.parameters(), **{"inner_lr": 0.3, "adapt_steps": STEPS, **options})


def anil(net, **options):
    return metaopt.ANILOptimizer(parameters=net.parameters(), head=net.head, inner_lr=0.3, adapt_steps=STEPS, **options)


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
    SIZES.clear()

    def loss_fn(output, y):
        loss = F.cross_entropy(output, y)
        SIZES.append(len(list(reachable([getattr(loss, "stacked", loss)]))))
        return loss

    opt = algorithm(net, first_order=first_order)
    opt.meta_loss(net, episodes(), loss_fn, vectorize=vectorize)
    assert len(SIZES) == (STEPS + 1) * (1 if vectorize else 2)
    after_the_first_step = SIZES[1 : STEPS + 1]
    assert len(set(after_the_first_step)) == 1, SIZES


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


def refused(match="earlier inner steps of a meta_loss"):
    return pytest.raises(RuntimeError, match=match)


def grad_for_own(output, y, own):
    loss = F.cross_entropy(output, y)
    return loss + (paddle.grad(loss, [own], retain_graph=True)[0] ** 2).sum()


def grad_for_something_older(output, y, own):
    loss = F.cross_entropy(output, y)
    OLDER.append(output)
    found = paddle.grad(loss, [OLDER[0]], retain_graph=True, allow_unused=True)[0]
    return loss if found is None else loss + (found**2).sum()


def backward(output, y, own):
    F.cross_entropy(output, y).backward(retain_graph=True)
    return F.cross_entropy(output, y)


OLDER = []


@pytest.mark.parametrize("inside", [grad_for_own, grad_for_something_older, backward])
def test_a_gradient_that_somebody_else_takes_through_the_steps_raises(inside):
    net = small_net()
    own = net[0].weight
    OLDER.clear()
    with refused():
        maml(net).meta_loss(net, episodes(1), lambda output, y: inside(output, y, own))


def test_what_was_kept_of_a_step_takes_no_backward_later():
    net, kept = small_net(), []

    def loss_fn(output, y):
        kept.append(output)
        return F.cross_entropy(output, y)

    maml(net).meta_loss(net, episodes(1), loss_fn)
    with pytest.raises((RuntimeError, OSError), match="earlier inner steps of a meta_loss"):
        kept[-1].sum().backward()


def test_gradients_within_a_step_are_taken_as_ever():
    net, tasks = small_net(), episodes(1)
    unused = paddle.ones([2])
    unused.stop_gradient = False

    def loss_fn(output, y):
        loss = F.cross_entropy(output, y)
        found = paddle.grad(loss, [output, unused], create_graph=True, allow_unused=True)
        assert found[1] is None
        return loss + (found[0] ** 2).sum()

    opt = maml(net)
    assert_equal_to_differences(opt, lambda: opt.meta_loss(net, tasks, loss_fn), net.parameters())


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
