"""Ways back that decide by numbers: of several tasks at once, each decides by its own."""

import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import episode, make_net
from paddle import nn
from test_together import assert_the_same_together, episodes, gradients, images

import paddle_metaopt as metaopt
from paddle_metaopt.meta_gradients.solvers import conjugate_gradient, neumann_series
from paddle_metaopt.vmap import Batched, batching

pytestmark = pytest.mark.usefixtures("float64")


def systems():
    """Matrices of tasks: ordinary ones, one solved at once, one that is not positive definite from its first step on,
    one from a later step on; and the right sides, one of them zero."""
    random = np.random.default_rng(0)
    square = random.standard_normal((6, 4, 4)) * 0.3
    matrices = np.eye(4) + square @ square.transpose(0, 2, 1)
    matrices[1] = np.eye(4)
    matrices[2] = -np.eye(4)
    matrices[3] = np.diag([1.0, 1.2, -0.1, -0.2])
    rights = random.standard_normal((6, 4))
    rights[4] = 0.0
    return matrices, rights


@pytest.mark.filterwarnings("ignore:conjugate gradient stopped early")
@pytest.mark.parametrize("iterations", [1, 3, 50])
@pytest.mark.parametrize("solver", [conjugate_gradient, neumann_series])
def test_a_solver_takes_each_tasks_own_steps(solver, iterations):
    matrices, rights = systems()
    if solver is neumann_series:
        matrices[2], matrices[3] = 0.5 * np.eye(4), 1.4 * np.eye(4)
    alone = []
    for matrix, right in zip(map(paddle.to_tensor, matrices), map(paddle.to_tensor, rights)):
        alone.append(solver(lambda x: [matrix @ x[0]], [right], iterations, 1e-6))  # noqa: B023
    stacked = Batched(paddle.to_tensor(matrices))
    with batching(len(rights)):
        together, report = solver(lambda x: [stacked @ x[0]], [Batched(paddle.to_tensor(rights))], iterations, 1e-6)
    for found, (expected, _) in zip(together[0].stacked.numpy(), alone):
        np.testing.assert_allclose(found, expected[0].numpy(), rtol=1e-9, atol=1e-12)
    assert report.iterations == alone[-1][1].iterations > 0
    np.testing.assert_allclose(report.residual, alone[-1][1].residual, rtol=1e-5, atol=1e-12)
    assert len({taken.iterations for _, taken in alone}) > 1


def test_one_task_that_has_no_minimum_leaves_the_others_theirs_and_the_report_is_the_last_ones():
    paddle.seed(1)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.IMAMLOptimizer(
        parameters=net.parameters(), proximal=0.5, solver_iterations=4, solver_tolerance=1e-3, adapt_steps=2
    )
    tasks = [((x, (y, paddle.to_tensor(sign))), (q, (v, paddle.to_tensor(sign))))
             for ((x, y), (q, v)), sign in zip(episodes(4), (1.0, -3.0, 0.02, 1.0))]  # fmt: skip

    def loss_fn(output, target):
        return target[1] * F.cross_entropy(output, target[0])

    found, reports = [], []
    for vectorize in (True, False):
        with pytest.warns(RuntimeWarning, match="raise proximal"):
            found.append(gradients(net, opt, tasks, loss_fn, vectorize=vectorize))
        reports.append(opt.solver_report)
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12)
    assert reports[0].iterations == reports[1].iterations > 1
    np.testing.assert_allclose(reports[0].residual, reports[1].residual, rtol=1e-6)


HESSIAN_FREE = {"meta_gradient": "hessian_free", "inner_lr": 0.1, "adapt_steps": 2}


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
def test_hessian_free_takes_each_tasks_own_differences(activation):
    paddle.seed(2)
    net = nn.Sequential(nn.Linear(4, 8), activation(), nn.Linear(8, 3))
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), **HESSIAN_FREE)
    tasks = episodes(4)
    tasks[1] = ((100 * tasks[1].support[0], tasks[1].support[1]), tasks[1].query)  # steps of another length
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        together = gradients(net, opt, tasks, vectorize=True)
    alone = gradients(net, opt, tasks, vectorize=False)
    exact = gradients(net, metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2), tasks)
    for a, b, c in zip(together, alone, exact):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 * np.abs(c).max())
        np.testing.assert_allclose(a, c, rtol=1e-5, atol=1e-6 * np.abs(c).max())


def test_hessian_free_differences_of_a_task_that_gives_none_and_of_what_is_named():
    paddle.seed(3)
    net = metaopt.models.MLP([4, 8, 3])
    scale = paddle.to_tensor(0.7, stop_gradient=False)
    weights = [1.0, 0.0, 2.0]
    tasks = [((x, y), (q, (v, paddle.to_tensor(w)))) for ((x, y), (q, v)), w in zip(episodes(), weights)]

    def loss_fn(output, target):
        y, weight = target if isinstance(target, tuple) else (target, 1.0)
        return weight * F.cross_entropy(output * scale, y)

    found = {}
    for way in ("unrolled", "hessian_free"):
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), **{**HESSIAN_FREE, "meta_gradient": way})
        opt.meta_loss(net, tasks, loss_fn, inputs=[scale], vectorize=True).backward()
        found[way] = [t.grad.numpy().copy() for t in (*net.parameters(), scale)]
        opt.clear_grad(set_to_zero=False)
        scale.clear_gradient(False)
    for a, b in zip(*found.values()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8)


def test_evolution_with_random_draws_and_statistics():
    paddle.seed(4)
    net = nn.Sequential(nn.Conv2D(1, 3, 3), nn.BatchNorm2D(3), nn.Dropout(0.2), nn.Flatten(), nn.Linear(108, 3))
    way = metaopt.meta_gradients.Evolution(0.05, 2)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, meta_gradient=way, buffers="mean")
    assert_the_same_together(net, opt, images(1, 8)())


@pytest.mark.parametrize("way", ["implicit", metaopt.meta_gradients.Evolution(0.1, 2)])
def test_a_net_with_tied_frozen_and_unused_parameters(way):
    paddle.seed(5)
    net, tasks = make_net(), [episode(), episode(), episode()]
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.05, adapt_steps=2, meta_gradient=way)
    assert_the_same_together(net, opt, tasks, F.mse_loss)
