"""The implicit meta-gradient is that of the inner minimum, and its solvers solve."""

import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Smooth, episode, gradients_of, make_net, maml

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import Implicit
from paddle_metaopt.meta_gradients.solvers import conjugate_gradient, neumann_series


@pytest.mark.parametrize("solver", ["cg", "neumann"])
@pytest.mark.parametrize(
    "rule",
    [
        metaopt.inner_rules.SGD(),
        metaopt.inner_rules.Momentum(0.5),
        metaopt.inner_rules.Momentum(0.5, weight_decay=0.5),
        metaopt.inner_rules.Adagrad(epsilon=1.0, weight_decay=0.5),
    ],
)
def test_the_implicit_gradient_is_that_of_the_inner_minimum(solver, rule):
    paddle.seed(2)
    net, task = Smooth(), episode()
    net.to(dtype="float64")
    way = Implicit(proximal=4.0, solver=solver, iterations=60, tolerance=1e-12)
    options = {"inner_rule": rule, "adapt_steps": 100, "adapt": lambda name, p: name != "scale"}
    opt = maml(net, way, **options)
    opt.meta_loss(net, [task], F.mse_loss).backward()
    assert way.report.residual < 1e-10 and 0 < way.report.iterations <= 60

    def value():
        with opt.adapter(net).task() as running:
            running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]))
            return float(F.mse_loss(net(task.query[0]), task.query[1]))

    result = compare_with_differences(value, gradients_of(net.parameters()), net.parameters(), directions=2)
    assert result.error < 1e-6, result


def test_imaml_reports_its_solver_and_stops_where_it_was_told():
    net, task = make_net(), episode()
    opt = metaopt.IMAMLOptimizer(1e-3, parameters=net.parameters(), solver_iterations=2, adapt_steps=3)
    assert opt.solver_report is None
    opt.meta_loss(net, [task], F.mse_loss).backward()
    assert opt.solver_report.iterations == 2 and 0 < opt.solver_report.residual < 1


def test_solvers_solve():
    random = np.random.default_rng(0)
    square = random.standard_normal((5, 5)) * 0.1
    matrix = paddle.to_tensor(np.eye(5) + square @ square.T)
    right = [paddle.to_tensor(random.standard_normal(5))]
    for solver in (conjugate_gradient, neumann_series):
        solution, report = solver(lambda x: [matrix @ x[0]], right, 50, 1e-12)
        np.testing.assert_allclose((matrix @ solution[0]).numpy(), right[0].numpy(), atol=1e-11)
        assert report.residual <= 1e-12
    with pytest.warns(RuntimeWarning, match="raise proximal"):
        solution, report = conjugate_gradient(lambda x: [-x[0]], right, 5, 1e-12)
    np.testing.assert_array_equal(solution[0].numpy(), right[0].numpy())
    assert report.iterations == 0 and report.residual == 2.0
    zero = [paddle.zeros([2])]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert conjugate_gradient(lambda x: x, zero, 5, 1e-12)[1].residual == 0.0
