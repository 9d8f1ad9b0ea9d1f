"""What always holds of a task: the net gets its own tensors back, stale tasks raise, errors say what to do."""

import gc
import threading
import weakref

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import assert_unchanged, holdings, image_part, maml, norm_net, part, small_net
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.meta_gradients import WayBack


def test_the_net_is_as_it_was_after_a_task_and_after_an_exception(net, opt):
    x, y = image_part()
    before = holdings(net)
    values = [tensor.numpy().copy() for _, _, tensor in before]
    adapter = opt.adapter(net)
    with adapter.task() as task:
        task.adapt(lambda: F.cross_entropy(net(x), y))
        assert net.classifier.weight is task.fast_weights["classifier.weight"]
    assert_unchanged(net, before, values)
    with pytest.raises(ZeroDivisionError), adapter.task() as task:
        task.adapt(lambda: F.cross_entropy(net(x), y))
        raise ZeroDivisionError
    assert_unchanged(net, before, values)
    learner = adapter.clone()
    with pytest.raises(Exception, match="."):
        learner(paddle.randn([2, 7, 3, 3]))
    assert_unchanged(net, before, values)
    with pytest.raises(ZeroDivisionError):
        learner.adapt(lambda: 1 / 0)
    assert_unchanged(net, before, values)


def test_several_learners_of_one_net_live_side_by_side(net, opt):
    x, y = image_part()
    adapter = opt.adapter(net)
    first, second = adapter.clone(), adapter.clone()
    first.adapt(F.cross_entropy(first(x), y))
    assert not np.allclose(first(x).numpy(), second(x).numpy())
    third = adapter.clone()
    np.testing.assert_array_equal(second(x).numpy(), third(x).numpy())
    assert isinstance(first, nn.Layer)
    assert len(first.parameters()) == len([p for p in net.parameters() if not p.stop_gradient])


def test_a_task_is_stale_after_the_outer_step(net, opt):
    x, y = image_part()
    adapter = opt.adapter(net)
    learner = adapter.clone()
    learner.adapt(F.cross_entropy(learner(x), y))
    other = F.cross_entropy(learner(x), y)
    F.cross_entropy(net(x), y).backward()
    surrogate = opt.meta_loss(net, [(image_part(), image_part())], F.cross_entropy)
    opt.step()
    for use in (lambda: learner(x), lambda: learner.adapt(other), lambda: other.backward(), surrogate.backward):
        with pytest.raises(metaopt.StaleTaskError, match="opt.step"):
            use()
    with pytest.raises(metaopt.StaleTaskError):
        learner.meta_loss(lambda: other)


def test_a_meta_loss_is_stale_after_the_outer_step_too(net, opt):
    original = patches()
    loss = opt.meta_loss(net, [(image_part(), image_part())] * 2, F.cross_entropy)
    F.cross_entropy(net(image_part()[0]), image_part()[1]).backward()
    opt.step()
    with pytest.raises(metaopt.StaleTaskError):
        loss.backward()
    fresh = opt.meta_loss(net, [(image_part(), image_part())] * 2, F.cross_entropy)
    fresh.backward()
    del loss
    gc.collect()
    assert patches() == original


def test_the_outer_step_ends_running_tasks(net, opt):
    original = patches()
    learner = opt.adapter(net).clone()
    F.cross_entropy(learner(image_part()[0]), image_part()[1]).backward()
    opt.step()
    assert patches() == original


def test_minimize_is_an_outer_step_too(net, opt):
    x, y = image_part()
    learner = opt.adapter(net).clone()
    loss = F.cross_entropy(learner(x), y)
    loss.backward()
    before = net.classifier.weight.numpy().copy()
    opt.minimize(loss)
    assert not np.allclose(before, net.classifier.weight.numpy())
    with pytest.raises(metaopt.StaleTaskError):
        learner(x)


def test_a_closed_task_can_go_backward_but_not_on(net, opt):
    x, y = image_part()
    with opt.adapter(net).task() as task:
        task.adapt(lambda: F.cross_entropy(net(x), y))
        loss = F.cross_entropy(net(x), y)
    loss.backward()
    assert net.classifier.weight.grad is not None
    with pytest.raises(metaopt.StaleTaskError, match="ended"):
        task.adapt(lambda: F.cross_entropy(net(x), y))


def patches():
    gc.collect()  # tasks that other tests left in a cycle
    return (paddle._C_ops.conv2d, paddle._C_ops.relu_, paddle.grad, paddle.Tensor.backward, paddle.Tensor.__matmul__)


def test_nothing_is_patched_while_no_task_runs(net, opt):
    x, y = image_part()
    original = patches()
    learner = opt.adapter(net).clone()
    assert paddle._C_ops.conv2d is not original[0]
    learner.adapt(F.cross_entropy(learner(x), y))
    loss = F.cross_entropy(learner(x), y)
    loss.backward()
    learner.end()
    assert patches() == original
    opt.step()
    with pytest.raises(ZeroDivisionError), opt.adapter(net).task():
        raise ZeroDivisionError
    gc.collect()
    assert patches() == original
    dropped = opt.adapter(net).clone()
    alive = weakref.ref(dropped)
    del dropped
    gc.collect()
    assert alive() is None and patches() == original


def test_another_thread_sees_plain_paddle(net, opt):
    names = []

    def other():
        x = paddle.ones([1, 1, 3, 3])
        x.stop_gradient = False
        names.append(F.conv2d(x, paddle.ones([1, 1, 2, 2])).grad_fn.name())

    with opt.adapter(net).task():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "Conv2d" in names[0]


class Recurrent(nn.Layer):
    def __init__(self):
        super().__init__()
        self.rnn = nn.SimpleRNN(3, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


def test_rnn_layers_run_on_the_fast_weights():
    net = Recurrent()
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), inner_lr=0.5, first_order=True)
    x = paddle.randn([2, 5, 3])
    with opt.adapter(net).task() as task, paddle.no_grad():
        before = net(x).numpy()
        for p in task.fast_weights.values():
            p.set_value(p * 2)
        assert not np.allclose(before, net(x).numpy())
    np.testing.assert_array_equal(before, net(x).numpy())


@pytest.mark.parametrize(
    "use, error, message",
    [
        (lambda learner, loss: learner.adapt(loss, steps=2), ValueError, "one step"),
        (lambda learner, loss: learner.adapt(lambda: loss, steps=-1), ValueError, "at least 0"),
        (lambda learner, loss: learner.adapt("loss"), TypeError, "expected a scalar Tensor"),
        (lambda learner, loss: learner.adapt(lambda: 3.0), TypeError, "must return a Tensor"),
        (lambda learner, loss: learner.adapt(paddle.ones([2])), ValueError, "must be a scalar"),
        (lambda learner, loss: learner.meta_loss(lambda: paddle.ones([2])), ValueError, "must be a scalar"),
    ],
)
def test_bad_losses(net, opt, use, error, message):
    x, y = image_part()
    learner = opt.adapter(net).clone()
    with pytest.raises(error, match=message):
        use(learner, F.cross_entropy(learner(x), y))


def test_nothing_to_adapt(net, opt):
    with pytest.raises(ValueError, match="nothing adapts"):
        opt.adapter(nn.Linear(2, 2)).clone()
    with pytest.raises(TypeError, match="Layer"):
        metaopt.InnerAdapter(lambda x: x, opt)
    with pytest.raises(TypeError, match="MetaOptimizer"):
        metaopt.InnerAdapter(net, paddle.optimizer.Adam(parameters=net.parameters()))


def test_a_meta_loss_is_differentiated_once(net, opt):
    loss = opt.meta_loss(net, [(image_part(), image_part())], F.cross_entropy)
    with pytest.raises(RuntimeError, match="differentiated once"):
        paddle.grad(loss, [net.classifier.weight], create_graph=True)


def test_a_learner_tells_of_the_net_on_the_fast_weights():
    net = norm_net()
    learner = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1).adapter(net).clone()
    x, y = paddle.randn([6, 3]), paddle.randn([6, 2])
    learner.adapt(lambda: F.mse_loss(learner(x), y), steps=np.int64(2))
    state, own = learner.state_dict(), net.state_dict()
    assert list(state) == list(own)
    assert not np.allclose(state["0.weight"].numpy(), own["0.weight"].numpy())
    assert not np.allclose(state["1._mean"].numpy(), own["1._mean"].numpy())
    assert [name for name, _ in learner.named_buffers()] == [name for name, _ in net.named_buffers()]
    assert [layer for _, layer in learner.named_sublayers()] == list(net.sublayers())
    learner.eval()
    assert not learner.training and not net[1].training
    learner.train()
    assert learner.training and net[1].training


@pytest.mark.parametrize("method", ["set_state_dict", "load_state_dict", "load_dict", "set_dict"])
def test_no_weights_are_loaded_into_a_learner(net, opt, method):
    """Paddle's own method would find nothing to load them into."""
    learner = opt.adapter(net).clone()
    with pytest.raises(TypeError, match=r"none can be loaded into it; load them into the net, by net.set_state_dict"):
        getattr(learner, method)(learner.state_dict())


class Uncovered(nn.Layer):
    def forward(self, x):
        return paddle.cumsum(x, 1)


class WithUncovered(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), Uncovered())
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.body(x))


def test_the_audit_names_the_op_the_layer_and_the_ways_out(monkeypatch):
    monkeypatch.delitem(metaopt.double_grad.registry.RULES, "cumsum")
    net = WithUncovered()
    x, y = paddle.randn([3, 4]), paddle.arange(3)
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), inner_lr=0.1)
    with pytest.raises(metaopt.NotTwiceDifferentiableError, match=r"Cumsum.*'body\.1'.*first_order"):
        opt.meta_loss(net, [((x, y), (x, y))], F.cross_entropy)
    # Only first derivatives are needed there if the head alone adapts, or in first order.
    for allowed in (
        metaopt.ANILOptimizer(1e-2, parameters=net.parameters(), head=net.head),
        metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), first_order=True),
    ):
        allowed.meta_loss(net, [((x, y), (x, y))], F.cross_entropy).backward()


def test_parts_and_methods_of_the_net_are_used_in_a_block():
    class Net(nn.Sequential):
        def embed(self, x):
            return self[0](x)

    net, x = Net(nn.Linear(3, 4), nn.Linear(4, 2)), paddle.ones([5, 3])
    net.scale = 2.0
    adapter = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.5).adapter(net)
    learner = adapter.clone()
    for name in ("embed", "scale"):
        with pytest.raises(AttributeError, match=rf"has no '{name}'; inside of `with adapter.task\(\).*net.{name} too"):
            getattr(learner, name)
    with pytest.raises(AttributeError, match="'Learner' object has no attribute 'body'"):
        learner.body  # noqa: B018
    before = net.embed(x)
    with adapter.task() as task:
        task.adapt(lambda: net(x).square().mean())
        assert abs(net.embed(x) - before).max() > 1e-3


def test_a_way_back_that_answers_something_else_is_told_what_was_expected():
    class Lacking(WayBack):
        name = "lacking"

    class Short(Lacking):
        def solve(self, task, query):
            return query(), [None]

    class OnlyTheLoss(Lacking):
        def solve(self, task, query):
            return query()

    net = small_net()
    expected = r"{}.solve: expected the query loss and a list of 4 gradients, one or None for each"
    for way, error, message in (
        (Lacking, NotImplementedError, r"Lacking: expected a method solve\(task, query\)"),
        (Short, TypeError, expected.format("Short")),
        (OnlyTheLoss, TypeError, expected.format("OnlyTheLoss")),
    ):
        with pytest.raises(error, match=message):
            maml(net, way()).meta_loss(net, [(part(1), part(2))], F.mse_loss)
