"""Paddle's own nodes that the audit lets pass: each one's second derivative, against finite differences."""

import itertools

import paddle
import paddle.nn.functional as F
import pytest

from paddle_metaopt.double_grad.audit import VERIFIED_NATIVE
from paddle_metaopt.double_grad.checking import check_twice_differentiable

INDEX = paddle.to_tensor([2, 0, 2])

# Node: functions that make it (and perhaps others that are verified too), with their number of inputs
CASES = {
    "Abs": [(paddle.abs, 1)],
    "Add": [(lambda x, y: x + y, 2), (lambda x, y: x[0] + y, 2), (lambda x, y: x + y.sum(1, keepdim=True), 2)],
    "Assign": [(lambda x: x.clone(), 1)],
    "Cast": [(lambda x: x.astype("float32").astype("float64") * 0 + x.astype("float64"), 1)],
    "Clip": [(lambda x: paddle.clip(x, -0.4, 0.6), 1)],
    "Divide": [(lambda x, y: x / (2 + y * y), 2), (lambda x, y: x[0] / (2 + y * y), 2), (lambda x: 1 / (2 + x * x), 1)],
    "DivScale": [(lambda x: x / 3, 1)],
    "Exp": [(paddle.exp, 1)],
    "Expand": [(lambda x: x.expand([2, 3, 4]), 1), (lambda x: x.sum(0, keepdim=True).expand([3, 4]), 1)],
    "Gather": [(lambda x: paddle.gather(x, INDEX), 1), (lambda x: paddle.gather(x, INDEX, 1), 1)],
    "LeakyRelu": [(F.leaky_relu, 1)],
    "Log": [(lambda x: paddle.log(2 + x * x), 1)],
    "Matmul": [(lambda x, y: paddle.matmul(x, y, False, True), 2), (lambda x, y: x @ y.t(), 2)],
    "Mean": [(lambda x: x.mean(), 1), (lambda x: x.mean(0), 1), (lambda x: x.mean([0, 1], keepdim=True), 1)],
    "Multiply": [(lambda x, y: x * y, 2), (lambda x, y: x * y.sum(), 2), (lambda x, y: x[0] * y, 2)],
    "Pow": [(lambda x: x**3, 1), (lambda x: (2 + x * x) ** -0.5, 1)],
    "Relu": [(F.relu, 1)],
    "Reshape": [(lambda x: x.reshape([2, 6]), 1)],
    "Rsqrt": [(lambda x: paddle.rsqrt(2 + x * x), 1)],
    "Scale": [(lambda x: -2 * x + 3, 1)],
    "Sigmoid": [(F.sigmoid, 1)],
    "Slice": [(lambda x: x[1:], 1), (lambda x: x[..., 1], 1), (lambda x: x[1, 1:3], 1)],
    "Split": [(lambda x: paddle.split(x, [1, 3], 1)[1], 1), (lambda x: paddle.split(x, [1, 2])[0], 1)],
    "Sqrt": [(lambda x: paddle.sqrt(2 + x * x), 1)],
    "Square": [(paddle.square, 1)],
    "Squeeze": [(lambda x: x.reshape([3, 1, 4]).squeeze(1), 1)],
    "Subtract": [(lambda x, y: x - y, 2), (lambda x, y: x - y[0], 2)],
    "Sum": [(lambda x: x.sum(), 1), (lambda x: x.sum(1), 1), (lambda x: x.sum([0], keepdim=True), 1)],
    "Tanh": [(F.tanh, 1)],
    "Tile": [(lambda x: x.tile([2, 1]), 1)],
    "Transpose": [(lambda x: x.transpose([1, 0]), 1), (lambda x: x.t(), 1)],
    "Unsqueeze": [(lambda x: x.unsqueeze(1), 1)],
}  # fmt: skip


def test_every_verified_node_has_a_case():
    assert {name + "GradNode" for name in CASES} == set(VERIFIED_NATIVE)


def nodes_below(node, seen):
    if node is not None and node.node_ptr() not in seen:
        seen[node.node_ptr()] = node.name()
        for below in node.next_functions:
            nodes_below(below, seen)
    return set(seen.values())


@pytest.mark.parametrize("name", CASES)
def test_second_derivative_equals_differences(name):
    paddle.seed(2)
    seen = set()
    for function, count in CASES[name]:
        for size in range(1, count + 1):
            for needing in itertools.combinations(range(count), size):
                for inner_size in range(1, size + 1):
                    for inner in itertools.combinations(needing, inner_size):
                        tensors = [paddle.randn([3, 4], "float64") for _ in range(count)]
                        for position in needing:
                            tensors[position].stop_gradient = False
                        result = check_twice_differentiable(function, tensors, inner)
                        for order, comparison in result.items():
                            assert comparison.error < 1e-6, (order, needing, inner, comparison)
                        seen |= nodes_below(function(*tensors).grad_fn, {})
    if not (name == "DivScale" and paddle.__version__ < "3.3"):  # a Scale node there
        assert name + "GradNode" in seen
