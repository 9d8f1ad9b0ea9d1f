"""Passes of Paddle's engine: errors keep their type and leave nothing, and none goes where it ends the process."""

import gc
import os
import subprocess
import sys
import threading
import weakref

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from cases import all_cases
from helpers import leaf

import paddle_metaopt as metaopt
from paddle_metaopt import double_grad, twice_differentiable
from paddle_metaopt.double_grad import primitive, with_pullback

OWN = (paddle.grad, paddle.Tensor.backward, paddle.autograd.backward, paddle._C_ops.conv2d)


def patches():
    return (paddle.grad, paddle.Tensor.backward, paddle.autograd.backward, paddle._C_ops.conv2d)


def alive():
    gc.collect()
    return sum(type(o) is primitive._Recorded for o in gc.get_objects())


def failing(error):
    def pullback(g):
        raise error

    return lambda x: with_pullback(x.clone, [x], pullback)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_given_gradient_has_the_shape_of_its_tensor(create_graph):
    x = leaf(3)
    with twice_differentiable():
        y = F.gelu(x)
        for shape in ([1], [2, 3], [2]):
            with pytest.raises(ValueError, match=r"^paddle.grad: expected a gradient of shape \[3\]"):
                paddle.grad(y, [x], grad_outputs=paddle.ones(shape, x.dtype), create_graph=create_graph)
        (g,) = paddle.grad([y, y * 2], [x], grad_outputs=[None, paddle.ones([3], x.dtype)], create_graph=create_graph)
    np.testing.assert_allclose(g.numpy(), 3 * paddle.grad(F.gelu(x), [x])[0].numpy())


@pytest.mark.parametrize("error", [ValueError("of a pullback"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("create_graph", [False, True])
def test_an_error_in_a_pullback_keeps_its_type_and_leaves_no_graph(error, create_graph):
    x, before = leaf(3), alive()
    with twice_differentiable():
        y = paddle.tanh(failing(error)(F.softmax(x * 2)))
        with pytest.raises(type(error)) as caught:
            paddle.grad(y.sum(), [x], create_graph=create_graph)
        with pytest.raises(type(error)):
            y.sum().backward()
    assert caught.value is error
    del y, caught
    error.__traceback__ = error.__context__ = None
    assert alive() == before and patches() == OWN and paddle.is_grad_enabled()


def test_an_op_below_a_rule_and_beside_the_path_is_named_with_the_ways_out():
    x, w = leaf(2, 3, 1), leaf(3)
    flat = paddle.flatten(x, 1)

    def through_a_rule(flat):
        y = F.layer_norm(flat, [3], weight=w)
        return paddle.grad((y * y * y).sum(), [w], create_graph=True)[0]

    with twice_differentiable():
        with pytest.raises(metaopt.NotTwiceDifferentiableError, match=r"not go through flatten.*inside of.*detach"):
            through_a_rule(flat)
        for way_out in (flat.detach(), paddle.flatten(x, 1)):
            assert through_a_rule(way_out).square().sum().item() > 0
    (3 * flat).sum().backward()
    assert (x.grad.numpy() == 3).all() and patches() == OWN


def test_an_error_in_computing_a_value_leaves_no_graph():
    x, before = leaf(2, 3, 4, 4), alive()
    for _ in range(3):
        with twice_differentiable(), pytest.raises(ValueError):
            F.conv2d(F.gelu(x), leaf(2, 5, 2, 2))
    assert alive() == before and patches() == OWN


def test_an_error_in_a_users_hook_or_pylayer_keeps_its_type():
    class Broken(paddle.autograd.PyLayer):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise IndexError("in a PyLayer")

    def hook(g):
        raise KeyError("in a hook")

    x = leaf(3)
    with twice_differentiable():
        with pytest.raises(IndexError, match="in a PyLayer"):
            Broken.apply(x).sum().backward()
        y = x * 2
        y.register_hook(hook)
        with pytest.raises(KeyError, match="in a hook"):
            y.sum().backward()


def test_another_pass_through_a_graph_that_was_used_up_is_an_error_as_long_as_it_is_there():
    def use_up():
        x = leaf(4)
        with twice_differentiable():
            y = F.gelu(x)
            loss = y.sum()
            loss.backward(retain_graph=True)
            for again in (loss.backward, y.sum().backward, lambda: paddle.grad(loss, [x])):
                with pytest.raises(RuntimeError, match="used it up.*call backward\\(\\) once"):
                    again()
        with pytest.raises(RuntimeError, match="used it up"):
            paddle.grad(loss, [x])

    use_up()
    gc.collect()
    assert patches() == OWN


def test_outside_of_a_block_too():
    x = leaf(4)
    with twice_differentiable():
        y = F.gelu(x)
    assert patches() == OWN
    loss = y.sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="used it up"):
        paddle.grad(loss, [x])
    with pytest.raises(RuntimeError, match="used it up"):
        loss.backward()


def test_a_pullback_may_give_several_operands_one_tensor():
    x = leaf(3)

    def total(a, b):
        return with_pullback(lambda: a.detach() + b.detach(), [a, b], lambda g: [g, g])

    def parts(a, b):
        return with_pullback(lambda: a.detach() + b.detach(), [a, b], lambda g: [g, g.reshape(g.shape)])

    for add in (total, parts):
        with twice_differentiable():
            (add(add(x, x), x * 3) + x * 5).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [10, 10, 10])
        x.clear_gradient(False)


def test_a_constant_that_was_changed_in_place_raises():
    x, w = leaf(1, 1, 3, 3), paddle.randn([1, 1, 2, 2], "float64")
    with twice_differentiable():
        y = F.conv2d(x, w)
        w.add_(paddle.ones_like(w))
        with pytest.raises(RuntimeError, match="in-place"):
            y.sum().backward()


@pytest.mark.parametrize(
    "name", ["layer_norm", "instance_norm", "group_norm", "Transformer", "linalg.", "softmax", "LSTM"]
)
def test_a_graph_is_freed_at_once_and_not_when_python_looks_for_cycles(name):
    gc.collect()
    gc.disable()
    try:
        for case in [case for title, case in all_cases().items() if name in title][:12]:
            problem = case.problem()
            for tensor in problem.tensors:
                tensor.stop_gradient = False
            with twice_differentiable():
                outputs = [y for y in paddle.utils.flatten(problem.function(*problem.tensors)) if y.is_floating_point()]
                found = paddle.grad(
                    sum((y * y).sum() for y in outputs), problem.tensors, create_graph=True, allow_unused=True
                )
            del outputs, found
            made_since = gc.get_objects(generation=0)  # as long as nobody collects
            assert not any(type(o) is primitive._Recorded for o in made_since)
    finally:
        gc.enable()


def is_ruled():
    return "MetaOptRule" in F.gelu(leaf(2)).grad_fn.name()


def test_rules_are_on_in_the_thread_that_asked_and_no_longer_than_it_lives():
    net = paddle.nn.Linear(2, 2)
    adapter = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters()).adapter(net)
    kept, ruled = [], []
    for function in (lambda: kept.append(adapter.clone()), lambda: ruled.append(is_ruled())):
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()  # the next one may get its number
    assert ruled == [False] and not is_ruled()
    kept.clear()
    gc.collect()
    assert patches() == OWN


def test_a_child_process_forked_inside_a_block_has_plain_paddle():
    reading, writing = os.pipe()
    with twice_differentiable():
        if not os.fork():
            os.write(writing, repr((is_ruled(), patches() == OWN)).encode())
            os._exit(0)
        assert is_ruled()
    assert os.read(reading, 100) == b"(False, True)"
    os.wait()


THREADS = """
import os, threading, time, paddle, paddle.nn.functional as F, paddle_metaopt as metaopt
guard = metaopt.double_grad.guard_engine()
until = time.time() + 3
def train():
    w = paddle.randn([4, 3]); w.stop_gradient = False
    while time.time() < until:
        paddle.grad(F.cross_entropy(paddle.ones([2, 4]) @ w, paddle.to_tensor([0, 1])), [w])
def adapt():
    net = paddle.nn.Sequential(paddle.nn.Linear(4, 8), paddle.nn.ReLU(), paddle.nn.Linear(8, 3))
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1)
    part = paddle.randn([2, 4]), paddle.to_tensor([0, 1])
    while time.time() < until:
        opt.meta_loss(net, [(part, part)], F.cross_entropy).backward()
threads = [threading.Thread(target=f) for f in (train, adapt, train)]
[t.start() for t in threads]; [t.join() for t in threads]
print("alive")
"""


def test_threads_take_turns_in_paddle_grad_while_the_engine_is_guarded():
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", THREADS], capture_output=True, text=True, timeout=120)
    assert found.stdout.strip() == "alive", found.stderr[-500:]


def test_memory_is_flat_over_tasks_that_fail():
    net = paddle.nn.Sequential(
        paddle.nn.Conv2D(1, 16, 3), paddle.nn.ReLU(), paddle.nn.Flatten(), paddle.nn.Linear(576, 3)
    )
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.1)
    x, y = paddle.randn([8, 1, 8, 8]), paddle.zeros([8], "int64")
    good, bad = (x, y), (paddle.randn([8, 2, 8, 8]), y)

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for attempt in range(60):
        if attempt == 10:
            before = resident()
        with pytest.raises(ValueError):
            opt.meta_loss(net, [(good, good), (good, bad)], F.cross_entropy)
    # One task's graph kept per attempt would be about 0.5 MB: 25 MB.
    assert resident() - before < 5_000_000


def test_the_engines_guard_is_public():
    hold = double_grad.guard_engine()
    assert patches()[:3] != OWN[:3]
    del hold
    assert patches() == OWN


def hooked(x):
    """A function that Paddle alone differentiates twice, of ops that have rules."""
    y = F.silu(x)
    y.register_hook(lambda g: paddle.tanh(g) * x)
    y.register_hook(lambda g: None)
    y.register_hook(lambda g: g.detach() + g)
    y.register_hook(lambda g: g * 0 + 7).remove()
    return F.silu(y).sum()


def test_a_hook_that_gives_another_gradient_is_heeded_by_a_rule():
    def derivatives():
        x = paddle.to_tensor([0.3, -1.0, 2.0], "float64", stop_gradient=False)
        (g,) = paddle.grad(hooked(x), [x], create_graph=True)
        hooked(x).backward()
        return g.numpy(), paddle.grad(g.sum(), [x])[0].numpy(), x.grad.numpy()

    expected = derivatives()
    with twice_differentiable():
        found = derivatives()
        for one, other in zip(found, expected):
            np.testing.assert_allclose(one, other, rtol=1e-12)
        x = leaf(4, 2)
        for position, outputs in enumerate([paddle.linalg.qr(x), paddle.linalg.qr(x)]):
            outputs[position].register_hook(lambda g: g * 3)
            (g,) = paddle.grad([(y**2).sum() for y in outputs], [x])
            weights = [1, 1]
            weights[position] = 3
            (plain,) = paddle.grad([w * (y**2).sum() for w, y in zip(weights, paddle.linalg.qr(x))], [x])
            np.testing.assert_allclose(g.numpy(), plain.numpy(), rtol=1e-12)


def test_what_a_hook_gave_is_not_kept_where_an_error_stops_the_pass():
    def fail(g):
        raise ZeroDivisionError

    x, given = leaf(3), []

    def give(g):
        given.append(weakref.ref(other := g * 2))
        return other

    with twice_differentiable():
        y = F.gelu(x)
        y.register_hook(give)
        y.register_hook(fail)
        with pytest.raises(ZeroDivisionError):
            paddle.grad(y.sum(), [x])
    gc.collect()
    assert len(given) == 1 and given[0]() is None


@pytest.mark.parametrize("function", [paddle.matmul, F.linear, F.conv1d, F.binary_cross_entropy_with_logits])
def test_a_tensor_frozen_after_its_use_keeps_its_gradient_as_in_paddle(function):
    x, w = leaf(2, 2, 2), leaf(2, 2) if function is F.linear else leaf(2, 2, 2)

    def derivatives(freezes, create_graph=True):
        with twice_differentiable():
            below = paddle.tanh(x)
            y = function(below, w)
            below.stop_gradient = freezes
            gradients = paddle.grad((y * y).sum(), [x, w], create_graph=create_graph)
            assert below.stop_gradient is freezes
            if create_graph:
                gradients += paddle.grad(sum((g * g).sum() for g in gradients), [x, w])
        return [g.numpy() for g in gradients]

    expected = derivatives(False)
    for found in (derivatives(True), derivatives(True, create_graph=False)):
        for one, other in zip(found, expected):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_tensor_frozen_after_its_use_is_frozen_again_after_an_error():
    x = leaf(3)
    with twice_differentiable():
        below = paddle.tanh(x)
        y = failing(ValueError("of a pullback"))(below)
        below.stop_gradient = True
        with pytest.raises(ValueError, match="of a pullback"):
            paddle.grad(y.sum(), [x])
        assert below.stop_gradient


@pytest.mark.parametrize("shape", [[], [1], [3]])
def test_a_given_gradient_is_differentiated_too(shape):
    def derivatives():
        x = paddle.full(shape, 0.3, "float64")
        v = paddle.full(shape, -1.5, "float64")
        x.stop_gradient = v.stop_gradient = False
        (g,) = paddle.grad([F.silu(x), x * x], [x], grad_outputs=[v * paddle.tanh(x), None], create_graph=True)
        return [one.numpy() for one in paddle.grad((g * g).sum(), [x, v])]

    def along(tangent):
        return paddle.incubate.autograd.jvp(F.silu, paddle.full(shape, 0.3, "float64"), tangent)[1].numpy()

    tangent = paddle.full(shape, 0.7, "float64")
    expected, directional = derivatives(), along(tangent)
    with twice_differentiable():
        for one, other in zip(derivatives(), expected):
            np.testing.assert_allclose(one, other, rtol=1e-9)
        np.testing.assert_allclose(along(tangent), directional, rtol=1e-12)
