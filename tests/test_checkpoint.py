from __future__ import annotations

import math
import os
import random
import re
import signal
import time
from collections import OrderedDict

import numpy as np
import paddle
import pytest
from helpers import start_program

import paddle_metaopt as metaopt
from paddle_metaopt.atomic_file import replacing
from paddle_metaopt.checkpoint import checksum

TENSOR_DTYPES = [
    *("bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128"),
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
]


def assert_same(a, b):
    """Equal in kind, dtype, shape and every bit."""
    if isinstance(a, paddle.Tensor):
        assert isinstance(b, paddle.Tensor) and a.dtype == b.dtype
        a, b = a.numpy(), b.numpy()
    if isinstance(a, dict):
        assert isinstance(b, dict) and list(a) == list(b)
        a, b = list(a.values()), list(b.values())
    assert type(a) is type(b)
    if isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            assert_same(x, y)
    elif isinstance(a, (np.ndarray, np.generic)):
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    elif isinstance(a, type(paddle.get_rng_state()[0])):
        assert a.__getstate__() == b.__getstate__()
    else:
        assert repr(a) == repr(b)


def there_and_back(state, path):
    metaopt.save_checkpoint(path, state)
    return metaopt.load_checkpoint(path)


# --- what survives ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TENSOR_DTYPES)
@pytest.mark.parametrize("shape", [[3, 5], [], [0, 2]])
def test_a_tensor_of_any_dtype_and_shape(tmp_path, dtype, shape):
    values = paddle.to_tensor(np.random.default_rng(0).normal(0, 40, shape)).astype(dtype)
    assert_same(values, there_and_back(values, tmp_path / "c"))


def test_plain_values_and_arrays(tmp_path):
    state = {
        "none": None, "flags": [True, False], "numbers": (1, -(2**200), 0.1, -0.0, math.inf, math.nan), 3: "three",
        (1, "a"): {"text": "æ\udc80\n\0", "": ()}, "scalars": [np.float32(0.1), np.int8(-3), np.bool_(True)],
        "arrays": [
            np.arange(6, dtype=">i2").reshape(2, 3).T, np.zeros([]), np.zeros([0, 3], np.uint64), np.array(["a", "bc"]),
        ],
    }  # fmt: skip
    assert_same(state, there_and_back(state, tmp_path / "c"))
    loaded = metaopt.load_checkpoint(tmp_path / "c")["arrays"][0]
    loaded += 1  # is the caller's own


def test_an_ordered_dict_comes_back_as_a_dict(tmp_path):
    assert_same({"b": 1, "a": 2}, there_and_back(OrderedDict(b=1, a=2), tmp_path / "c"))


def test_the_random_states_draw_the_same_again(tmp_path):
    def draw():
        return [paddle.randn([4]).numpy(), np.random.rand(4), random.random(), generator.random(4)]

    generator = np.random.default_rng(7)
    random.gauss(0, 1)  # leaves half a pair in the state
    state = [paddle.get_rng_state(), np.random.get_state(), random.getstate(), generator.bit_generator.state]
    metaopt.save_checkpoint(tmp_path / "c", state)
    first = draw()
    assert_same(state[1:], metaopt.load_checkpoint(tmp_path / "c")[1:])
    ours, numpys, pythons, generators = metaopt.load_checkpoint(tmp_path / "c")
    paddle.set_rng_state(ours)
    np.random.set_state(numpys)
    random.setstate(pythons)
    generator.bit_generator.state = generators
    assert_same(first, draw())


def test_a_run_goes_on_bit_for_bit_with_everything_that_is_learned(tmp_path):
    def make():
        net = paddle.nn.Sequential(paddle.nn.Linear(3, 4), paddle.nn.BatchNorm1D(4), paddle.nn.Linear(4, 1))
        sched = paddle.optimizer.lr.LinearWarmup(paddle.optimizer.lr.StepDecay(0.05, 2), 3, 0.01, 0.05)
        optimizer = metaopt.MAMLPlusPlusOptimizer(sched, parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
        return net, optimizer, sched

    def train(net, opt, sched):
        for _ in range(3):
            pairs = [(paddle.randn([5, 3]), paddle.randn([5, 1])) for _ in range(4)]
            episodes = [(pairs[0], pairs[1]), (pairs[2], pairs[3])]
            opt.meta_loss(net, episodes, paddle.nn.functional.mse_loss).backward()
            opt.step()
            opt.clear_grad()
            sched.step()
        return {"net": net.state_dict(), "opt": opt.state_dict(), "random": paddle.get_rng_state()}

    paddle.seed(1)
    first = make()
    path = tmp_path / "c"
    metaopt.save_checkpoint(path, train(*first))
    expected = train(*first)

    net, opt, sched = make()
    state = metaopt.load_checkpoint(path)
    net.set_state_dict(state["net"])
    opt.set_state_dict(state["opt"])
    paddle.set_rng_state(state["random"])
    resumed = train(net, opt, sched)
    assert_same(expected["net"], resumed["net"])
    assert_same(list(expected["opt"].values())[:-1], list(resumed["opt"].values())[:-1])
    for part in ("learned", "outer_steps", "buffers"):
        assert_same(expected["opt"]["MetaOptimizer"][part], resumed["opt"]["MetaOptimizer"][part])


def test_moments_and_master_weights_of_half_precision(tmp_path):
    weight = paddle.nn.Linear(3, 3).to(dtype="bfloat16").weight
    opt = metaopt.MAMLOptimizer.over(paddle.optimizer.AdamW)(parameters=[weight], multi_precision=True)
    # What the first step does before its kernel, which the CPU does not have for bfloat16.
    opt._create_master_weight(weight)
    opt._create_accumulators(paddle.static.default_main_program().global_block(), [weight])
    state = [{"weight": weight}, opt.state_dict()]
    assert "master_weights" in state[1]
    assert_same(state, there_and_back(state, tmp_path / "c"))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"net": [object()]}, r"state\['net'\]\[0\]: expected dicts, lists and tuples .* got a object; put what it"),
        ({1: np.array([None])}, r"state\[1\]: expected .* got an array of object"),
        ([np.zeros(2, "i4,f4")], r"state\[0\]: expected .* got an array of \[\('f0'"),
        ({frozenset(): 1}, "a key of state: expected .* got a frozenset"),
        (np.ma.zeros(2), "state: expected .* got an array of float64"),
        (paddle.sparse.sparse_coo_tensor([[0]], [1.0], [2]), "state: expected .* got a Tensor"),
    ],
)
def test_what_it_cannot_hold_is_named_and_nothing_is_written(tmp_path, value, named):
    with pytest.raises(TypeError, match=named):
        metaopt.save_checkpoint(tmp_path / "c", value)
    assert os.listdir(tmp_path) == []


def test_checksum_tells_states_apart_by_one_bit():
    def state(x):
        return {"w": paddle.to_tensor([x, 2.0]), "n": (1, "a")}

    assert checksum(state(1.0)) == checksum(state(1.0))
    assert checksum(state(1.0)) != checksum(state(float(np.nextafter(np.float32(1), np.float32(2)))))


# --- damage ----------------------------------------------------------------------------------


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path):
    path = tmp_path / "c"
    metaopt.save_checkpoint(path, {"w": paddle.ones([2]), "n": 3})
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"c is damaged: its checksum is not|c does not begin as save_checkpoint"):
            metaopt.load_checkpoint(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="c is damaged|c does not begin as"):
            metaopt.load_checkpoint(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match="is damaged: .* Go on from an earlier checkpoint"):
        metaopt.load_checkpoint(path)


def test_a_pickle_is_not_executed(tmp_path):
    class Touch:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    paddle.save({"w": Touch()}, str(tmp_path / "evil.pdparams"))
    with pytest.raises(ValueError, match="evil.pdparams does not begin as .* which executes what the file says"):
        metaopt.load_checkpoint(tmp_path / "evil.pdparams")
    assert not (tmp_path / "executed").exists()


def test_a_missing_file_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        metaopt.load_checkpoint(tmp_path / "nowhere")


# --- writing ---------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_the_old_file_stays(tmp_path):
    path = tmp_path / "c"
    metaopt.save_checkpoint(path, "old")
    program = """
import resource, sys, paddle, paddle_metaopt as metaopt
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    metaopt.save_checkpoint(sys.argv[1], paddle.zeros([100_000]))
except OSError as error:
    print(error)
"""
    said, _ = start_program(program, path).communicate(timeout=60)
    assert re.search(r"could not save the checkpoint .*c: File too large; what was there before still is", said)
    assert metaopt.load_checkpoint(path) == "old"
    assert os.listdir(tmp_path) == ["c"]


def test_a_missing_folder_and_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="could not save the checkpoint .*no/c: No such file or directory"):
        metaopt.save_checkpoint(tmp_path / "no" / "c", 1)
    with pytest.raises(OSError, match="could not save the checkpoint .*: it exists and is no regular file"):
        metaopt.save_checkpoint(tmp_path, 1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it exists and is no regular file"):
        metaopt.save_checkpoint(tmp_path / "pipe", 1)
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "c")
    metaopt.save_checkpoint(tmp_path / "link", 1)
    assert (tmp_path / "link").is_symlink() and metaopt.load_checkpoint(tmp_path / "c") == 1


def test_an_interrupt_leaves_the_old_file_alone(tmp_path):
    metaopt.save_checkpoint(tmp_path / "c", "old")
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "c") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["c"]
    assert metaopt.load_checkpoint(tmp_path / "c") == "old"


def test_what_another_process_saves_into_the_folder_meanwhile_takes_no_finished_file(tmp_path, monkeypatch):
    move = os.replace

    def late(*paths):
        monkeypatch.setattr(os, "replace", move)
        metaopt.save_checkpoint(tmp_path / "of another", 1)
        move(*paths)

    monkeypatch.setattr(os, "replace", late)
    metaopt.save_checkpoint(tmp_path / "run", 2)
    assert sorted(os.listdir(tmp_path)) == ["of another", "run"]


def test_what_another_process_is_writing_is_not_swept_away(tmp_path):
    with replacing(tmp_path / "slow") as file:
        saved = start_program("import sys, paddle_metaopt as m; m.save_checkpoint(sys.argv[1], 1)", tmp_path / "quick")
        assert saved.wait(timeout=60) == 0
        file.write(b"whole")
    assert sorted(os.listdir(tmp_path)) == ["quick", "slow"]
    assert (tmp_path / "slow").read_bytes() == b"whole"


SAVE_FOR_EVER = """
import sys, numpy as np, paddle_metaopt as metaopt
for i in range(10**9):
    metaopt.save_checkpoint(sys.argv[1], {"number": i, "array": np.full(1_000_000, i)})
    print(i, flush=True)
"""


def test_killed_at_any_moment_there_is_a_whole_file_and_the_next_save_cleans_up(tmp_path):
    path, left = tmp_path / "c", 0
    for _ in range(int(os.environ.get("KILLS", 4))):
        process = start_program(SAVE_FOR_EVER, path)
        saved = int(process.stdout.readline())
        time.sleep(random.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        saved = max([saved, *map(int, rest.split())])
        state = metaopt.load_checkpoint(path)
        assert saved <= state["number"] <= saved + 1
        assert (state["array"] == state["number"]).all()
        strays = [name for name in os.listdir(tmp_path) if name != "c"]
        left += len(strays)
        assert len(strays) <= 1 and all(name.endswith(".partial") for name in strays)
        metaopt.save_checkpoint(path, 0)
        assert os.listdir(tmp_path) == ["c"]
    print(f"{left} unfinished files were left, and removed")


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    metaopt.save_checkpoint("~/run", 1)
    assert os.listdir(tmp_path) == ["run"] and metaopt.load_checkpoint("~/run") == 1
    for use in (metaopt.load_checkpoint, lambda path: metaopt.save_checkpoint(path, 1)):
        with pytest.raises(TypeError, match="_checkpoint: path: expected a path, got None"):
            use(None)
