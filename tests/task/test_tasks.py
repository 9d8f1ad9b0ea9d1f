"""What users do with a task that could go wrong without a word: each is right, or an error that says what it is."""

from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Classifier, in_double, labelled_episode, loss_of, maml, output_of, part, small_net

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import Evolution, Implicit

WAYS = ["unrolled", "first_order", "checkpointed", "hessian_free", "implicit"]


def test_a_task_that_cannot_begin_leaves_no_rule_on_while_its_error_is_held():
    class Odd(metaopt.inner_rules.InnerRule):
        def slots(self, p):
            raise ZeroDivisionError

    net, relu = small_net(), paddle._C_ops.relu
    opt = maml(net, inner_rule=Odd())
    with pytest.raises(ZeroDivisionError) as held:
        opt.adapter(net).clone()
    assert held.value.__traceback__ is not None and paddle._C_ops.relu is relu


def test_blocks_of_two_nets_are_left_in_any_order():
    nets = [small_net(seed) for seed in (1, 2)]
    first, second = (maml(net).adapter(net).task() for net in nets)
    data, own = part(), [net[0].weight for net in nets]
    first.__enter__(), second.__enter__()
    second.adapt(lambda: loss_of(nets[1], data))
    expected = loss_of(nets[1], data).item()
    first.__exit__(None, None, None)
    assert nets[0][0].weight is own[0]
    assert loss_of(nets[1], data).item() == second.meta_loss(lambda: loss_of(nets[1], data)).item() == expected
    second.__exit__(None, None, None)
    assert nets[1][0].weight is own[1]


def test_a_net_is_its_own_again_after_blocks_that_were_left_in_any_order():
    net = small_net()
    opt = metaopt.ANILOptimizer(parameters=net.parameters(), head=net[2], adapt_steps=2)  # which replaces net.forward
    first, second = opt.adapter(net).task(), opt.adapter(net).task()
    own = net.parameters()
    first.__enter__(), second.__enter__()
    first.__exit__(None, None, None), second.__exit__(None, None, None)
    assert all(p is q for p, q in zip(net.parameters(), own)) and "forward" not in vars(net)


@pytest.mark.parametrize("way", WAYS)
def test_gradients_being_off_does_not_stop_the_inner_loop(way):
    net, support, query = small_net(), part(1), part(2)
    opt = maml(net, way, adapt_steps=2)
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
    learner = maml(net, adapt_steps=2).adapter(net).clone()
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
    adapter = maml(net, adapt_steps=2).adapter(net)
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


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [[1], [1, 1]])
def test_a_loss_of_one_element_is_a_scalar(shape, way):
    net, support, query = small_net(), part(1), part(2)

    def loss_fn(prediction, y):
        return F.mse_loss(prediction, y).reshape(shape)

    opt = maml(net, way, adapt_steps=2)
    loss = opt.meta_loss(net, [(support, query)], loss_fn)
    loss.backward()
    assert loss.shape == [] and all(p.grad.shape == p.shape for p in net.parameters())
    score = metaopt.evaluate(net, opt, [(support, query)], loss_fn)
    assert abs(score.mean - float(loss)) < 1e-12


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
    directions = 2 if steps == 200 else 5
    result = compare_with_differences(lambda: float(value()), gradients, net.parameters(), directions)
    assert result.error < (1e-5 if way == "hessian_free" else 1e-6), result


@pytest.mark.parametrize("way", ["checkpointed", "hessian_free", "implicit"])
def test_a_step_inside_the_query_is_refused_where_it_would_be_lost(way):
    net, support, query = small_net(), part(1), part(2)
    learner = maml(net, way, adapt_steps=2).adapter(net).clone()

    def adapting_query():
        learner.adapt(lambda: loss_of(learner, support))
        return loss_of(learner, query)

    with pytest.raises(ValueError, match="inside the query function"):
        learner.meta_loss(adapting_query)
    unrolled = maml(net, adapt_steps=2).adapter(net).clone()

    def in_the_open():
        unrolled.adapt(lambda: loss_of(unrolled, support))
        return loss_of(unrolled, query)

    inside = unrolled.meta_loss(in_the_open)
    assert abs(float(inside) - float(maml(net, adapt_steps=2).meta_loss(net, [(support, query)], F.mse_loss))) < 1e-12


@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
def test_a_query_that_looks_at_the_weights_before(way):
    net, support, query = small_net(), part(1), part(2)
    opt = maml(net, way, adapt_steps=2)

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


OPTIMIZERS = {
    **{way: partial(metaopt.MAMLOptimizer, meta_gradient=way) for way in WAYS[:-1]},
    "implicit": partial(metaopt.MAMLOptimizer, meta_gradient=Implicit(proximal=0.5)),
    "evolution": partial(metaopt.MAMLOptimizer, meta_gradient=Evolution(0.1, 3)),
    "reptile": metaopt.ReptileOptimizer,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_that_move_meanwhile_move_no_task(name):
    """By another optimizer, or by set_value: a task is that of the weights it began from."""

    def found(moves):
        paddle.seed(1)
        net = in_double(Classifier())
        opt = OPTIMIZERS[name](parameters=net.parameters(), inner_lr=0.1)
        (xs, ys), (xq, yq) = labelled_episode()
        learner = opt.adapter(net).clone()
        learner.adapt(lambda: F.cross_entropy(learner(xs), ys), steps=1)
        if moves:
            for p in net.parameters():
                p.set_value(p + 1.0)
            other = paddle.optimizer.SGD(0.5, parameters=net.parameters())
            F.cross_entropy(net(xq), yq).backward()
            other.step(), other.clear_grad()
        learner.adapt(lambda: F.cross_entropy(learner(xs), ys), steps=1)
        paddle.seed(2)
        loss = learner.meta_loss(lambda: F.cross_entropy(learner(xq), yq))
        loss.backward()
        return [loss.item(), *(p.grad.numpy() for p in net.parameters())]

    for f, e in zip(found(True), found(False)):
        np.testing.assert_allclose(f, e, rtol=1e-12)
