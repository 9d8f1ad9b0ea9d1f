from __future__ import annotations

from helpers import ROOT, run_pair

OPTIONS = ("--iterations", 6, "--save-every", 3, "--test-tasks", 5, "--meta-batch", 5)


def lines_of(output: str) -> list[str]:
    """Without how fast it was."""
    return [line.partition(",")[0] for line in output.splitlines() if line.startswith(("update", "mean squared"))]


def test_two_processes_print_what_one_does(run_example, tmp_path):
    alone = lines_of(run_example("distributed.py", *OPTIONS))
    assert len(alone) == 2 + 4
    code, output = run_pair(tmp_path, ROOT / "examples/distributed.py", *OPTIONS, "--checkpoint", "pair.checkpoint")
    assert code == 0, output
    assert lines_of(output) == alone


def test_it_goes_on_from_its_checkpoint(run_example):
    whole = run_example("distributed.py", *OPTIONS, "--checkpoint", "whole")
    run_example("distributed.py", "--iterations", 3, *OPTIONS[2:], "--checkpoint", "parts")
    resumed = run_example("distributed.py", *OPTIONS, "--checkpoint", "parts")
    assert "goes on from parts, after update 3" in resumed
    assert lines_of(resumed) == lines_of(whole)[1:]
