from __future__ import annotations

from helpers import ROOT, run_pair

OPTIONS = ("--save-every", 3, "--test-tasks", 5, "--meta-batch", 5, "--checkpoint")


def lines_of(output: str) -> list[str]:
    """Without how fast it was."""
    return [line.partition(",")[0] for line in output.splitlines() if line.startswith(("update", "mean squared"))]


def test_two_processes_and_one_that_goes_on_from_there_print_what_one_does(run_example, tmp_path):
    alone = lines_of(run_example("distributed.py", *OPTIONS, "alone", "--iterations", 6))
    assert len(alone) == 2 + 4
    code, output = run_pair(tmp_path, ROOT / "examples/distributed.py", *OPTIONS, "parts", "--iterations", 3)
    assert code == 0, output
    assert lines_of(output)[0] == alone[0]
    resumed = run_example("distributed.py", *OPTIONS, "parts", "--iterations", 6)
    assert "goes on from parts, after update 3" in resumed
    assert lines_of(resumed) == alone[1:]
