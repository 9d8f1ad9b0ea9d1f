"""What is changed in place has its exact derivative, and what needed the old values says that they are gone."""

import gc
from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from cases import all_cases
from cases.case import check_choice
from helpers import leaf, live
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import NotTwiceDifferentiableError, twice_differentiable
from paddle_metaopt.double_grad.primitive import _Recorded
from paddle_metaopt.double_grad.testing import compare_with_differences


def ids(*numbers):
    return paddle.to_tensor(numbers)


# What lies in the memory of another tensor

VIEWS = {
    "row": lambda x: x[0],
    "reshape": lambda x: paddle.reshape(x, [-1]),
    "transpose": lambda x: x.T,
    "unsqueeze": lambda x: x.unsqueeze(0),
    "unbind": lambda x: paddle.unbind(x)[0],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("change", [lambda x: x.__setitem__(0, 2.0), lambda x: x.add_(x), lambda x: x.tanh_()])
def test_writing_into_a_view_is_refused_and_says_what_to_do(view, change):
    with twice_differentiable():
        viewed = VIEWS[view](leaf(4, 3) * 2.0)
        match = r"writes into a view.*x\[0, 1\] = v.*clone\(\) of the view"
        with pytest.raises(NotTwiceDifferentiableError, match=match):
            change(viewed)
        change(viewed.clone())


def test_a_part_of_a_tensor_without_a_gradient_is_a_view_too():
    """Else the whole would have the values, and no derivative, without a word."""
    x, zeros = leaf(3), paddle.zeros([4, 3], "float64")
    with twice_differentiable():
        with pytest.raises(NotTwiceDifferentiableError, match="view"):
            zeros[0][1] = x[1]
        zeros[0, 1] = x[1]
        (gradient,) = paddle.grad((zeros**2).sum(), [x])
    np.testing.assert_allclose(gradient.numpy(), [0, 2 * float(x[1]), 0])


def test_a_leaf_with_a_gradient_is_refused_as_by_paddle():
    for rules_are_on in (False, True):
        x = leaf(3)
        before = x.numpy().copy()
        with twice_differentiable() if rules_are_on else paddle.enable_grad():
            with pytest.raises(ValueError, match="Leaf"):
                x[0] = 2.0
            np.testing.assert_array_equal(x.numpy(), before)
            with pytest.raises(ValueError, match="Leaf"):
                x.add_(x.detach())  # Paddle says so after it has added


def test_without_gradients_it_is_paddles_own():
    x, whole = leaf(3), paddle.zeros([3], "int64")
    with twice_differentiable():
        whole[0] = 5
        with paddle.no_grad():
            y = x * 2.0
            y[0] = 1.0
            y[1:].add_(paddle.ones([2], "float64"))
        assert y.stop_gradient and whole.stop_gradient and int(whole[0]) == 5
        assert float(y[0]) == 1.0 and float(y[1]) == 2.0 * float(x[1]) + 1.0


@pytest.mark.parametrize("value", [2.0, 3, np.float64(4.0), np.arange(3.0), True])
def test_numbers_and_arrays_are_assigned_as_constants(value):
    x = leaf(4, 3)
    with twice_differentiable():
        y = x * x
        y[1] = value
        (first,) = paddle.grad((y * y).sum(), [x], create_graph=True)
        (second,) = paddle.grad(first.sum(), [x])
    np.testing.assert_array_equal(y[1].numpy(), np.broadcast_to(value, [3]).astype("float64"))
    own = np.arange(4)[:, None] != 1
    np.testing.assert_allclose(first.numpy(), 4 * x.numpy() ** 3 * own)
    np.testing.assert_allclose(second.numpy(), 12 * x.numpy() ** 2 * own)


def test_the_assigned_value_takes_the_type_of_the_tensor():
    x = leaf(3)
    with twice_differentiable():
        y = paddle.zeros([3], "float32")
        y[:2] = x[:2] * 2.0
        (gradient,) = paddle.grad(y.sum(), [x])
    assert y.dtype == paddle.float32 and gradient.dtype == paddle.float64
    np.testing.assert_array_equal(gradient.numpy(), [2, 2, 0])


def test_a_failed_assignment_changes_nothing():
    x = leaf(4, 3)
    with twice_differentiable():
        y = x * 2.0
        values = y.numpy().copy()
        with pytest.raises(Exception, match="shape|broadcast|dim"):
            y[0] = x[:, 0]
        np.testing.assert_array_equal(y.numpy(), values)
        (gradient,) = paddle.grad(y.sum(), [x])
    np.testing.assert_array_equal(gradient.numpy(), np.full([4, 3], 2.0))


@pytest.mark.parametrize("rules_are_on", [False, True])
@pytest.mark.parametrize(
    "item",
    [lambda p: p, lambda p: slice(p, p + 1), lambda p: (slice(p, p + 1), ...)],
    ids=["number", "slice", "slice and ellipsis"],
)
def test_an_index_that_counts_on_is_the_one_that_it_was(item, rules_are_on):
    x, place = live(paddle.ones([5, 4], "float64")), paddle.zeros([], "int64")
    with twice_differentiable() if rules_are_on else paddle.enable_grad():
        y = paddle.zeros([5, 4], "float64")
        for t in range(5):
            y[item(place)] = x[t] * (t + 1.0)
            place.add_(paddle.ones([], "int64"))
        (gradient,) = paddle.grad(y.sum(), [x])
    np.testing.assert_array_equal(gradient.numpy()[:, 0], [1, 2, 3, 4, 5])


@pytest.mark.parametrize("make", [np.array, list, lambda i: np.arange(3) == i[0], lambda i: paddle.to_tensor(i)])
def test_arrays_and_lists_that_change_after_they_were_an_index(make):
    x = live(paddle.arange(12, dtype="float64").reshape([3, 4]))
    with twice_differentiable():
        y, index = x * 1.0, make([0])
        y[index] = x[1:2] * 3.0
        if isinstance(index, (list, np.ndarray)) and len(index) == 1:
            index[0] = 10**9  # far beyond the tensor: it once ended the process
        elif isinstance(index, np.ndarray):
            index[:] = True
        else:
            index.set_value(paddle.to_tensor([2]))
        (gradient,) = paddle.grad((y * y).sum(), [x])
    expected = 2.0 * x.numpy()
    expected[1] += 2 * 9.0 * x.numpy()[1]
    expected[0] = 0.0
    np.testing.assert_allclose(gradient.numpy(), expected)


def test_what_does_not_need_the_old_values_is_not_disturbed():
    x = leaf(4, 3)
    with twice_differentiable():
        y = x * 2.0
        before = paddle.concat([y, y * 3.0]).sum() + paddle.tril(y).sum() + y.mean()
        y[0] = 0.0
        (gradient,) = paddle.grad(before, [x])
    expected = np.full([4, 3], 8.0) + 2 * np.tril(np.ones([4, 3])) + 2 / 12
    np.testing.assert_allclose(gradient.numpy(), expected)


def test_assign_has_an_output():
    x, v = leaf(4, 3), leaf(4, 3)
    with twice_differentiable():
        y = x * x
        paddle.assign(v * v, output=y)
        first = paddle.grad((y * y).sum(), [x, v], allow_unused=True, create_graph=True)
        (second,) = paddle.grad(first[1].sum(), [v])
    assert first[0] is None or not first[0].numpy().any()
    np.testing.assert_allclose(first[1].numpy(), 4 * v.numpy() ** 3)
    np.testing.assert_allclose(second.numpy(), 12 * v.numpy() ** 2)


def test_a_leaf_is_assigned_to_what_had_no_gradient():
    v = leaf(4, 3)
    with twice_differentiable():
        y = paddle.zeros([4, 3], "float64")
        paddle.assign(v, output=y)
        (first,) = paddle.grad((y**3).sum(), [v], create_graph=True)
        (second,) = paddle.grad(first.sum(), [v])
    np.testing.assert_allclose(second.numpy(), 6 * v.numpy())


def test_a_cache_that_is_written_without_gradients_stays_a_constant():
    x, cache = leaf(3), paddle.zeros([3], "float64")
    with twice_differentiable():
        h = x * x
        with paddle.no_grad():
            cache[:] = h
        assert cache.stop_gradient
        (gradient,) = paddle.grad((h * cache).sum(), [x])
    np.testing.assert_allclose(gradient.numpy(), 2 * x.numpy() ** 3)


# What needed the old values


def negated(mask):
    mask.logical_not_()


def moved(numbers):
    numbers.add_(paddle.ones_like(numbers))


#: An op, another tensor that it is given, and what becomes of that afterwards.
GIVEN = {
    "cross_entropy": (F.cross_entropy, ids(0, 1, 0, 1), moved),
    "nll_loss": (lambda x, y: F.nll_loss(F.log_softmax(x), y), ids(0, 1, 0, 1), moved),
    "embedding": (lambda x, y: F.embedding(y, x) ** 2, ids(0, 1, 2, 0), moved),
    "gather": (lambda x, y: paddle.gather(x, y) ** 2, ids(0, 1, 2, 0), moved),
    "index_sample": (lambda x, y: paddle.index_sample(x, y) ** 2, ids([0], [1], [0], [1]), moved),
    "scatter": (lambda x, y: paddle.scatter(x, y, 2 * x) ** 2, ids(0, 1, 2, 0), moved),
    "index_put": (lambda x, y: paddle.index_put(x, (y,), x * 2.0) ** 2, ids(0, 1, 2, 0), moved),
    "put_along_axis": (lambda x, y: paddle.put_along_axis(x * x, y, 1.0 * x[:, :1], 1), ids([0], [1], [0], [1]), moved),
    "masked_fill": (lambda x, y: paddle.masked_fill(x * x, y, 2.0), paddle.to_tensor([True, False, True]), negated),
    "where": (lambda x, y: paddle.where(y, x * x, x), paddle.to_tensor([True, False, True]), negated),
    "getitem": (lambda x, y: x[y] ** 2, ids(0, 1, 2, 0), moved),
    "setitem": (lambda x, y: assigned(x, y) ** 2, ids(0, 1), moved),
    "bce weight": (
        lambda x, y: F.binary_cross_entropy_with_logits(x, paddle.ones([4, 3], "float64"), y),
        paddle.ones([4, 3], "float64"),
        moved,
    ),
}


def assigned(x, index):
    y = x * 1.0
    y[index] = x[2:] * 3.0
    return y


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", GIVEN)
def test_labels_and_indices_that_change_before_the_backward_are_an_error_or_a_copy(name, order):
    function, given, change = GIVEN[name]

    def gradient(then):
        x, other = paddle.to_tensor(np.linspace(-1, 1, 12).reshape(4, 3), stop_gradient=False), given.clone()
        with twice_differentiable():
            value = function(x, other).sum()
            if order == 1:
                then(other)
                return paddle.grad(value, [x])[0]
            (first,) = paddle.grad(value, [x], create_graph=True)
            then(other)
            return paddle.grad((first * first).sum(), [x])[0]

    right = gradient(lambda other: None)
    try:
        found = gradient(change)
    except RuntimeError as error:
        assert "in-place" in str(error) or "inplace" in str(error)
    else:
        np.testing.assert_array_equal(found.numpy(), right.numpy())


RESULTS = [
    "F.gelu", "F.relu", "F.relu6", "F.softmax", "F.sigmoid", "F.log_softmax", "F.elu", "paddle.exp", "paddle.sqrt",
    "paddle.tan", "paddle.logsumexp", "paddle.prod", "paddle.cumprod", "paddle.max", "F.conv2d", "nn.BatchNorm1D",
    "nn.LayerNorm", "nn.LSTM", "nn.GRU", "nn.SimpleRNN", "linalg.inv", "linalg.cholesky", "linalg.det", "linalg.svd",
    "linalg.eigh", "linalg.norm", "F.cross_entropy", "F.normalize", "paddle.matmul", "F.max_pool2d", "F.embedding",
]  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_results_that_are_changed_have_exact_derivatives_or_an_error(name):
    """A pullback may need its op's result; `sweep.py --in-place` looks at all."""
    problem = all_cases()[name].changed_in_place().problem()
    everything = range(len(problem.tensors))
    try:
        found = check_choice(problem, everything, everything)
    except (NotTwiceDifferentiableError, RuntimeError) as error:
        assert "view" in str(error) or "in-place" in str(error) or "inplace" in str(error)
    else:
        assert found.error < 1e-6


def test_graphs_with_changes_are_freed():
    def once():
        x = leaf(4, 3)
        with twice_differentiable():
            y = x * x
            y[0] = F.gelu(x[1])
            y.multiply_(x)
            state = paddle.zeros([4, 3], "float64")
            for t in range(3):
                state[:, t] = y[:, t] if t == 0 else y[:, t] * F.gelu(x[:, t])
            (g,) = paddle.grad((state**2).sum(), [x], create_graph=True)
            paddle.grad((g**2).sum(), [x])

    def alive():
        gc.collect()
        return sum(isinstance(each, _Recorded) for each in gc.get_objects())

    once()
    before = alive()
    for _ in range(3):
        once()
    assert alive() == before


# In a task


class Writes(nn.Layer):
    """A net that writes into tensors, in one of several ways."""

    def __init__(self, how):
        super().__init__()
        self.how = how
        self.first, self.last = nn.Linear(3, 2), nn.Linear(4, 2)
        self.register_buffer("seen", paddle.zeros([2]))

    def forward(self, x):
        h = paddle.tanh(self.first(x))
        both = paddle.zeros([x.shape[0], 4])
        both[:, :2], both[:, 2:] = h, h * h
        if self.how == "mask":
            both[both > 0.3] = 0.1
        elif self.how == "ops":
            both.add_(both * 0.5).tanh_()
        elif self.how == "view":
            both = both.clone().reshape([-1, 2, 2])
            both[:, 0] = 0.1
            both = both.reshape([-1, 4])
        elif self.how == "buffer":
            both = both * (1.0 + self.seen.mean())
            self.seen[0] = h.mean()
        return self.last(both)

    def written_otherwise(self, x):
        h = paddle.tanh(self.first(x))
        both = paddle.concat([h, h * h], -1)
        if self.how == "mask":
            both = paddle.where(both > 0.3, paddle.full_like(both, 0.1), both)
        elif self.how == "ops":
            both = paddle.tanh(both + both * 0.5)
        elif self.how == "view":
            both = paddle.concat([paddle.full_like(h, 0.1), h * h], -1)
        return self.last(both)


@pytest.fixture
def tasks(float64):
    def drawn():
        return paddle.randn([5, 3]), paddle.randn([5, 2])

    return [(drawn(), drawn()) for _ in range(2)]


@pytest.mark.parametrize("vectorize", [False, "auto"])
@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
@pytest.mark.parametrize("how", ["zeros", "mask", "ops", "buffer"])
def test_the_meta_gradient_equals_differences(how, way, vectorize, tasks):
    if (how, way) == ("buffer", "checkpointed"):
        pytest.skip("what a buffer has a derivative of can't be replayed: test_buffers.py")
    net = Writes(how)
    opt = metaopt.MAMLOptimizer(0.1, parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, meta_gradient=way)
    seen = net.seen.numpy().copy()

    def loss():
        with paddle.no_grad():
            net.seen.set_value(seen)
        return opt.meta_loss(net, tasks, F.mse_loss, vectorize=vectorize)

    loss().backward()
    gradients = [p.grad.numpy().copy() for p in net.parameters()]
    assert compare_with_differences(lambda: float(loss()), gradients, net.parameters()).error < 1e-6
    assert net.seen.stop_gradient


FIRST_ORDER = [
    partial(metaopt.MAMLOptimizer, adapt_steps=2, first_order=True),
    partial(metaopt.ReptileOptimizer, adapt_steps=2),
]


@pytest.mark.parametrize(
    "make, rtol",
    [
        (FIRST_ORDER[0], 1e-9),
        (partial(metaopt.MAMLOptimizer, adapt_steps=2, meta_gradient="hessian_free"), 1e-5),  # it takes differences
        (FIRST_ORDER[1], 1e-9),
        (metaopt.IMAMLOptimizer, 1e-9),
    ],
    ids=["first_order", "hessian_free", "reptile", "imaml"],
)
@pytest.mark.parametrize("how", ["zeros", "mask", "ops", "view"])
def test_other_ways_give_what_they_give_without_writing(how, make, rtol, tasks):
    found = []
    for forward in (Writes.forward, Writes.written_otherwise):
        paddle.seed(4)
        net = type("Net", (Writes,), {"forward": forward})(how)
        if how == "view" and make not in FIRST_ORDER:
            pytest.skip("second derivatives refuse a view")
        opt = make(0.1, parameters=net.parameters(), inner_lr=0.3)
        opt.meta_loss(net, tasks, F.mse_loss).backward()
        found.append([p.grad.numpy().copy() for p in net.parameters()])
    for first, second in zip(*found):
        np.testing.assert_allclose(first, second, rtol=rtol, atol=1e-3 * rtol)
