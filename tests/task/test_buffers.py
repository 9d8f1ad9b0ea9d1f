"""What a net's buffers are in a task, and what remains of them."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import image_part, loss_of, maml, norm_net, part
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences


@pytest.mark.parametrize("policy", ["restore", "last", "mean"])
def test_what_remains_of_the_statistics(net, policy):
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), inner_lr=0.1, buffers=policy)
    norm = net.features[0][1]
    start = norm._mean.numpy().copy()
    adapter = opt.adapter(net)
    seen = []
    for _ in range(2):
        x, y = image_part()
        with adapter.task() as task:
            net(x)
            seen.append(norm._mean.numpy().copy())
            task.meta_loss(lambda x=x, y=y: F.cross_entropy(net(x), y)).backward()
            seen[-1] = norm._mean.numpy().copy()
    opt.step()
    expected = {"restore": start, "last": seen[-1], "mean": (seen[0] + seen[1]) / 2}[policy]
    np.testing.assert_allclose(norm._mean.numpy(), expected, rtol=1e-6)
    if policy != "last":  # the second task did not see what the first one left
        assert not np.allclose(seen[0], seen[1])


class Remembering(nn.Layer):
    """Keeps a running mean of its input, in place or by assigning the buffer anew; and fills an empty buffer."""

    def __init__(self, in_place):
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.register_buffer("mean", paddle.zeros([3], "float64"))
        self.register_buffer("last", None)
        self.in_place = in_place

    def forward(self, x):
        mean = 0.5 * self.mean + 0.5 * x.mean(0)
        if self.in_place:
            self.mean.set_value(mean)
        else:
            self.mean = mean
        y = self.linear(x - self.mean)
        self.last = y.detach()
        return y


@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
@pytest.mark.parametrize("style", ["meta_loss", "block"])
def test_a_buffer_that_is_assigned_anew_is_kept_like_one_changed_in_place(style, way):
    found = []
    for in_place in (True, False):
        paddle.seed(3)
        net = Remembering(in_place)
        net.to(dtype="float64")
        opt = maml(net, way, buffers="last", adapt_steps=3)
        if style == "meta_loss":
            loss = opt.meta_loss(net, [(part(1), part(2))], F.mse_loss)
        else:
            with opt.adapter(net).task() as task:
                task.adapt(lambda net=net: loss_of(net, part(1)))
                loss = task.meta_loss(lambda net=net: loss_of(net, part(2)))
        loss.backward()
        assert net.last is None  # it belonged to the task
        found.append([float(loss), net.mean.numpy().copy(), *(p.grad.numpy() for p in net.parameters())])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert np.abs(found[0][1]).max() > 0


class Stateful(nn.Layer):
    """What it says depends on what it said before: through the derivative, too, or not."""

    def __init__(self, start, live):
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.register_buffer("state", start)
        self.live = live

    def forward(self, x):
        y = paddle.tanh(self.linear(x))
        if self.state is not None:
            y = y + 0.5 * self.state
        self.state = y if self.live else y.detach()
        return y


def adapted_value(style, net, opt, steps=2):
    """The meta loss in one of the styles; each loss calls the net twice."""

    def loss_fn(runner, data):
        runner(data[0])
        return F.mse_loss(runner(data[0]), data[1])

    if style == "clone":
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: loss_fn(learner, part(1)), steps=steps)
        return learner.meta_loss(lambda: loss_fn(learner, part(2)))
    with opt.adapter(net).task() as task:
        task.adapt(lambda: loss_fn(net, part(1)), steps=steps)
        return task.meta_loss(lambda: loss_fn(net, part(2)))


def stateful(start, live):
    paddle.seed(3)
    net = Stateful(start, live)
    net.to(dtype="float64")
    return net


@pytest.mark.parametrize("empty", [True, False])
def test_a_derivative_goes_through_a_buffer_or_is_refused(empty):
    start = None if empty else paddle.ones([6, 2], "float64")
    net = stateful(start, live=True)
    values = []
    for style in ("clone", "block"):
        opt = maml(net, adapt_steps=2)
        loss = adapted_value(style, net, opt)
        values.append(float(loss))
        loss.backward()
        result = compare_with_differences(
            lambda style=style, opt=opt: float(adapted_value(style, net, opt)),
            [p.grad for p in net.parameters()],
            net.parameters(),
        )
        assert result.error < 1e-6, (style, result)
        net.clear_gradients()
        assert net.state is start if empty else (net.state.numpy() == 1).all()
    assert values[0] == values[1]
    for way in ("checkpointed", "hessian_free", "implicit"):
        with pytest.raises(ValueError, match="'state' was assigned a tensor that carries a derivative.*unrolled"):
            adapted_value("clone", net, maml(net, way, adapt_steps=2))
    assert np.isfinite(metaopt.evaluate(net, opt, [(part(1), part(2))], F.mse_loss).mean)


@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "hessian_free"])
def test_a_state_that_begins_empty_lasts_for_the_task(way):
    found = []
    for style in ("clone", "block"):
        net = stateful(None, live=False)
        loss = adapted_value(style, net, maml(net, way, adapt_steps=2))
        loss.backward()
        found.append([float(loss), *(p.grad.numpy() for p in net.parameters())])
        assert net.state is None
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    if way == "unrolled":
        net = stateful(None, live=False)
        with paddle.no_grad():
            net(part(1)[0])
            assert abs(float(loss_of(net, part(1))) - found[0][0]) > 1e-6


def test_a_buffer_may_be_emptied_or_grow():
    class Memory(nn.Layer):
        def __init__(self, empties):
            super().__init__()
            self.linear = nn.Linear(3, 2)
            self.register_buffer("seen", paddle.zeros([1, 3], "float64"))
            self.empties = empties

        def forward(self, x):
            self.seen = None if self.empties else paddle.concat([self.seen, x])
            return self.linear(x)

    for empties in (True, False):
        net = Memory(empties)
        net.to(dtype="float64")
        for way in ("unrolled", "checkpointed"):
            maml(net, way, adapt_steps=2).meta_loss(net, [(part(1), part(2))], F.mse_loss).backward()
            assert net.seen.shape == [1, 3]
    with pytest.raises(ValueError, match=r"'seen' was assigned .* shape \[7, 3\] in place of \[1, 3\].*'last'"):
        maml(net, buffers="last", adapt_steps=2).meta_loss(net, [(part(1), part(2))], F.mse_loss)


def test_the_last_of_several_tasks_leaves_its_statistics():
    x, y = paddle.randn([6, 3]), paddle.randn([6, 2])
    for _ in range(5):
        net = norm_net()
        opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), buffers="last")
        learners = [opt.adapter(net).clone() for _ in range(5)]
        losses = [F.mse_loss(learner(x * (i + 1)), y) for i, learner in enumerate(learners)]
        expected = learners[-1].state_dict()["1._variance"].numpy()
        sum(losses).backward()
        opt.step()
        np.testing.assert_array_equal(net[1]._variance.numpy(), expected)


def test_a_new_learner_of_the_same_name_sees_the_statistics_of_the_one_before():
    x = paddle.randn([6, 3])
    found = []
    for style in ("clone", "block"):
        net = norm_net()
        adapter = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), buffers="last").adapter(net)
        for _ in range(3):
            if style == "clone":
                learner = adapter.clone()
                learner(x)
            else:
                with adapter.task():
                    net(x)
        learner = None
        found.append(net[1]._variance.numpy().copy())
    np.testing.assert_array_equal(*found)


def test_tasks_from_before_a_state_was_restored_leave_nothing():
    ours, theirs = norm_net(), norm_net()
    x, y = paddle.randn([6, 3]), paddle.randn([6, 2])
    for net in (ours, theirs):
        opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), buffers="mean")
        if net is ours:
            saved = opt.state_dict()
            opt.meta_loss(net, [((x, y), (x / 0, y))], F.mse_loss)  # diverges
            opt.set_state_dict(saved)
        opt.meta_loss(net, [((x, y), (x, y))], F.mse_loss).backward()
        opt.step()
    np.testing.assert_array_equal(ours[1]._variance.numpy(), theirs[1]._variance.numpy())
