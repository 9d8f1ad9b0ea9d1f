"""`vmap` against a loop in Python, its axes, its errors."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")


def close(ours, theirs):
    return list(ours.shape) == list(theirs.shape) and float((ours - theirs).abs().max()) < 1e-12


def looped(function, *stacks):
    results = [function(*slices) for slices in zip(*stacks)]
    if isinstance(results[0], (list, tuple)):
        return [paddle.stack(list(parts)) for parts in zip(*results)]
    return paddle.stack(results)


def net():
    return nn.Sequential(nn.Conv2D(1, 3, 3), nn.BatchNorm2D(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4))


def test_gradients_of_each_example():
    model, x, y = net(), paddle.randn([5, 2, 1, 6, 6]), paddle.randint(0, 4, [5, 2])

    def gradients(x, y):
        return paddle.grad(F.cross_entropy(model(x), y), [p for p in model.parameters() if not p.stop_gradient])

    for ours, theirs in zip(metaopt.vmap(gradients)(x, y), looped(gradients, x, y)):
        assert close(ours, theirs)


def test_gradients_for_inputs_and_for_what_is_shared():
    w = paddle.randn([3])
    w.stop_gradient = False
    x = paddle.randn([4, 3])

    def gradients(x):
        x.stop_gradient = False
        return paddle.grad(((x * w) ** 2).sum(), [w, x])

    for ours, theirs in zip(metaopt.vmap(gradients)(x), looped(gradients, x)):
        assert close(ours, theirs)
    assert x.stop_gradient


def test_second_derivatives_inside():
    x = paddle.randn([4, 3])

    def hessian_times_ones(x):
        x.stop_gradient = False
        (g,) = paddle.grad((paddle.sin(x) * x.sum()).sum(), [x], create_graph=True)
        return paddle.grad(g.sum(), [x])[0]

    with metaopt.twice_differentiable():
        assert close(metaopt.vmap(hessian_times_ones)(x), looped(hessian_times_ones, x))


def ensemble_of(weights, x):
    first, bias, second = weights["first"], weights["bias"], weights["second"]
    return F.linear(F.gelu(F.linear(x, first, bias)), second)


def stacked_weights():
    weights = {"first": paddle.randn([6, 3, 8]), "bias": paddle.randn([6, 8]), "second": paddle.randn([6, 8, 2])}
    for weight in weights.values():
        weight.stop_gradient = False
    return weights


def test_an_ensemble_and_its_gradients_from_outside():
    weights, x = stacked_weights(), paddle.randn([5, 3])
    ours = metaopt.vmap(ensemble_of, in_axes=(0, None))(weights, x)
    theirs = paddle.stack([ensemble_of({k: w[i] for k, w in weights.items()}, x) for i in range(6)])

    assert close(ours, theirs)
    leaves = list(weights.values())
    for a, b in zip(paddle.grad((ours**2).sum(), leaves), paddle.grad((theirs**2).sum(), leaves)):
        assert close(a, b)


def test_second_derivatives_from_outside():
    weights, x = stacked_weights(), paddle.randn([5, 3])
    leaves = list(weights.values())

    def product(run):
        with metaopt.twice_differentiable():
            first = paddle.grad((run() ** 2).sum(), leaves, create_graph=True)
            return paddle.grad(sum((g**2).sum() for g in first), leaves)

    ours = product(lambda: metaopt.vmap(ensemble_of, in_axes=({"first": 0, "bias": 0, "second": 0}, None))(weights, x))
    theirs = product(lambda: paddle.stack([ensemble_of({k: w[i] for k, w in weights.items()}, x) for i in range(6)]))
    for a, b in zip(ours, theirs):
        assert float((a - b).abs().max() / b.abs().max()) < 1e-12


def test_axes():
    x, y = paddle.randn([3, 4, 5]), paddle.randn([5])

    def function(pair, factor, sign=1.0):
        return {"product": pair[0] * pair[1] * factor * sign, "factor": factor}

    result = metaopt.vmap(function, in_axes=((1, None), -1), out_axes={"product": 1, "factor": 0})(
        (x, y), paddle.randn([4]), sign=-1.0
    )

    assert result["product"].shape == [3, 4, 5] and result["factor"].shape == [4]
    expected = paddle.stack([x[:, i] * y * result["factor"][i] * -1.0 for i in range(4)], 1)
    assert close(result["product"], expected)


def test_arrays_and_what_all_slices_share():
    shared = paddle.randn([2])
    doubled, same, text, repeated = metaopt.vmap(lambda x: (x * 2, shared, "text", shared), out_axes=(0, None, 0, 1))(
        np.arange(6.0).reshape(3, 2)
    )

    assert close(doubled, paddle.arange(6.0).reshape([3, 2]) * 2) and close(same, shared) and text == "text"
    assert close(repeated, paddle.stack([shared] * 3, 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, x: metaopt.vmap(f, in_axes="0"), "in_axes"),
        (lambda f, x: metaopt.vmap(f, out_axes=True), "out_axes"),
        (lambda f, x: metaopt.vmap(f, in_axes=(0, 0))(x), "2 entries for 1"),
        (lambda f, x: metaopt.vmap(f, in_axes=None)(x), "none of the arguments"),
        (lambda f, x: metaopt.vmap(f)(x=x), "none of the arguments is sliced; those by keyword are passed on whole"),
        (lambda f, x: metaopt.vmap(f, in_axes=2)(x), "axis 2"),
        (lambda f, x: metaopt.vmap(lambda x, y: x, in_axes=(0, 1))(x, x), "sizes differ: 3 along"),
        (lambda f, x: metaopt.vmap(f, out_axes=None)(x), "each slice has its own"),
        (lambda f, x: metaopt.vmap(f, out_axes=(0, 0))(x), "out_axes"),
        (lambda f, x: metaopt.vmap(f, out_axes=5)(x), "axis 5"),
        (lambda f, x: metaopt.vmap(f)(x.to_sparse_coo(2)), r"sparse tensor can't be sliced; use to_dense\(\)"),
        (lambda f, x: metaopt.vmap(f)(x[:0]), "no slice"),
    ],
)
def test_bad_axes(call, message):
    with pytest.raises(ValueError, match=message):
        call(lambda x: x * 2, paddle.randn([3, 2]))


class Reading(nn.Layer):
    def forward(self, x):
        return x * x.max().item()


def test_what_cannot_be_done_at_once_is_named_with_its_layer_and_line():
    with pytest.raises(metaopt.VectorizeError, match=r"Tensor.item.*layer Reading.*test_transform.py:\d+.*max\(\)"):
        metaopt.vmap(Reading())(paddle.randn([3, 2]))


def test_one_level():
    with pytest.raises(metaopt.VectorizeError, match="vmap inside another"):
        metaopt.vmap(lambda x: metaopt.vmap(lambda y: y * 2)(x))(paddle.randn([3, 2]))


def test_errors_of_the_function_keep_their_type():
    with pytest.raises(KeyError):
        metaopt.vmap(lambda x: {}["x"])(paddle.randn([3, 2]))
    assert close(metaopt.vmap(lambda x: x * 2)(paddle.ones([3])), paddle.full([3], 2.0))


def test_each_slice_draws_its_own_and_a_seed_gives_the_same():
    def drawn():
        paddle.seed(5)
        return metaopt.vmap(lambda x: F.dropout(x, 0.5) + paddle.rand([20]))(paddle.ones([2, 20]))

    first = drawn()
    assert not bool((first[0] == first[1]).all())
    assert bool((first == drawn()).all())


AXES = [np.int64(0), np.int64(1), np.array([0]), np.array([0, 1]), paddle.to_tensor(0), paddle.to_tensor(1), (), None]


@pytest.mark.parametrize("axis", AXES, ids=repr)
@pytest.mark.parametrize("reduction", [paddle.sum, paddle.mean, paddle.any, paddle.std, paddle.squeeze])
def test_an_axis_may_be_of_numpy_or_a_tensor(reduction, axis):
    x = paddle.randn([3, 4, 5])
    if reduction is paddle.any:
        x = x > 1
    if reduction is paddle.squeeze:
        x = x[:, :1, :1]

    ours, theirs = (each(lambda t: reduction(t, axis), x) for each in (applied, looped))

    assert close(ours.astype("float64"), theirs.astype("float64"))


def applied(function, *stacks):
    return metaopt.vmap(function)(*stacks)


LOOKUPS = {
    "embedding": lambda table, index: F.embedding(index, table),
    "gather": paddle.gather,
    "index_select": paddle.index_select,
}


@pytest.mark.parametrize("name", LOOKUPS)
@pytest.mark.parametrize("beyond", [5, 6, -6])
def test_an_index_beyond_its_table_reads_no_other_one(name, beyond):
    tables, index = paddle.randn([3, 5, 2]), paddle.to_tensor([[0, 1], [beyond, 1], [2, 4]])
    with pytest.raises((ValueError, IndexError)):
        metaopt.vmap(LOOKUPS[name])(tables, index)


def test_the_relu_of_many_has_the_slope_one_up_to_infinity():
    x = paddle.to_tensor([-1.0, 0.0, 2e-38, 1.0, 3.3e38, float("inf"), -float("inf"), float("nan")], "float32")
    x = x.tile([3, 3000])
    x.stop_gradient = False

    (ours,), (theirs,) = (paddle.grad(each(F.relu, x).sum(), [x]) for each in (applied, looped))

    assert bool((ours == theirs).all())


def test_the_relu_of_many_small_numbers_in_float64():
    x = paddle.full([3, 10000], 1e-40)
    x.stop_gradient = False

    assert bool((paddle.grad(applied(F.relu, x).sum(), [x])[0] == 1).all())


@pytest.mark.parametrize("function", [lambda x, y: x * y, lambda x, y: y / x, paddle.maximum, lambda x, y: x < y])
@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32"), ("float32", "int64")])
@pytest.mark.parametrize("shapes", [([3], [3]), ([3], [3, 4]), ([3, 4], [3])])
def test_a_number_is_promoted_as_it_is_for_one_task(function, dtypes, shapes):
    x, y = (paddle.randn(shape).abs().astype(dtype) + 1 for shape, dtype in zip(shapes, dtypes))
    try:
        theirs = looped(function, x, y)
    except TypeError as error:
        with pytest.raises(type(error)):
            applied(function, x, y)
    else:
        ours = applied(function, x, y)
        assert ours.dtype == theirs.dtype and close(ours.astype("float64"), theirs.astype("float64"))


def test_large_pictures_that_are_constants_first_and_then_are_not():
    x, w = paddle.rand([2, 5, 3, 100, 100]), paddle.rand([2, 2, 3, 3, 3])

    def slopes(x, w):
        with paddle.no_grad():
            constant = F.conv2d(x, w)
        x.stop_gradient = False
        (slope,) = paddle.grad(F.conv2d(x, w).sum(), [x])
        return slope, constant

    for ours, theirs in zip(applied(slopes, x, w), looped(slopes, x, w)):
        assert close(ours, theirs)


FACTORS = {
    "an array": lambda x: x @ np.eye(3, 2),
    "an array from the left": lambda x: np.eye(2, 3) @ x,
    "a tensor": lambda x: x @ paddle.eye(3, 2, dtype="float64"),
    "a tensor from the left": lambda x: paddle.eye(2, 3, dtype="float64") @ x,
}


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_of_another_type_is_taken_as_it_is_for_one_task(name):
    x = paddle.randn([4, 3, 3]).astype("float32")
    ours, theirs = metaopt.vmap(FACTORS[name])(x), looped(FACTORS[name], x)
    assert ours.dtype == theirs.dtype and close(ours, theirs)
