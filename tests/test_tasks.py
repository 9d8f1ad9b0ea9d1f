"""What users do with a task that could go wrong without a word: each is right, or an error that says what it is."""

import gc

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import make_net, output_of, part, small_net
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

WAYS = ["unrolled", "first_order", "checkpointed", "hessian_free", "implicit"]


def maml(net, way="unrolled", **options):
    options = {"inner_lr": 0.1, "adapt_steps": 2, **options}
    return metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), meta_gradient=way, **options)


def loss_of(net, data):
    return F.mse_loss(net(data[0]), data[1])


@pytest.mark.parametrize("way", WAYS)
def test_gradients_being_off_does_not_stop_the_inner_loop(way):
    net, support, query = small_net(), part(1), part(2)
    opt = maml(net, way)
    expected = float(opt.meta_loss(net, [(support, query)], F.mse_loss))
    with paddle.no_grad():
        assert float(opt.meta_loss(net, [(support, query)], F.mse_loss)) == expected
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: loss_of(learner, support))
        assert abs(float(loss_of(learner, query)) - expected) < 1e-15
    learner.meta_loss(lambda: loss_of(learner, query)).backward()
    assert all(p.grad is not None for p in net.parameters())


def test_a_loss_that_does_not_depend_on_the_fast_weights_is_refused():
    net, support, query = small_net(), part(1), part(2)
    learner = maml(net).adapter(net).clone()
    first, second = loss_of(learner, support), loss_of(learner, support)
    learner.adapt(first)
    with paddle.no_grad():
        without_graph = loss_of(learner, support)
    for loss in (loss_of(net, support), second, without_graph):
        with pytest.raises(ValueError, match="does not depend on the weights that adapt"):
            learner.adapt(loss)
    with pytest.raises(ValueError, match="query loss does not depend on the weights of the task"):
        learner.meta_loss(lambda: loss_of(net, query))
    learner.adapt(loss_of(learner, support))  # goes on as if nothing had been
    assert learner.meta_loss(lambda: loss_of(learner, query)) is not None


def test_a_block_inside_another_tasks_block():
    net, support, query = small_net(), part(1), part(2)
    adapter = maml(net).adapter(net)
    outer, inner = adapter.task(), adapter.task()
    with outer:
        outer.adapt(lambda: loss_of(net, support))
        adapted = float(loss_of(net, query))
        with inner:
            assert float(loss_of(outer, query)) == adapted != float(loss_of(net, query))
            for use in (outer.adapt, outer.meta_loss):
                with pytest.raises(ValueError, match="another task's block is open"):
                    use(lambda: loss_of(net, support))
        assert float(loss_of(net, query)) == adapted
        with pytest.raises(ValueError, match=r"open task\(\) block; begin the new task outside"):
            adapter.clone()


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
        opt = maml(net)
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
            adapted_value("clone", net, maml(net, way))
    assert np.isfinite(metaopt.evaluate(net, opt, [(part(1), part(2))], F.mse_loss).mean)


@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "hessian_free"])
def test_a_state_that_begins_empty_lasts_for_the_task(way):
    found = []
    for style in ("clone", "block"):
        net = stateful(None, live=False)
        loss = adapted_value(style, net, maml(net, way))
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
            maml(net, way).meta_loss(net, [(part(1), part(2))], F.mse_loss).backward()
            assert net.seen.shape == [1, 3]
    with pytest.raises(ValueError, match=r"'seen' was assigned .* shape \[7, 3\] in place of \[1, 3\].*'last'"):
        maml(net, buffers="last").meta_loss(net, [(part(1), part(2))], F.mse_loss)


def norm_net():
    paddle.seed(3)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1D(4), nn.Linear(4, 2))


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


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [[1], [1, 1]])
def test_a_loss_of_one_element_is_a_scalar(shape, way):
    net, support, query = small_net(), part(1), part(2)

    def loss_fn(prediction, y):
        return F.mse_loss(prediction, y).reshape(shape)

    opt = maml(net, way)
    loss = opt.meta_loss(net, [(support, query)], loss_fn)
    loss.backward()
    assert loss.shape == [] and all(p.grad.shape == p.shape for p in net.parameters())
    score = metaopt.evaluate(net, opt, [(support, query)], loss_fn)
    assert abs(score.mean - float(loss)) < 1e-12


def test_the_adapters_model_is_a_new_one_after_an_outer_step_by_hand():
    net = small_net()
    opt = maml(net)
    adapter = opt.adapter(net)
    first = adapter.model
    adapter.adapt(loss_of(adapter.model, part()))
    loss_of(adapter.model, part()).backward()
    opt.step()
    adapter.adapt(loss_of(adapter.model, part()))
    assert adapter.model is not first and adapter.model.is_running and not first.is_running


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


class Force(nn.Layer):
    """The gradient of a learned energy, as in force fields."""

    def __init__(self):
        super().__init__()
        self.energy = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, x):
        x.stop_gradient = False
        return paddle.grad(self.energy(x).sum(), [x], create_graph=True)[0]


@pytest.mark.parametrize("way", ["unrolled", "checkpointed", "hessian_free", "first_order"])
def test_a_net_that_takes_gradients_itself(way):
    paddle.seed(3)
    net = Force()
    net.to(dtype="float64")
    (x, _), (xq, _) = part(1), part(2)
    episode = ((x, paddle.sin(x)), (xq, paddle.sin(xq)))
    opt = maml(net, way)
    loss = opt.meta_loss(net, [episode], F.mse_loss)
    loss.backward()
    assert abs(metaopt.evaluate(net, opt, [episode], F.mse_loss).mean - float(loss)) < 1e-12
    if way != "first_order":
        weights = [p for p in net.parameters() if p.grad is not None]
        result = compare_with_differences(
            lambda: float(opt.meta_loss(net, [episode], F.mse_loss)), [p.grad for p in weights], weights
        )
        assert result.error < (1e-5 if way == "hessian_free" else 1e-6), result


SECOND_PASS = """
import sys, paddle, paddle.nn.functional as F, paddle_metaopt as metaopt
net = paddle.nn.Linear(2, 1)
task = ((paddle.ones([3, 2]), paddle.zeros([3, 1])),) * 2
loss = metaopt.MAMLOptimizer(parameters=net.parameters()).meta_loss(net, [task], F.mse_loss)
for _ in range(2):
    try:
        loss.backward(retain_graph=sys.argv[1] == "retain")
    except Exception as error:
        print("refused:", error)
"""


@pytest.mark.parametrize("how", ["retain", "free"])
def test_a_second_backward_through_a_meta_loss_is_an_error_and_no_crash(how):
    output = output_of(SECOND_PASS, how)
    assert output.count("refused:") == 1
    if how == "retain":
        assert "went through this meta_loss before" in output


def test_named_inputs_count_once_and_have_to_be_leaves():
    net, support, query = small_net(), part(1), part(2)
    scale = paddle.ones([3], "float64")
    scale.stop_gradient = False
    opt = maml(net, adapt_steps=1)

    def gradients(inputs):
        net.clear_gradients()
        scale.clear_gradient()
        with opt.adapter(net).task() as task:
            task.adapt(lambda: F.mse_loss(net(support[0] * scale), support[1]))
            task.meta_loss(lambda: loss_of(net, query), inputs=inputs).backward()
        return [t.grad.numpy().copy() for t in (*net.parameters(), scale)]

    once = gradients([scale])
    for a, b in zip(once, gradients([scale, scale, net[0].weight])):
        np.testing.assert_array_equal(a, b)
    constant = paddle.ones([3], "float64")
    for wrong in (scale * 2, constant, 3.0):
        with pytest.raises(ValueError, match="inputs: expected leaf tensors"):
            gradients([wrong])
    loss = opt.meta_loss(net, [(support, query)], lambda p, y: F.mse_loss(p, y) * scale.sum(), inputs=[scale])
    (found,) = paddle.grad(loss, [scale])
    assert float(found.abs().sum()) > 0


@pytest.mark.parametrize("way", WAYS)
def test_a_loss_may_look_at_the_nets_own_weights(way):
    net, support, query = small_net(), part(1), part(2)
    if way == "implicit":
        way = metaopt.meta_gradients.Implicit(4.0, iterations=60, tolerance=1e-12)
    steps = 200 if isinstance(way, metaopt.meta_gradients.Implicit) else 3
    opt = maml(net, way, adapt_steps=steps)

    def value():
        learner = opt.adapter(net).clone()

        def distance():
            return sum(((w - p) ** 2).sum() for w, p in zip(learner.fast_weights.values(), net.parameters()))

        def distilled(data):
            return F.mse_loss(learner(data[0]), net(data[0]) * 0.5)

        learner.adapt(lambda: loss_of(learner, support) + distance())
        return learner.meta_loss(lambda: loss_of(learner, query) + distance() + distilled(query))

    if way == "first_order":  # its definition takes the inner gradients as constants
        value().backward()
        return
    value().backward()
    gradients = [p.grad.numpy().copy() for p in net.parameters()]
    result = compare_with_differences(lambda: float(value()), gradients, net.parameters())
    assert result.error < (1e-5 if way == "hessian_free" else 1e-6), result


@pytest.mark.parametrize("way", ["checkpointed", "hessian_free", "implicit"])
def test_a_step_inside_the_query_is_refused_where_it_would_be_lost(way):
    net, support, query = small_net(), part(1), part(2)
    learner = maml(net, way).adapter(net).clone()

    def adapting_query():
        learner.adapt(lambda: loss_of(learner, support))
        return loss_of(learner, query)

    with pytest.raises(ValueError, match="inside the query function"):
        learner.meta_loss(adapting_query)
    unrolled = maml(net).adapter(net).clone()

    def in_the_open():
        unrolled.adapt(lambda: loss_of(unrolled, support))
        return loss_of(unrolled, query)

    inside = unrolled.meta_loss(in_the_open)
    assert abs(float(inside) - float(maml(net).meta_loss(net, [(support, query)], F.mse_loss))) < 1e-12


def test_a_replay_with_another_small_loss_raises_too():
    net = small_net()
    net.to(dtype="float32")
    with paddle.no_grad():
        targets = [(x, net(x) + 0.005 * paddle.randn([6, 2])) for x in (paddle.randn([6, 3]) for _ in range(2))]
    learner = maml(net, "checkpointed").adapter(net).clone()
    for x, y in targets:
        learner.adapt(lambda: F.mse_loss(learner(x), y), steps=1)  # noqa: B023  what a user gets wrong
    with pytest.raises(metaopt.ReplayError):
        learner.meta_loss(lambda: F.mse_loss(learner(x), y))


def test_the_loss_of_every_step_is_the_same_by_every_way():
    class WithDropout(nn.Layer):
        def __init__(self):
            super().__init__()
            self.net = make_net()

        def forward(self, x):
            return self.net(F.dropout(x, 0.3, training=self.training))

    support, query = part(1), part(2)
    for query_mode in ("train", "eval"):
        found = []
        for way in ("unrolled", "checkpointed"):
            net = WithDropout()
            opt = metaopt.MAMLPlusPlusOptimizer(parameters=net.parameters(), adapt_steps=3, meta_gradient=way)
            paddle.seed(4)
            with opt.adapter(net).task() as task:
                task.adapt(lambda net=net: loss_of(net, support))
                getattr(net, query_mode)()
                loss = task.meta_loss(lambda net=net: loss_of(net, query))
            loss.backward()
            gradients = [p.grad.numpy() for p in net.parameters() if p.grad is not None]
            found.append([float(loss), *gradients])
        for a, b in zip(*found):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("use", ["meta_loss", "evaluate"])
def test_the_code_that_makes_the_episodes_runs_in_plain_paddle(use):
    net, encoder = small_net(), nn.Linear(3, 3)
    encoder.to(dtype="float64")
    names = []

    def episodes():
        for _ in range(2):
            h = F.relu_(encoder(part(1)[0]) * 1.0)  # in place, on what needs a gradient
            names.append(h.grad_fn.name())
            yield (h.detach(), part(1)[1]), part(2)

    gc.collect()  # tasks that other tests left in a cycle
    if use == "meta_loss":
        maml(net).meta_loss(net, episodes(), F.mse_loss).backward()
    else:
        metaopt.evaluate(net, maml(net), episodes(), F.mse_loss)
    assert all("MetaOptRule" not in name for name in names) and len(names) == 2


@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
def test_a_query_that_looks_at_the_weights_before(way):
    net, support, query = small_net(), part(1), part(2)
    opt = maml(net, way)

    def value():
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: loss_of(learner, support), steps=2)
        before = learner.fast_weights
        learner.adapt(lambda: loss_of(learner, support), steps=1)

        def moved():
            return sum(((w - v) ** 2).sum() for w, v in zip(learner.fast_weights.values(), before.values()))

        return learner.meta_loss(lambda: loss_of(learner, query) + moved())

    if way == "checkpointed":  # the weights before are not those of the replay
        with pytest.raises(ValueError, match="fast weights of an earlier inner step.*'checkpointed' can't go back"):
            value()
        return
    value().backward()
    result = compare_with_differences(lambda: float(value()), [p.grad for p in net.parameters()], net.parameters())
    assert result.error < 1e-6, result


def test_reptile_reports_any_query():
    net, support, query = small_net(), part(1), part(2)
    opt = metaopt.ReptileOptimizer(1e-2, parameters=net.parameters(), adapt_steps=2)
    learner = opt.adapter(net).clone()
    learner.adapt(lambda: loss_of(learner, support))

    def distance():
        with paddle.no_grad():
            return (learner(query[0]) - query[1]).abs().mean()

    reported = learner.meta_loss(distance)
    reported.backward()
    assert float(reported) == float(distance())
    np.testing.assert_allclose(
        net[0].weight.grad.numpy(), (net[0].weight - learner.fast_weights["0.weight"]).numpy(), rtol=1e-12
    )
