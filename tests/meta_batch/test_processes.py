"""Several processes: two real ones, started by Paddle's launcher, run in_processes.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import gradients_of, make_net, maml, run_pair, small_net, trainable
from in_processes import CASES, episodes

import paddle_metaopt as metaopt

SCRIPT = Path(__file__).with_name("in_processes.py")


def test_two_processes_do_what_one_does(tmp_path):
    code, output = run_pair(tmp_path, SCRIPT, tmp_path)
    done = [(tmp_path / f"done.{rank}").read_text().split() for rank in (0, 1)]
    assert done == [list(CASES)] * 2, output[-4000:]
    assert code == 0, output[-4000:]


def test_a_killed_and_resumed_pair_equals_an_undisturbed_one(tmp_path):
    code, output = run_pair(tmp_path, SCRIPT, tmp_path, "undisturbed_then_killed")
    assert code != 0 and not (tmp_path / "resumed.0").exists()
    code, output = run_pair(tmp_path, SCRIPT, tmp_path, "resumed")
    assert code == 0, output[-4000:]
    ends = {(tmp_path / f"{how}.{rank}").read_text() for how in ("undisturbed", "resumed") for rank in (0, 1)}
    assert len(ends) == 1


@pytest.mark.filterwarnings("ignore:The program will return to single-card operation")
def test_in_one_process_a_data_parallel_is_the_net_in_it():
    net, tasks = make_net(), episodes(2)
    opt = maml(net, buffers="mean")
    (xs, ys), (xq, yq) = tasks[0]

    def found(given):
        opt.meta_loss(given, tasks, F.mse_loss).backward()
        with opt.adapter(given).task() as task:
            task.adapt(lambda: F.mse_loss(given(xs), ys))
            F.mse_loss(given(xq), yq).backward()
        gradients = gradients_of(trainable(net))
        opt.clear_grad()
        return [*gradients, metaopt.evaluate(given, opt, tasks, F.mse_loss).values]

    model = paddle.DataParallel(net)
    for alone, wrapped in zip(found(net), found(model)):
        np.testing.assert_array_equal(alone, wrapped)
    with pytest.raises(ValueError, match="^meta_loss: there are no episodes$"):
        opt.meta_loss(model, [], F.mse_loss)


def test_another_kind_of_parallel_training_is_refused_by_name():
    from paddle.distributed.fleet.meta_parallel.meta_parallel_base import MetaParallelBase

    class TensorParallel(MetaParallelBase):
        pass

    net = small_net()
    wrapped = TensorParallel(net, None, None)
    opt = maml(net)
    for entry in (
        lambda: opt.meta_loss(wrapped, episodes(1), F.mse_loss),
        lambda: opt.adapter(wrapped).clone(),
        lambda: metaopt.evaluate(wrapped, opt, episodes(1), F.mse_loss),
    ):
        with pytest.raises(TypeError, match="in a paddle.DataParallel, got a TensorParallel"):
            entry()
