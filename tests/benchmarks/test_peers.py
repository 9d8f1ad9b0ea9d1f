"""The benchmark of the peers: what it computes and how it counts. No time is asserted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

PEERS = Path(__file__).resolve().parents[2] / "benchmarks" / "peers"
sys.path.insert(0, str(PEERS))

import environment  # noqa: E402
import library  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import workloads  # noqa: E402
from adapters import OURS, REFERENCE, Unsupported, ours, raw_paddle  # noqa: E402

ONE, TWO = library.ARRANGEMENTS


def smaller(workload):
    net, shrunk = workload.net, {}
    if net.ways:
        shrunk = {"filters": 4, "size": 28} if isinstance(net, workloads.ConvNet) else {"hidden": 8, "length": 6}
    return replace(workload, tasks=2, query=min(workload.query, 10), net=replace(net, **shrunk), dtype="float64")


SMALL = {key: smaller(w) for key, w in workloads.WORKLOADS.items()}


def computed(module, workload) -> dict:
    adapter = module.Adapter(workload, workloads.episodes(workload))
    adapter.run()
    return adapter.gradients()


@pytest.mark.parametrize("key", [key for key, w in SMALL.items() if w.order == 2])
def test_our_gradient_is_that_of_the_mean_query_loss(key):
    adapter = ours.Adapter(SMALL[key], workloads.episodes(SMALL[key]))
    adapter.run()
    gradient, random, step = adapter.gradients(), np.random.default_rng(0), 3e-8
    along = {name: random.standard_normal(g.shape) / np.sqrt(g.size) for name, g in gradient.items()}
    before, values = workloads.weights(SMALL[key]), []
    for sign in (1, -1):
        for name, p in adapter.named.items():
            p.set_value(before[name] + sign * step * along[name])
        values.append(adapter.opt.meta_loss(adapter.net, adapter.episodes, adapter.loss_fn).item())
    slope = sum((gradient[name] * along[name]).sum() for name in gradient)
    np.testing.assert_allclose(slope, (values[0] - values[1]) / (2 * step), rtol=1e-5)


@pytest.mark.parametrize("key", [key for key, w in SMALL.items() if w.order == 1])
def test_our_first_order_gradient_is_that_by_hand(key):
    assert library.difference(computed(ours, SMALL[key]), computed(raw_paddle, SMALL[key])) < 1e-10


@pytest.mark.parametrize("key", ["sinusoid/2", "anil-omniglot-5+5-5steps/2"])
def test_raw_paddle_is_right_where_it_is_measured(key):
    assert library.difference(computed(raw_paddle, SMALL[key]), computed(ours, SMALL[key])) < 1e-10


def test_raw_paddle_is_not_measured_where_paddle_is_wrong():
    with pytest.raises(Unsupported, match="second derivatives are wrong"):
        raw_paddle.Adapter(SMALL["omniglot-5+5/2"], [])


def test_each_task_of_a_workload_is_another_and_the_same_in_every_process():
    workload = workloads.WORKLOADS["sinusoid/2"]
    (first, _), (second, _) = workloads.episodes(workload)[:2]
    assert not np.array_equal(first[0], second[0])
    script = "import workloads as w; u = w.WORKLOADS['sinusoid/2']; "
    script += "print(sum(x.sum() for e in w.episodes(u) for x, _ in e), w.weights(u)['linear1.weight'].sum())"
    told = subprocess.run([sys.executable, "-c", script], cwd=PEERS, capture_output=True, text=True, check=True).stdout
    own = sum(x.sum() for episode in workloads.episodes(workload) for x, _ in episode)
    assert told.split() == [str(own), str(workloads.weights(workload)["linear1.weight"].sum())]


def test_workloads_are_chosen_by_name_or_order():
    assert [w.key for w in workloads.named(["lstm", "sinusoid/1"])] == ["sinusoid/1", "lstm/2", "lstm/1"]
    assert len(workloads.named([])) == len(workloads.WORKLOADS)
    with pytest.raises(ValueError, match="no .'sinus'"):
        workloads.named(["sinus"])
    quick = run.arguments(["--quick", "--workloads", "omniglot-5+5"])
    assert quick.rounds == 2 and [w.tasks for w in quick.workloads] == [4, 4]


@pytest.fixture
def log(tmp_path):
    with open(tmp_path / "log", "w") as file:
        yield file


def test_two_processes_with_unequal_parts_give_the_gradient_of_one(log):
    workload = replace(workloads.WORKLOADS["sinusoid/2"], tasks=3)
    contender = library.Arranged("raw Paddle", TWO, log)
    try:
        gradient, seconds = contender.prepare(workload)
        assert contender.memory() > 0 and seconds > 0 and contender.repeat(2) > 0
        with pytest.raises(library.Failed, match="wrong or missing"):
            contender.prepare(workloads.WORKLOADS["omniglot-5+5/2"])
        contender.drop()
    finally:
        contender.close()
    assert library.difference(gradient, computed(raw_paddle, workload)) < 1e-5


class Pretended:
    """A contender without processes: its seconds by round, and what fails it."""

    arrangement, processes = ONE, ()

    def __init__(self, library, seconds, gradient=1.0, fails_at=None):
        self.library, self.gradient, self.fails_at = library, {"w": np.array([gradient])}, fails_at
        self.left = list(seconds)

    def check(self, workload):
        return self.gradient

    def prepare(self, workload):
        return self.gradient, 0.01

    def repeat(self, times):
        if len(self.left) == self.fails_at:
            raise library.Failed("its process ended with code -9")
        return self.left.pop(0)

    def memory(self):
        return 5.0

    def drop(self):
        pass


def test_a_run_leaves_out_who_is_wrong_and_who_fails_and_goes_on(monkeypatch):
    monkeypatch.setattr(run, "PAUSE", 0)
    names = [OURS, "higher", "TorchOpt"]
    given = run.arguments(["--rounds", "3", "--workloads", "lstm/2", "--libraries", *names])
    contenders = [
        Pretended(REFERENCE, []),  # nobody asked for its times
        Pretended(OURS, [0.8, 1.6, 2.4]),
        Pretended("higher", [1, 1, 1], gradient=1 + 1e-7),
        Pretended("TorchOpt", [1, 1, 1], fails_at=2),
    ]
    found = run.measure(given.workloads[0], contenders, given)
    assert found["tasks"] == 8 and list(found["libraries"]) == names
    assert found["libraries"][OURS]["times"] == {ONE: pytest.approx([100, 200, 300])}
    assert found["libraries"][OURS]["peak"] == {ONE: 5.0}
    assert found["libraries"]["higher"]["reason"] == "its gradient is 1e-07 away from torch's in float64"
    assert found["libraries"]["TorchOpt"]["reason"] == "its process ended with code -9"
    assert not found["libraries"]["TorchOpt"]["times"] and not found["libraries"]["higher"]["times"]


def test_a_worker_that_ended_fails_its_library_and_another_is_started(log):
    contender = library.Arranged("raw Paddle", ONE, log)
    workload = replace(workloads.WORKLOADS["sinusoid/1"], tasks=1)
    try:
        contender.prepare(workload)
        os.kill(contender.processes[0].pid, signal.SIGKILL)
        with pytest.raises(library.Failed, match="ended with code -9"):
            contender.repeat(1)
        assert contender.versions() == {}
        contender.prepare(workload)
    finally:
        contender.close()


def test_the_difference_is_relative_and_of_the_same_weights():
    reference = {"a": np.array([3.0, 0.0]), "b": np.array([4.0])}
    assert library.difference({"a": np.array([3.0, 0.3]), "b": np.array([4.4])}, reference) == pytest.approx(0.1)
    with pytest.raises(AssertionError, match="not of the same weights"):
        library.difference({"a": np.array([3.0, 0.0])}, reference)
    wrong = {"difference": {}, "reason": None}
    with pytest.raises(library.Failed, match="no gradient of torch's"):
        run.require_right("float64", reference, {}, wrong)
    with pytest.raises(library.Failed, match="float64"):
        run.require_right("float64", {"a": np.array([1.001])}, {"float64": {"a": np.array([1.0])}}, wrong)


def test_the_time_of_two_processes_is_from_the_first_start_to_the_last_end():
    assert library.elapsed([{"began": 1.0, "ended": 3.0}, {"began": 1.5, "ended": 4.0}]) == 3.0


def a_library(one=(), two=(), reason=None):
    times = {name: list(given) for name, given in ((ONE, one), (TWO, two)) if given}
    peak = {name: 100.0 + len(name) for name in times}
    return {"times": times, "peak": peak, "difference": {"float64": 1e-12, "float32": 1e-6}, "reason": reason}


def some_results():
    sinusoid = {
        OURS: a_library(one=[2.0, 4.0, 3.0], two=[2.5, 1.0, 2.0]),
        "learn2learn": a_library(one=[8.0, 8.0, 8.0], two=[5.0, 4.0, 6.0]),
        "higher": a_library(one=[7.0, 9.0, 8.0]),
        "TorchOpt": a_library(reason="no such thing"),
        REFERENCE: a_library(one=[1.0, 1.0, 1.0]),
    }
    maml = {OURS: a_library(one=[8.0, 8.0, 8.0])}
    anil = {OURS: a_library(one=[2.0, 4.0, 1.0])}
    found = {"sinusoid/2": sinusoid, "omniglot-5+5/1": maml, "anil-omniglot-5+5/1": anil}
    measured = {k: {"tasks": 7, "bystanders": 0.0, "libraries": libraries} for k, libraries in found.items()}
    about = machine.about(PEERS)
    return {"about": about, "rounds": 3, "quick": False, "versions": {"torch": "2"}, "workloads": measured}


def test_the_report_takes_each_at_its_best_and_ratios_within_a_round():
    libraries = some_results()["workloads"]["sinusoid/2"]["libraries"]
    assert report.best(libraries[OURS]) == (TWO, [2.5, 1.0, 2.0])
    assert report.fastest_peer(libraries) == "learn2learn"  # the reference is faster, but no peer
    assert report.against_fastest(libraries) == [2.0, 4.0, 3.0]
    assert report.spread([2.0, 4.0, 3.0]) == "3 (2–4)" and report.spread([]) == "–"


def test_the_report_says_all_of_it(tmp_path):
    results = some_results()
    report.write(results, tmp_path)
    told = (tmp_path / "report.md").read_text()
    sinusoid = next(line for line in told.splitlines() if line.startswith("| Sinusoid"))
    assert sinusoid.split(" | ")[1:] == ["2 (1–2.5)²", "5 (4–6)²", "8 (7–9)", "–", "1 (1–1)", "3 (2–4) learn2learn |"]
    assert "7 tasks" in sinusoid and "| 4 (2–8) |" in told  # ANIL against MAML, by round 4, 2, 8
    assert "- TorchOpt: no such thing (sinusoid/2)." in told and "not quiet" not in told
    assert (tmp_path / "report.png").stat().st_size > 10_000
    results["workloads"]["sinusoid/2"]["bystanders"] = 1.5
    assert "not quiet" in report.text(results)


@pytest.mark.skipif(not environment.is_built(), reason="the peers' environment is not built: benchmarks/peers/run.py")
@pytest.mark.parametrize("key", ["sinusoid/2", "anil-omniglot-5+5/1"])
def test_our_gradient_is_torchs(key, log):
    workload = replace(workloads.WORKLOADS[key], tasks=2)
    reference = library.Arranged(REFERENCE, ONE, log)
    try:
        expected = reference.check(workload)
    finally:
        reference.close()
    assert library.difference(computed(ours, replace(workload, dtype="float64")), expected) < 1e-10
