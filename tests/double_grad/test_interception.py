"""`twice_differentiable` leaves Paddle as it was, and what passes by it is refused."""

import gc
import resource
import threading

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Doubled, leaf
from paddle import nn

from paddle_metaopt import NotTwiceDifferentiableError, double_grad, twice_differentiable
from paddle_metaopt.double_grad import kernels, registry
from paddle_metaopt.double_grad.guards import graphs_of_gradients
from paddle_metaopt.double_grad.testing import check_twice_differentiable

imported_grad = paddle.grad


def patched():
    return paddle._C_ops.conv2d is not kernels.native.conv2d


def test_it_nests_is_used_again_and_decorates():
    context = twice_differentiable()
    for _ in range(2):
        with context:
            with context, twice_differentiable():
                assert patched()
            assert patched()
        assert not patched()

    @twice_differentiable()
    def inside(value):
        """Its text."""
        assert patched()
        return value

    assert inside(3) == 3 and inside.__doc__ == "Its text." and not patched()


def test_it_decorates_nothing_that_runs_after_it_returned():
    def generator():
        yield

    async def coroutine():
        pass

    async def asynchronous_generator():
        yield

    for function in (generator, coroutine, asynchronous_generator):
        with pytest.raises(TypeError, match=f"twice_differentiable: .*{function.__name__}.*`with"):
            twice_differentiable()(function)


def test_an_exception_leaves_paddle_and_gradient_tracking_as_they_were():
    with pytest.raises(ZeroDivisionError), twice_differentiable():
        raise ZeroDivisionError
    assert not patched()

    class Broken(paddle.autograd.PyLayer):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise ZeroDivisionError

    x = leaf(2)
    with pytest.raises(ZeroDivisionError), twice_differentiable():
        paddle.grad(Broken.apply(x).sum(), [x])
    assert paddle.is_grad_enabled()
    with paddle.no_grad():
        with twice_differentiable():
            paddle.set_grad_enabled(True)
        assert not paddle.is_grad_enabled()


def test_only_the_thread_that_entered_is_touched():
    names = []

    def convolve():
        names.append(F.conv2d(leaf(1, 1, 3, 3), leaf(1, 1, 2, 2)).grad_fn.name())

    with twice_differentiable():
        convolve()
        thread = threading.Thread(target=convolve)
        thread.start()
        thread.join()
    assert "MetaOptRule" in names[0] and "MetaOptRule" not in names[1]


def test_only_the_forward_has_to_run_inside():
    x, w = paddle.randn([2, 1, 5, 5], "float64"), leaf(2, 1, 3, 3)
    found = []
    for inside in (True, False):
        with twice_differentiable():
            loss = (F.conv2d(x, w) ** 3).sum()
            if inside:
                (g,) = paddle.grad(loss, [w], create_graph=True)
        if not inside:
            (g,) = paddle.grad(loss, [w], create_graph=True)
        found.append(paddle.grad((g**2).sum(), [w])[0].numpy())
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("function", [paddle.cumsum, paddle.logsumexp, F.log_softmax, F.gelu, nn.Flatten(0)])
def test_what_was_computed_outside_is_said_to_belong_inside(function):
    x = leaf(3, 4)
    value = function(x).sum()
    match = "compute it inside of the twice_differentiable.. block or of the task, where it has a rule"
    with twice_differentiable(), pytest.raises(NotTwiceDifferentiableError, match=match):
        paddle.grad(value, [x], create_graph=True)


@pytest.mark.parametrize("value", [1.0, "its own"])
def test_an_assignment_outside_is_said_to_belong_inside(value):
    x = leaf(3, 4)
    y = x * x
    y[0] = x[1] if value == "its own" else value
    with twice_differentiable(), pytest.raises(NotTwiceDifferentiableError, match="assignment") as caught:
        paddle.grad(y.sum(), [x], create_graph=True)
    assert "compute it inside of the twice_differentiable() block" in str(caught.value)


def test_third_derivatives_through_closed_rules():
    w, x = leaf(1, 1, 2, 2), paddle.randn([1, 1, 3, 3], "float64")
    with twice_differentiable():
        loss = (F.conv2d(x, w) ** 4).sum()
        (first,) = paddle.grad(loss, [w], create_graph=True)
    (second,) = paddle.grad(first.sum(), [w], create_graph=True)
    (third,) = paddle.grad(second.sum(), [w])
    patches = paddle.stack([x[0, 0, i : i + 2, j : j + 2].flatten() for i in range(2) for j in range(2)])
    y = patches @ w.flatten().detach()
    expected = (24 * y * patches.sum(1) ** 2).unsqueeze(1) * patches
    np.testing.assert_allclose(third.numpy().ravel(), expected.sum(0).numpy(), rtol=1e-10)


def refused(function, *tensors, match):
    with twice_differentiable(), pytest.raises(NotTwiceDifferentiableError, match=match):
        paddle.grad(function(*tensors).sum(), list(tensors), create_graph=True, allow_unused=True)


def test_what_bypasses_the_rules_is_refused(monkeypatch):
    with monkeypatch.context() as without:
        without.delitem(registry.RULES, "cumsum")
        refused(lambda x: paddle.cumsum(x), leaf(3), match="Cumsum")
    refused(lambda x: (x * 2).reshape_([3, 1]), leaf(3), match="'reshape_'.*'reshape'")


def test_an_offset_into_the_middle_of_an_element_is_refused():
    with twice_differentiable(), pytest.raises(NotTwiceDifferentiableError, match="whole elements of 8 bytes, got 4"):
        paddle.as_strided(leaf(4), [2], [1], 4)


def test_an_array_among_tensors_is_refused_by_the_name_of_the_op():
    w = leaf(3, 2)
    with twice_differentiable():
        for op, use in {"linear": F.linear, "matmul": paddle.matmul}.items():
            with pytest.raises(TypeError, match=f"^{op}: expected Tensors, got a numpy array; use paddle.to_tensor"):
                use(np.ones([2, 3]), w)
        with pytest.raises(AttributeError, match="'int' object"):
            paddle.matmul(1, w)


class TrustedLater(Doubled):
    pass


def test_a_users_pylayer_is_refused_until_trusted():
    refused(lambda x: TrustedLater.apply(x), leaf(3), match="PyLayer TrustedLater.*trust")
    x = leaf(3)
    double_grad.trust(TrustedLater)
    with twice_differentiable():
        (g,) = paddle.grad((TrustedLater.apply(x) ** 2).sum(), [x], create_graph=True)
    np.testing.assert_allclose(paddle.grad(g.sum(), [x])[0].numpy(), 8)


def test_what_lies_below_an_input_is_audited_for_another_input_there(monkeypatch):
    monkeypatch.delitem(registry.RULES, "cumsum")
    for direct in (0, 1):
        x = leaf(3)
        with twice_differentiable():
            below = paddle.cumsum(x)
            y = (below**2).sum() + direct * (x**2).sum()
            with pytest.raises(NotTwiceDifferentiableError, match="Cumsum"):
                paddle.grad(y, [below, x], create_graph=True)
            paddle.grad(y, [below], create_graph=True)


def test_what_imported_paddles_grad_by_name_is_audited_too(monkeypatch):
    monkeypatch.delitem(registry.RULES, "cumsum")
    x, before = leaf(3), graphs_of_gradients()
    with twice_differentiable():
        y = (paddle.cumsum(x) ** 2).sum()
        with pytest.raises(NotTwiceDifferentiableError, match="Cumsum"):
            imported_grad(y, [x], create_graph=True)
        imported_grad(y, [x], retain_graph=True)
        assert graphs_of_gradients() == before
        imported_grad((x**2).sum(), [x], create_graph=True)
        assert graphs_of_gradients() == before + 1
        paddle.grad((x**2).sum(), [x], create_graph=True)
        assert graphs_of_gradients() == before + 2


def test_first_derivatives_are_not_audited(monkeypatch):
    monkeypatch.delitem(registry.RULES, "cumsum")
    x = leaf(3)
    with twice_differentiable():
        paddle.grad(paddle.cumsum(x).sum(), [x])


def test_a_tensor_changed_in_place_after_use_raises():
    x, w = paddle.randn([1, 1, 3, 3], "float64"), leaf(1, 1, 2, 2)
    with twice_differentiable():
        moved = x * 1
        y = F.conv2d(moved, w)
        moved.add_(paddle.ones_like(moved))
        moved.stop_gradient = True
        h = w * 1
        z = F.conv2d(x, h)
    with paddle.no_grad():
        h.add_(paddle.ones_like(h))
    with pytest.raises(RuntimeError, match="in-place"), twice_differentiable():
        z.sum().backward()
    del y


def test_a_rule_of_the_users_own(monkeypatch):
    monkeypatch.delitem(registry.RULES, "cumsum")
    calls = []

    @double_grad.rule("cumsum")
    def cumsum(x, axis, flatten, exclusive, reverse):
        calls.append(axis)

        def run(t, backwards):
            return kernels.native.cumsum(t, axis, flatten, exclusive, backwards)

        return double_grad.linear_map(x, lambda t: run(t, reverse), lambda t: run(t, not reverse))

    assert check_twice_differentiable(lambda x: paddle.cumsum(x, 1), [leaf(3, 4)], [0]).error < 1e-6
    assert calls and "cumsum" in double_grad.supported()
    with pytest.raises(ValueError, match="no op named"):
        double_grad.rule("frobnicate")


def test_keywords_that_paddles_functions_let_through(monkeypatch):
    x = leaf(3)
    with twice_differentiable():
        for y in (F.softmax(x, name="y"), paddle.log2(x=x * x + 1, name="y")):
            paddle.grad(y.sum(), [x], create_graph=True)


def test_dropout_has_the_same_mask_in_every_derivative():
    x = leaf(400)
    with twice_differentiable():
        y = F.dropout(x, 0.5)
        (g,) = paddle.grad((y**2).sum(), [x], create_graph=True)
    (h,) = paddle.grad(g.sum(), [x])
    mask = y.numpy() != 0
    np.testing.assert_allclose(g.numpy(), 2 * 4 * x.numpy() * mask)
    np.testing.assert_allclose(h.numpy(), 8.0 * mask)
    paddle.seed(7)
    with twice_differentiable():
        inside = F.dropout(x, 0.3)
    paddle.seed(7)
    np.testing.assert_allclose(inside.numpy(), F.dropout(x, 0.3).numpy(), rtol=1e-15)


def test_batch_norm_moves_its_running_statistics_as_outside():
    inside, outside = nn.BatchNorm2D(3), nn.BatchNorm2D(3)
    x = paddle.randn([4, 3, 2, 2])
    with twice_differentiable():
        y = inside(x)
    np.testing.assert_array_equal(y.numpy(), outside(x).numpy())
    np.testing.assert_array_equal(inside._mean.numpy(), outside._mean.numpy())
    np.testing.assert_array_equal(inside._variance.numpy(), outside._variance.numpy())


def test_calls_leave_no_memory_behind():
    net = nn.Sequential(nn.Conv2D(1, 8, 3), nn.BatchNorm2D(8), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Softmax())
    x = paddle.randn([16, 1, 28, 28])

    def run(times):
        with twice_differentiable():
            for _ in range(times):
                loss = F.cross_entropy(net(x), paddle.zeros([16], "int64"))
                paddle.grad(loss, [net[0].weight], create_graph=True)
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = run(20)
    # A single output kept per call would be 16·8·26·26·4 B = 346 kB: 35 MB in 100 calls.
    assert run(100) - before < 15_000


def test_sync_batch_norm_runs_without_a_gradient_too_and_is_refused_over_several_processes(monkeypatch):
    net, x = paddle.nn.SyncBatchNorm(3), paddle.randn([4, 3, 2, 2])
    plain = paddle.nn.BatchNorm2D(3)
    with twice_differentiable(), paddle.no_grad():
        np.testing.assert_array_equal(net(x).numpy(), plain(x).numpy())
    np.testing.assert_array_equal(net._mean.numpy(), plain._mean.numpy())
    monkeypatch.setattr(paddle.distributed, "get_world_size", lambda: 2)
    refused = pytest.raises(NotTwiceDifferentiableError, match="SyncBatchNorm over several processes.*use BatchNorm")
    with twice_differentiable(), refused:
        net(x)
