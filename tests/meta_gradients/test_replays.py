"""What the ways back that take inner steps again promise: functions, the same loss, the memory of one step."""

import gc
import resource
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Net, episode, gradients_of, make_net, maml, output_of, part, small_net, trainable

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

REPLAYING = ["checkpointed", "hessian_free", "implicit"]


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


def test_a_replay_with_another_small_loss_raises_too():
    net = small_net()
    net.to(dtype="float32")
    with paddle.no_grad():
        targets = [(x, net(x) + 0.005 * paddle.randn([6, 2])) for x in (paddle.randn([6, 3]) for _ in range(2))]
    learner = maml(net, "checkpointed", adapt_steps=2).adapter(net).clone()
    for x, y in targets:
        learner.adapt(lambda: F.mse_loss(learner(x), y), steps=1)  # noqa: B023  what a user gets wrong
    with pytest.raises(metaopt.ReplayError):
        learner.meta_loss(lambda: F.mse_loss(learner(x), y))


def test_a_replay_of_what_an_iterator_gave_says_how_to_take_batches():
    net, batches = small_net(), [part(1), part(2)]

    def loss():
        x, y = next(given)
        return F.mse_loss(learner(x), y)

    learner, given = maml(net, "checkpointed", adapt_steps=2).adapter(net).clone(), iter(batches)
    learner.adapt(loss)
    with pytest.raises(metaopt.ReplayError, match="inner step 1 reads on in an iterator.*for x, y in batches: lea"):
        learner.meta_loss(lambda: F.mse_loss(learner(batches[0][0]), batches[0][1]))


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


def named_too_little(**settings):
    """What `meta_loss` says of a task with these settings of the optimizer."""
    net, task = make_net(), episode()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), **{"inner_lr": 0.1, **settings})
    with opt.adapter(net).task() as running:
        running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]), steps=1)
        running.meta_loss(lambda: F.mse_loss(net(task.query[0]), task.query[1]))


class Halved(metaopt.inner_rules.SGD):
    """With a tensor that nobody sees."""

    def step(self, p, g, rate):
        return p - rate * half() * g, ()


def half():
    tensor = paddle.to_tensor(0.5, "float64")
    tensor.stop_gradient = False
    return tensor


@pytest.mark.parametrize(
    "settings",
    [{"inner_lr": lambda step: half()}, {"inner_rule": Halved()}],
    ids=["rate", "rule"],
)
def test_an_unnamed_tensor_in_the_inner_step_is_an_error(settings):
    named_too_little()
    with pytest.raises(ValueError, match=r"inputs=\[tensor\]"):
        named_too_little(**settings)


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

        before = run(5)
        assert run(25) - before < 1_250
