"""Derivatives of third and higher order, by rules and by those of Paddle's own nodes that are kept."""

import importlib
import pkgutil
import threading

import cases
import paddle
import paddle.nn.functional as F
import pytest
from cases.case import check_choice, op, positive, spread
from helpers import live
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import double_grad
from paddle_metaopt.double_grad import ANY_ORDER
from paddle_metaopt.double_grad.graph import node_of
from paddle_metaopt.double_grad.registry import NATIVE_TO
from paddle_metaopt.double_grad.testing import rules_for
from paddle_metaopt.errors import NotTwiceDifferentiableError

TOLERANCE = 1e-6
CASES = cases.all_cases()

#: Paddle's own kernels called past the table, which no rule can reach.
PAST_THE_TABLE = ("paddle.square plain kernel",)

#: A case of each op for which Paddle's own node is kept up to some order.
KEPT = {
    "add": op(lambda x, y: (x + y) * (x + x[0]) * y, (3, 4), (4,)),
    "cos": op(paddle.cos, (3, 4)),
    "divide": op(lambda x, y: x / y - 2 / y, (3, 4), positive(4)),
    "leaky_relu": op(F.leaky_relu, spread(3, 4)),
    "log": op(paddle.log, positive(3, 4)),
    "pow": op(lambda x: x**2.3, positive(3, 4)),
    "relu": op(F.relu, spread(3, 4)),
    "rsqrt": op(paddle.rsqrt, positive(3, 4)),
    "sigmoid": op(F.sigmoid, (3, 4)),
    "sin": op(paddle.sin, (3, 4)),
    "softplus": op(lambda x: F.softplus(x, 2.0, 3.0), spread(3, 4)),
    "sqrt": op(paddle.sqrt, positive(3, 4)),
}


def check_everything(case, order, wanted=ANY_ORDER):
    problem = case.problem()
    return check_choice(problem, *problem.everything(), order, wanted).error


@pytest.mark.parametrize("name", [name for name in list(CASES)[::17] if name not in PAST_THE_TABLE])
def test_third_derivatives_equal_differences(name):
    assert check_everything(CASES[name], 3) < TOLERANCE


FAMILIES = [importlib.import_module(f"{cases.__name__}.{m.name}") for m in pkgutil.iter_modules(cases.__path__)]
FIRST_OF_FAMILY = [next(iter(family.CASES)) for family in FAMILIES if hasattr(family, "CASES")]


@pytest.mark.parametrize("name", FIRST_OF_FAMILY)
def test_fourth_derivatives_equal_differences(name):
    assert check_everything(CASES[name], 4) < TOLERANCE


@pytest.mark.parametrize("order", [3, 4])
@pytest.mark.parametrize("name", KEPT)
def test_a_rule_beside_paddles_own_node_reaches_any_order(name, order):
    assert check_everything(KEPT[name], order) < TOLERANCE


def test_every_op_with_a_kept_node_is_checked():
    assert {name for name, (order, _) in NATIVE_TO.items() if 0 < order < ANY_ORDER} == set(KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_node_is_exact_to_the_order_it_is_kept_for(name):
    problem = KEPT[name].problem()
    for choice in problem.choices():
        for order in range(2, NATIVE_TO[name][0] + 1):
            assert check_choice(problem, *choice, order, NATIVE_TO[name][0]).error < TOLERANCE, (choice, order)


@pytest.mark.parametrize("name", KEPT)
def test_past_that_order_it_is_refused(name):
    with pytest.raises(NotTwiceDifferentiableError, match="(Double|Triple|Conj)GradNode"):
        for order in range(NATIVE_TO[name][0], NATIVE_TO[name][0] + 3):
            check_everything(KEPT[name], order, wanted=1)


def nodes(y):
    return node_of(y).name().replace("_backward", "")


def leaf(*shape):
    return live(paddle.ones(shape))


def test_the_highest_order_that_is_asked_for_in_the_thread_counts():
    x = leaf(3)
    with rules_for(1):
        assert nodes(F.relu(x)) == "ReluGradNode"
        with rules_for(ANY_ORDER):
            assert "MetaOptRule" in nodes(F.relu(x))
            with rules_for(2):
                assert "MetaOptRule" in nodes(F.relu(x))
        with metaopt.twice_differentiable():
            assert "MetaOptRule" in nodes(F.relu(x))
        with rules_for(3):
            assert "MetaOptRule" in nodes(F.relu(x))
            assert nodes(F.sigmoid(x)) == "SigmoidGradNode"
        assert nodes(F.relu(x)) == "ReluGradNode"
        assert "MetaOptRule" in nodes(F.gelu(x))  # Paddle has no second derivative of it


@pytest.mark.parametrize("order", [0, -1, 1.5, True, "second", None])
def test_an_order_is_a_whole_number(order):
    with pytest.raises(ValueError, match="order: expected an integer of at least 1, or ANY_ORDER, got"):
        double_grad.activate(order)
    assert not double_grad.is_active()


def test_another_thread_may_end_what_this_one_asked_for():
    releases = [double_grad.activate(order) for order in (1, ANY_ORDER)]
    thread = threading.Thread(target=releases[1])
    thread.start()
    thread.join()
    assert nodes(F.relu(leaf(3))) == "ReluGradNode"
    releases[0]()
    assert not double_grad.is_active()


@pytest.mark.parametrize(
    "way, native",
    [("first_order", True), ("hessian_free", True), ("unrolled", False), ("checkpointed", False), ("implicit", False)],
)
def test_a_task_asks_for_what_its_way_back_takes(way, native):
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), meta_gradient=way)
    learner = opt.adapter(net).clone()
    assert (nodes(learner(leaf(2, 3))) == "ReluGradNode") is native
    learner.end()
    assert nodes(net(leaf(2, 3))) == "ReluGradNode"


def test_reptile_and_evaluation_ask_for_first_derivatives():
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    seen = []

    def loss(y, target):
        if not y.stop_gradient:  # the score of an evaluation is a number
            seen.append(nodes(y))
        return F.mse_loss(y, target)

    episode = ((paddle.ones([2, 3]), paddle.zeros([2, 2])),) * 2
    metaopt.ReptileOptimizer(1e-3, parameters=net.parameters()).meta_loss(net, [episode], loss)
    metaopt.evaluate(net, metaopt.MAMLOptimizer(1e-3, parameters=net.parameters()), [episode], loss)
    assert len(seen) > 2 and set(seen) == {"ReluGradNode"}


def test_a_sum_of_a_tensor_with_itself():
    """Paddle's own fourth derivative changes a gradient in place that is used elsewhere."""
    for function in (lambda x: (x + x) * x, lambda x: (x + (x + x) * 0.3) * x, lambda x: paddle.add(x * x, x * x) * x):
        assert check_everything(op(function, positive(3, 4)), 4) < TOLERANCE


def test_a_power_zero_has_the_derivative_zero_at_zero():
    x = paddle.zeros([2])
    x.stop_gradient = False
    with metaopt.twice_differentiable():
        (first,) = paddle.grad((x**2).sum(), [x], create_graph=True)
        (second,) = paddle.grad(first.sum(), [x], create_graph=True)
        (third,) = paddle.grad(second.sum(), [x], create_graph=True)
        (none,) = paddle.grad((x**0).sum(), [x], create_graph=True)
    assert second.tolist() == [2.0, 2.0] and third.tolist() == none.tolist() == [0.0, 0.0]
