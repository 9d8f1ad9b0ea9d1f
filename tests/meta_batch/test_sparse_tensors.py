"""Graphs as sparse tensors: one of each episode, one that the net keeps, and one made of weights."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of
from paddle import nn

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")

EDGES = [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0]]


def graph(first=1.0):
    return paddle.sparse.sparse_coo_tensor(EDGES, [first, 2.0, 3.0, 4.0, 5.0], [5, 5])


class OnGraph(nn.Layer):
    def __init__(self, kept):
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.edges = self.create_parameter([5], default_initializer=nn.initializer.Constant(0.5))
        self.register_buffer("kept", kept)

    def forward(self, x, given=None):
        if given is None:
            given = self.kept
        if given is None:
            given = paddle.sparse.sparse_coo_tensor(EDGES, self.edges, [5, 5], stop_gradient=False)
        return given.to_dense() @ self.linear(x)


#: The net's own graph, if any, and those of the tasks.
GRAPHS = {"of each task": (None, [graph, lambda: graph(2.0)]), "kept": (graph, []), "of weights": (None, [])}


def problem(where, **options):
    kept, given = GRAPHS[where]
    paddle.seed(4)
    net = OnGraph(kept and kept())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.01, adapt_steps=2, **options)
    inputs = [(paddle.randn([5, 4]), given[task]()) if given else paddle.randn([5, 4]) for task in range(2)]
    return net, opt, [((x, paddle.randn([5, 3])),) * 2 for x in inputs]


@pytest.mark.filterwarnings("ignore:the tasks run one after the other")
@pytest.mark.parametrize("buffers", ["restore", "last", "mean"])
@pytest.mark.parametrize("where", GRAPHS)
def test_a_batch_gives_the_numbers_of_the_loop(where, buffers):
    found = []
    for vectorize in ("auto", False):
        net, opt, tasks = problem(where, first_order=where == "of weights", buffers=buffers)
        loss = opt.meta_loss(net, tasks, F.mse_loss, vectorize=vectorize)
        loss.backward()
        found.append([float(loss), *filter(lambda g: g is not None, gradients_of(net.parameters()))])
        opt.step()
        found[-1].append(metaopt.evaluate(net, opt, tasks, F.mse_loss).mean)
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("where", ["of each task", "of weights"])
def test_one_of_each_task_can_not_be_in_one_program(where):
    net, opt, tasks = problem(where)
    with pytest.raises(metaopt.VectorizeError, match="a sparse tensor of which each task has its own"):
        opt.meta_loss(net, tasks, F.mse_loss, vectorize=True)
