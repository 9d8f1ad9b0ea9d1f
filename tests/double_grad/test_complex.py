"""Complex tensors: closed forms of holomorphic functions, and what of Paddle's own holds for real numbers alone."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddle_metaopt import NotTwiceDifferentiableError, twice_differentiable
from paddle_metaopt.double_grad import kernels
from paddle_metaopt.double_grad.graph import node_of, walk
from paddle_metaopt.double_grad.registry import NATIVELY_EXACT
from paddle_metaopt.double_grad.testing import compare_with_differences


def logistic(z):
    return 1 / (1 + np.exp(-z))


def d_logistic(z):
    return logistic(z) * (1 - logistic(z))


def d2_logistic(z):
    return d_logistic(z) * (1 - 2 * logistic(z))


#: Function, its first and its second complex derivative.
HOLOMORPHIC = {
    "exp": (paddle.exp, np.exp, np.exp),
    "expm1": (paddle.expm1, np.exp, np.exp),
    "log": (paddle.log, lambda z: 1 / z, lambda z: -1 / z**2),
    "log1p": (paddle.log1p, lambda z: 1 / (1 + z), lambda z: -1 / (1 + z) ** 2),
    "log2": (paddle.log2, lambda z: 1 / (z * np.log(2)), lambda z: -1 / (z**2 * np.log(2))),
    "log10": (paddle.log10, lambda z: 1 / (z * np.log(10)), lambda z: -1 / (z**2 * np.log(10))),
    "reciprocal": (paddle.reciprocal, lambda z: -1 / z**2, lambda z: 2 / z**3),
    "sqrt": (paddle.sqrt, lambda z: 0.5 * z**-0.5, lambda z: -0.25 * z**-1.5),
    "sin": (paddle.sin, np.cos, lambda z: -np.sin(z)),
    "tan": (paddle.tan, lambda z: 1 / np.cos(z) ** 2, lambda z: 2 * np.tan(z) / np.cos(z) ** 2),
    "asin": (paddle.asin, lambda z: (1 - z * z) ** -0.5, lambda z: z * (1 - z * z) ** -1.5),
    "atan": (paddle.atan, lambda z: 1 / (1 + z * z), lambda z: -2 * z / (1 + z * z) ** 2),
    "sinh": (paddle.sinh, np.cosh, np.sinh),
    "cosh": (paddle.cosh, np.sinh, np.cosh),
    "atanh": (paddle.atanh, lambda z: 1 / (1 - z * z), lambda z: 2 * z / (1 - z * z) ** 2),
    "square": (paddle.square, lambda z: 2 * z, lambda z: 2 + 0 * z),
    "a complex power": (
        lambda z: z ** (1 + 2j),
        lambda z: (1 + 2j) * z**2j,
        lambda z: (1 + 2j) * 2j * z ** (2j - 1),
    ),
    "a power of a complex number": (
        lambda z: (1 + 2j) ** z,
        lambda z: np.log(1 + 2j) * (1 + 2j) ** z,
        lambda z: np.log(1 + 2j) ** 2 * (1 + 2j) ** z,
    ),
    "sigmoid": (F.sigmoid, d_logistic, d2_logistic),
    "log_sigmoid": (F.log_sigmoid, lambda z: logistic(-z), lambda z: -d_logistic(z)),
    "softplus": (F.softplus, logistic, d_logistic),
    "silu": (
        F.silu,
        lambda z: logistic(z) + z * d_logistic(z),
        lambda z: 2 * d_logistic(z) + z * d2_logistic(z),
    ),
}


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_gradients_of_holomorphic_functions_have_their_closed_form(name):
    """With f = u + iv, the weight c = a + ib and L = Re(c f): dL/dx = Re(c f'), dL/dy = -Im(c f'), and
    d2L/dx2 = Re(c f'')."""
    function, slope, curvature = HOLOMORPHIC[name]
    points, c = np.array([0.7 + 0.5j, -0.4 + 0.3j, 0.2 - 0.6j]), 0.6 + 1.1j
    x, y = (paddle.to_tensor(part, stop_gradient=False) for part in (points.real.copy(), points.imag.copy()))
    for create_graph in (False, True):
        with twice_differentiable():
            loss = (function(paddle.complex(x, y)) * c).real().sum()
            by_x, by_y = paddle.grad(loss, [x, y], create_graph=create_graph)
        np.testing.assert_allclose(by_x.numpy(), (c * slope(points)).real, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(by_y.numpy(), -(c * slope(points)).imag, rtol=1e-9, atol=1e-12)
    by_xx, by_xy = paddle.grad(by_x.sum(), [x, y])
    np.testing.assert_allclose(by_xx.numpy(), (c * curvature(points)).real, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(by_xy.numpy(), -(c * curvature(points)).imag, rtol=1e-9, atol=1e-12)


FAR = [0.3 + 0.2j, 0.5 + 9j, -0.5 - 9j, 30 + 2j, -30 + 2j, 2 - 7j, 25 - 1j, -0.1 + 3j, 0j]


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize(
    "function", [paddle.exp, F.sigmoid, F.log_sigmoid, F.softplus, lambda z: F.softplus(z, 0.5, 1.0), F.silu]
)
def test_rules_more_accurate_than_paddles_kernels_have_their_values(function, dtype):
    z = paddle.to_tensor(FAR, dtype)
    plain = function(z).numpy()
    z.stop_gradient = False
    with twice_differentiable():
        ours = function(z)
    np.testing.assert_allclose(ours.numpy(), plain, rtol=2e-6, atol=1e-6)
    assert str(ours.numpy().dtype) == dtype


def test_sigmoid_and_its_relatives_do_not_overflow():
    z = paddle.to_tensor([-800 + 1j, 800 + 1j], "complex128", stop_gradient=False)
    for function, values, slopes in [
        (F.sigmoid, [0, 1], [0, 0]),
        (F.softplus, [0, 800 + 1j], [0, 1]),
        (F.silu, [0, 800 + 1j], [0, 1]),
    ]:
        with twice_differentiable():
            y = function(z)
            (gradient,) = paddle.grad(y.real().sum(), [z], create_graph=True)
        np.testing.assert_allclose(y.numpy(), values, atol=1e-12)
        np.testing.assert_allclose(gradient.numpy(), slopes, atol=1e-12)


def test_a_power_with_a_complex_exponent_keeps_its_value():
    z = paddle.to_tensor([1 + 2j], "complex128", stop_gradient=False)
    x = paddle.to_tensor([3.0], "float64", stop_gradient=False)
    with twice_differentiable():
        powers = [z**1j, z ** np.complex64(1j), 1j**z, x**1j, 1j**x]
    expected = [(1 + 2j) ** 1j, (1 + 2j) ** 1j, 1j ** (1 + 2j), 3**1j, 1j**3]
    np.testing.assert_allclose([power.item() for power in powers], expected, rtol=1e-12)


REAL_BESIDE_COMPLEX = {
    "add": lambda x, z: x + z,
    "subtract": lambda x, z: z - x,
    "multiply": lambda x, z: x * z,
    "divide": lambda x, z: x / z,
    "divide by": lambda x, z: z / x,
    "power": lambda x, z: x**z,
    "base": lambda x, z: z**x,
    "matmul": lambda x, z: x @ z,
    "matmul from the right": lambda x, z: z @ x,
    "where": lambda x, z: paddle.where(paddle.to_tensor([[True, False], [False, True]]), x.astype(z.dtype), z),
}


@pytest.mark.parametrize("types", [("float64", "complex128"), ("float32", "complex64"), ("float64", "complex64")])
@pytest.mark.parametrize("name", REAL_BESIDE_COMPLEX)
def test_each_gradient_has_the_type_of_its_operand(name, types):
    x = paddle.to_tensor([[0.5, 1.5], [0.7, 1.2]], types[0], stop_gradient=False)
    z = paddle.to_tensor([[0.4 + 0.3j, 1j], [1 - 1j, 2 + 0j]], types[1], stop_gradient=False)
    with twice_differentiable():
        y = REAL_BESIDE_COMPLEX[name](x, z)
        gradients = paddle.grad((y * y).real().sum(), [x, z], create_graph=True)
        penalty = sum(paddle.abs(g * g).sum().astype("float64") for g in gradients)
        again = paddle.grad(penalty, [x, z])
    assert [g.dtype for g in (*gradients, *again)] == [x.dtype, z.dtype] * 2


REAL_ONLY = {
    "hardswish": F.hardswish,
    "remainder": lambda z: z % 2,
}


@pytest.mark.parametrize("op", REAL_ONLY)
def test_what_has_no_meaning_for_complex_numbers_is_refused(op):
    z = paddle.to_tensor([0.4 + 0.3j, 1j, 2 - 1j], "complex128", stop_gradient=False)
    with twice_differentiable(), pytest.raises(NotTwiceDifferentiableError, match=f"{op}: expected real tensors"):
        REAL_ONLY[op](z)


def test_an_op_that_a_module_of_paddle_holds_by_name_has_its_rule():
    held = kernels.held_by_name(["matmul", "multiply"])
    if not hasattr(paddle.linalg, "matmul"):  # Paddle 3.1, where none does
        pytest.skip("no module of this Paddle holds an op by name")
    assert (paddle.tensor.linalg, "matmul") in [(module, name) for module, name, *_ in held]
    with twice_differentiable():
        for module, name, value, op in held:
            assert getattr(module, name) is not value and value is getattr(kernels.native, op)
    for module, name, value, _ in held:
        assert getattr(module, name) is value


MATRIX = paddle.to_tensor([[0.4 + 0.3j, 1j], [1 - 1j, 2 + 0j]], "complex128")
INDEX = paddle.to_tensor([1, 0])

#: Paddle's own nodes that have real coefficients: right for complex numbers too, and in a complex case of the table.
LINEAR = {
    "AddNFinal": lambda z: paddle.add_n([z, z]),
    "Assign": paddle.assign,
    "Cast": lambda z: z.astype("complex64"),
    "Expand": lambda z: paddle.expand(z, [3, 2, 2]),
    "Flip": lambda z: paddle.flip(z, [0]),
    "Gather": lambda z: paddle.gather(z, INDEX),
    "GatherNd": lambda z: paddle.gather_nd(z, INDEX.unsqueeze(1)),
    "IndexElementwiseGet": lambda z: z[INDEX],
    "IndexSelect": lambda z: paddle.index_select(z, INDEX),
    "MaskedSelect": lambda z: paddle.masked_select(z, paddle.real(z) > 0.5),
    "Mean": paddle.mean,
    "Reshape": lambda z: paddle.reshape(z, [4]),
    "Scale": lambda z: paddle.scale(z, 2.0),
    "Slice": lambda z: paddle.slice(z, [0], [0], [1]),
    "Split": lambda z: paddle.split(z, [1, 1])[0],
    "Squeeze": lambda z: paddle.squeeze(z[:1], 0),
    "Subtract": lambda z: z - MATRIX,
    "Sum": paddle.sum,
    "Tile": lambda z: paddle.tile(z, [2, 1]),
    "Transpose": lambda z: paddle.transpose(z, [1, 0]),
    "Unbind": lambda z: paddle.unbind(z)[0],
    "Unsqueeze": lambda z: paddle.unsqueeze(z, 0),
    "ViewShape": lambda z: z.view([4]),
    "Where": lambda z: paddle.where(paddle.real(z) > 0.5, z, MATRIX),
}

#: Those that were verified for real numbers: for complex ones Paddle has no kernel, or there is a rule.
OTHERS = {
    "Abs": paddle.abs,
    "Add": lambda z: z + z,
    "Concat": lambda z: paddle.concat([z, z]),
    "Cos": paddle.cos,
    "DivScale": lambda z: z / 3,
    "Divide": lambda z: z / z,
    "Exp": paddle.exp,
    "IndexAdd": lambda z: paddle.index_add(z, INDEX, 0, z),
    "LeakyRelu": F.leaky_relu,
    "Log": paddle.log,
    "Matmul": lambda z: z @ z,
    "Maximum": lambda z: paddle.maximum(z, MATRIX),
    "Minimum": lambda z: paddle.minimum(z, MATRIX),
    "Multiply": lambda z: z * z,
    "Pow": lambda z: z**3,
    "Relu": F.relu,
    "RepeatInterleave": lambda z: paddle.repeat_interleave(z, 2),
    "RepeatInterleaveWithTensorIndex": lambda z: paddle.repeat_interleave(z, paddle.to_tensor([1, 2]), 0),
    "Rsqrt": paddle.rsqrt,
    "Sigmoid": F.sigmoid,
    "Sign": paddle.sign,
    "Sin": paddle.sin,
    "Softplus": F.softplus,
    "SplitWithNum": lambda z: paddle.split(z, 2),
    "Sqrt": paddle.sqrt,
    "Square": paddle.square,
    "Stack": lambda z: paddle.stack([z, z]),
    "TakeAlongAxis": lambda z: paddle.take_along_axis(z, INDEX.unsqueeze(0), 0),
    "Tanh": paddle.tanh,
}


def result_of(function):
    z = MATRIX.clone()
    z.stop_gradient = False
    with twice_differentiable():
        return function(z)


def node_name(op):
    return "AddNGradNodeFinal" if op == "AddNFinal" else f"{op}GradNode"


def test_each_node_that_the_audit_passes_was_decided_on_for_complex_numbers():
    first_order = {node for node in NATIVELY_EXACT if not node.endswith(("DoubleGradNode", "TripleGradNode"))}
    assert sorted(first_order ^ {node_name(op) for op in (*LINEAR, *OTHERS)}) == []


@pytest.mark.parametrize("op", LINEAR)
def test_paddles_own_linear_node_stands_in_the_graph(op):
    if op == "IndexElementwiseGet" and paddle.__version__ < "3.3":
        pytest.skip("earlier Paddles pick by index with gather")
    assert node_name(op) in {node.name() for _, node, _ in walk([result_of(LINEAR[op])], ())}


@pytest.mark.parametrize("op", OTHERS)
def test_no_node_that_was_verified_for_real_numbers_alone_passes_for_complex_ones(op):
    try:
        (result, *_) = paddle.utils.flatten([result_of(OTHERS[op])])
    except Exception as error:
        assert "complex" in str(error), error
    else:
        assert node_of(result).name() != node_name(op)


THIRD = {
    "divide": lambda z: 1.5 / z,
    "expm1": paddle.expm1,
    "sinh": paddle.sinh,
    "sigmoid": F.sigmoid,
    "power": lambda z: z**z,
    "matmul": lambda z: paddle.matmul(z.reshape([2, 2]), paddle.sin(z).reshape([2, 2])),
}


@pytest.mark.parametrize("name", THIRD)
def test_third_derivative_equals_differences(name):
    paddle.seed(0)
    x, y = paddle.uniform([4], "float64", 0.4, 1.4), paddle.uniform([4], "float64", -0.6, 0.9)
    v, w = paddle.randn([4], "float64"), paddle.randn([4], "float64")
    x.stop_gradient = y.stop_gradient = False

    def second_along_v(create_graph):
        with twice_differentiable():
            z = THIRD[name](paddle.complex(x, y)) * (0.6 + 1.1j)
            first = paddle.grad((z.real() + z.imag() ** 2).sum(), [x, y], create_graph=True)
            return paddle.grad((first[0] * v + first[1] * w).sum(), [x, y], create_graph=create_graph)

    def along_w(create_graph=False):
        by_x, by_y = second_along_v(create_graph)
        return (by_x * w + by_y * v).sum()

    third = paddle.grad(along_w(create_graph=True), [x, y])
    result = compare_with_differences(lambda: float(along_w()), third, [x, y])
    assert result.error < 1e-6, result


def test_a_part_of_a_tensor_that_begins_half_way_between_two_complex_numbers():
    x = paddle.randn([9], "float64")
    x.stop_gradient = False

    def value():
        z = paddle.as_complex(x[1:7].reshape([3, 2]))
        return (paddle.concat([x[:1], paddle.as_real(z * z * z).flatten()]) * paddle.arange(7, dtype="float64")).sum()

    with twice_differentiable():
        (slope,) = paddle.grad(value(), [x], create_graph=True)
        loss = (slope**2).sum()

    def penalty():
        with twice_differentiable():
            return float((paddle.grad(value(), [x])[0] ** 2).sum())

    assert compare_with_differences(penalty, paddle.grad(loss, [x]), [x]).error < 1e-6
