"""What the ways back promise besides their gradients: closures, replays, memory, errors."""

import gc
import resource
import warnings
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Net, episode, gradients_of, make_net, output_of, trainable
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import HessianFree, Implicit
from paddle_metaopt.meta_gradients.implicit import conjugate_gradient, neumann_series

REPLAYING = ["checkpointed", "hessian_free", "implicit"]


def maml(net, way, **options):
    return metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1, meta_gradient=way, **options)


@pytest.mark.parametrize("way", REPLAYING)
def test_a_replay_needs_a_function(way):
    net, task = make_net(), episode()
    learner = maml(net, way).adapter(net).clone()
    with pytest.raises(ValueError, match=r"needs a function: adapt\(lambda"):
        learner.adapt(F.mse_loss(learner(task.support[0]), task.support[1]))


@pytest.mark.parametrize("way", REPLAYING)
def test_a_plain_backward_is_refused_and_names_meta_loss(way):
    net, task = make_net(), episode()
    opt = maml(net, way)
    for steps in (0, 1):
        with opt.adapter(net).task() as running:
            running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]), steps=steps)
            with pytest.raises(metaopt.NeedsMetaLossError, match="meta_loss"):
                F.mse_loss(net(task.query[0]), task.query[1]).backward()
    for other in (
        metaopt.ReptileOptimizer(1e-3, parameters=net.parameters()),
        metaopt.MAMLPlusPlusOptimizer(1e-3, parameters=net.parameters()),
    ):
        learner = other.adapter(net).clone()
        learner.adapt(lambda learner=learner: F.mse_loss(learner(task.support[0]), task.support[1]), steps=2)
        with pytest.raises(metaopt.NeedsMetaLossError, match="meta_loss"):
            F.mse_loss(learner(task.query[0]), task.query[1]).backward()


@pytest.mark.parametrize("way", ["checkpointed", "hessian_free"])
def test_a_replay_with_another_loss_raises(way):
    net, task = make_net(), episode()
    opt = maml(net, way)
    with opt.adapter(net).task() as running:
        for x, y in [task.support, task.query]:
            running.adapt(lambda: F.mse_loss(net(x), y), steps=1)  # noqa: B023  what a user gets wrong
        with pytest.raises(metaopt.ReplayError, match="inner step 0 .*bind them"):
            running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1]))
    assert all(p.grad is None for p in net.parameters())


def test_a_replay_sees_the_same_dropout_buffers_and_modes():
    class WithDropout(Net):
        def forward(self, x):
            return super().forward(F.dropout(x, 0.3, training=self.training))

    paddle.seed(8)
    net, task = WithDropout(), episode()
    net.to(dtype="float64")
    found = []
    for way in ("unrolled", "checkpointed"):
        opt = maml(net, way, buffers="last")
        start = {name: value.numpy().copy() for name, value in net.state_dict().items()}
        paddle.seed(3)
        np.random.seed(3)
        with opt.adapter(net).task() as running:

            def support_loss():
                noise = paddle.to_tensor(np.random.standard_normal(task.support[0].shape))
                return F.mse_loss(net(task.support[0] + noise), task.support[1])

            running.adapt(support_loss, steps=2)
            net.eval()
            running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1])).backward()
        found.append((gradients_of(net.parameters()), net.norm._mean.numpy().copy(), np.random.standard_normal()))
        net.clear_gradients()
        net.train()
        net.set_state_dict(start)
    for a, b in zip(found[0][0], found[1][0]):
        np.testing.assert_allclose(0 if a is None else a, 0 if b is None else b, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert found[0][2] == found[1][2]


@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "hessian_free"])
def test_named_outside_tensors_get_their_gradient(way):
    net, task = make_net(), episode()
    scale = paddle.ones([3], "float64")
    scale.stop_gradient = False
    opt = maml(net, way)

    def value():
        with opt.adapter(net).task() as running:
            running.adapt(lambda: F.mse_loss(net(task.support[0] * scale), task.support[1]), steps=2)
            return running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1]), inputs=[scale])

    value().backward()
    tensors = [*trainable(net), scale]
    gradients = gradients_of(tensors)
    result = compare_with_differences(lambda: float(value()), gradients, tensors)
    assert result.error < (1e-5 if way == "hessian_free" else 1e-6)
    (by_grad,) = paddle.grad(value(), [scale])
    np.testing.assert_allclose(by_grad.numpy(), scale.grad.numpy(), rtol=1e-6)
    with opt.adapter(net).task() as running, pytest.raises(ValueError, match=r"inputs=\[tensor\]"):
        running.adapt(lambda: F.mse_loss(net(task.support[0] * scale), task.support[1]), steps=1)
        running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1]))


class Smooth(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.scale = self.create_parameter([4])

    def forward(self, x):
        return self.head(F.tanh(self.body(x)) * self.scale)


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


def test_hessian_free_is_refused_in_float32_unless_insisted():
    paddle.seed(2)
    net = Smooth()
    task = [tuple(t.astype("float32") for t in part) for part in episode()]
    with pytest.raises(ValueError, match="allow_float32=True"):
        maml(net, "hessian_free").meta_loss(net, [task], F.mse_loss)
    exact = maml(net, "unrolled").meta_loss(net, [task], F.mse_loss)
    exact.backward()
    reference = np.concatenate([g.ravel() for g in gradients_of(net.parameters())])
    net.clear_gradients()
    maml(net, HessianFree(allow_float32=True)).meta_loss(net, [task], F.mse_loss).backward()
    found = np.concatenate([g.ravel() for g in gradients_of(net.parameters())])
    assert np.linalg.norm(found - reference) < 1e-2 * np.linalg.norm(reference)


def test_hessian_free_needs_no_rule():
    class Unruled(paddle.autograd.PyLayer):
        """x², whose backward cannot be differentiated."""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensor()
            return paddle.to_tensor(2 * x.numpy() * g.numpy())

    net, task = make_net(), episode()

    def loss_fn(prediction, y):
        return F.mse_loss(Unruled.apply(prediction), y)

    with pytest.raises(metaopt.NotTwiceDifferentiableError, match="Unruled"):
        maml(net, "unrolled").meta_loss(net, [task], loss_fn)
    opt = maml(net, "hessian_free")
    opt.meta_loss(net, [task], loss_fn).backward()
    gradients = gradients_of(net.parameters())
    weights = trainable(net)
    gradients = [g for g, p in zip(gradients, net.parameters()) if not p.stop_gradient]
    result = compare_with_differences(lambda: float(opt.meta_loss(net, [task], loss_fn)), gradients, weights)
    assert result.error < 1e-5


MEMORY = """
import sys
import paddle, paddle.nn.functional as F
import paddle_metaopt as metaopt
paddle.seed(0)
net = metaopt.models.Conv4(ways=5, filters=16)
x, y = paddle.randn([25, 1, 28, 28]), paddle.arange(25) % 5
def peak(steps):
    opt = metaopt.MAMLOptimizer(
        1e-3, parameters=net.parameters(), inner_lr=0.01, adapt_steps=steps, meta_gradient=sys.argv[1]
    )
    opt.meta_loss(net, [((x, y), (x, y))], F.cross_entropy).backward()
    status = open("/proc/self/status").read()  # ru_maxrss would begin with the parent's
    return int(status.partition("VmHWM:")[2].split()[0])
few = peak(2)
print((peak(int(sys.argv[2])) - few) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's peak of memory")
def test_checkpointed_memory_does_not_grow_with_the_steps():
    def growth(way, steps):
        return float(output_of(MEMORY, way, steps).split()[-1])

    unrolled, checkpointed = growth("unrolled", 6), growth("checkpointed", 12)
    assert checkpointed < 0.35 * unrolled, (checkpointed, unrolled)


def test_the_graph_of_a_task_is_freed():
    net, task = make_net(), episode()
    for way in ("unrolled", "checkpointed", "implicit"):
        opt = maml(net, way, adapt_steps=3)

        def run(times, opt=opt):
            for _ in range(times):
                opt.meta_loss(net, [task], F.mse_loss)
            gc.collect()
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        before = run(20)
        assert run(100) - before < 5_000


def test_reptiles_gradient_is_the_way_it_went():
    net, task = make_net(), episode()
    for rule in ("sgd", "adam"):
        opt = metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), adapt_steps=3, inner_rule=rule)
        loss = opt.meta_loss(net, [task], F.mse_loss)
        with opt.adapter(net).task() as running:
            running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]))
            fast = running.fast_weights
            expected = float(F.mse_loss(net(task.query[0]), task.query[1]))
        loss.backward()
        assert abs(float(loss) - expected) < 1e-12
        for name, p in net.named_parameters():
            if p.stop_gradient or name.startswith("unused"):
                assert p.grad is None or not p.grad.abs().sum()
            else:
                np.testing.assert_allclose(p.grad.numpy(), (p - fast[name]).numpy(), atol=1e-12)
        net.clear_gradients()
    with pytest.raises(ValueError, match="Reptile"):
        metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), first_order=False)


def test_reptile_has_nothing_for_a_tensor_outside():
    net, task = make_net(), episode()
    scale = paddle.ones([3], "float64")
    scale.stop_gradient = False
    opt = metaopt.ReptileOptimizer(1e-3, parameters=net.parameters(), adapt_steps=1)
    for inputs, message in [([scale], "Reptile takes no derivative"), ([], "set its stop_gradient to True")]:
        with opt.adapter(net).task() as running, pytest.raises(ValueError, match=message):
            running.adapt(lambda: F.mse_loss(net(task.support[0] * scale), task.support[1]))
            running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1]), inputs=inputs)
