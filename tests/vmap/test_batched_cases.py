"""A part of the table of cases, batched, against a loop over the tasks; `batched_cases.py` does the whole."""

import paddle
import pytest
from batched_cases import choices
from batched_graphs import judge
from cases import all_cases
from equality import compare, on_given_weights
from helpers import OLDER_PADDLE, in_a_fork

from paddle_metaopt.vmap import Batched, CannotBatch, batching
from paddle_metaopt.vmap.registry import RULES, below

#: Cases of which a rule is expected, whatever is batched: none of their ops runs task by task.
BY_RULE = """
F.linear|F.embedding|F.embedding padding|F.conv1d|F.conv2d grouped|F.conv2d_transpose|F.conv3d|nn.LayerNorm
nn.GroupNorm|nn.InstanceNorm2D|nn.BatchNorm2D|F.batch_norm eval|F.softmax|F.log_softmax|F.cross_entropy
F.cross_entropy soft labels|F.nll_loss|F.binary_cross_entropy|F.smooth_l1_loss|F.kl_div|F.mse_loss|F.max_pool2d
F.avg_pool2d|F.adaptive_avg_pool2d|F.interpolate bilinear|F.pad|F.pixel_shuffle|F.prelu|F.glu|F.cosine_similarity
nn.MultiHeadAttention|nn.TransformerEncoderLayer|nn.LSTM|nn.GRU|nn.LSTMCell|nn.Bilinear|paddle.where|paddle.gather
paddle.index_select|paddle.take_along_axis|paddle.cumsum|paddle.tile|paddle.triu|linalg.norm|paddle.einsum ij,jk->ki
paddle.topk|paddle.sort|paddle.flip|paddle.diagonal|paddle.stack|paddle.concat|paddle.std|paddle.addmm|paddle.bmm
paddle.logsumexp|paddle.masked_fill|F.normalize|F.unfold
""".replace("\n", "|").strip("|").split("|")  # fmt: skip

#: Ops that run task by task.
BY_LOOP = """
paddle.logsumexp four axes|linalg.inv|linalg.svd|F.grid_sample|F.rrelu|paddle.scatter_nd_add|fft.rfft
""".strip().split("|")

#: What can't be done for all tasks at once.
REFUSED = ["paddle.as_strided", "paddle.masked_scatter"]

CASES = all_cases()


def verdicts(name):
    problem = CASES[name].problem()
    function = on_given_weights(problem)
    found = [compare(function, problem.tensors, choice) for choice in choices(len(problem.tensors))]
    assert {each.verdict for each in found} <= {"rule", "tasks", "refused"}, found
    return {each.verdict for each in found}


@pytest.mark.parametrize("name", [name for name in BY_RULE if name in CASES])
def test_by_rule(name):
    assert verdicts(name) == {"rule"}


@pytest.mark.parametrize("name", BY_LOOP)
def test_task_by_task(name):
    assert "tasks" in verdicts(name)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert "refused" in verdicts(name)


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_what_is_right_alone_is_right_together(first):
    found = {seed: in_a_fork(lambda: judge(seed)) for seed in range(first, first + 10)}  # noqa: B023
    assert {seed: f for seed, f in found.items() if f["verdict"] not in ("rule", "tasks", "refused", "draws")} == {}


def test_every_name_is_one_of_the_table():
    assert [name for name in BY_RULE if name not in CASES] == []


@pytest.mark.parametrize(
    "broken",
    [
        lambda x, *axes: Batched(below["softmax"](x.stacked, 0)),  # along the wrong axis
        lambda x, *axes: below["softmax"](x.stacked[0], *axes),  # that of one task for all
        lambda x, *axes: Batched(below["softmax"](x.stacked.detach(), *axes)),  # without its derivative
    ],
)
def test_a_wrong_rule_is_found(broken, monkeypatch):
    monkeypatch.setitem(RULES, "softmax", broken)

    problem = CASES["F.softmax"].problem()

    assert compare(problem.function, problem.tensors, [0]).verdict in ("wrong", "lost")


@pytest.mark.skipif(OLDER_PADDLE, reason="older ops know no keywords")
def test_keywords_and_names_that_a_rule_does_not_know_run_task_by_task():
    x = paddle.rand([3, 4, 5])
    with batching():
        y = paddle._C_ops.matmul(x=Batched(x), y=Batched(x), transpose_y=True)
        z = paddle._C_ops.sum(Batched(x), dim=0)

    assert (y.stacked - x @ x.transpose([0, 2, 1])).abs().max() < 1e-6
    assert (z.stacked - x.sum(1)).abs().max() < 1e-6


@pytest.mark.skipif(OLDER_PADDLE, reason="older functions know no out=")
def test_out_is_refused():
    x = paddle.rand([3, 4])
    with batching(), pytest.raises(CannotBatch):
        paddle.add(Batched(x), Batched(x), out=paddle.zeros([4]))
