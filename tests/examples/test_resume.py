"""omniglot.py goes on, bit for bit, after it was killed."""

from __future__ import annotations

import os
import random
import re
import signal

from .interruption import digests, stop_after

ITERATIONS = 16


def options(root, out, algorithm="maml") -> list:
    return (
        f"--root {root} --out {out} --algorithm {algorithm} --iterations {ITERATIONS} --meta-batch 2 --queries 1"
        " --save-every 1 --eval-every 3 --valid-episodes 2 --test-episodes 2"
    ).split()


def test_killed_then_interrupted_then_resumed_is_bit_for_bit_uninterrupted(
    start_example, run_example, characters, tmp_path
):
    whole = digests(run_example("omniglot.py", *options(characters, tmp_path / "whole")))
    assert sorted(whole) == list(range(1, ITERATIONS + 1))
    assert len(set(whole.values())) == ITERATIONS

    cut = options(characters, tmp_path / "cut")
    process = start_example("omniglot.py", *cut)
    killed = stop_after(process, random.choice([1, 2]), signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, killed

    process = start_example("omniglot.py", *cut, "--resume")
    first_of_run = max(digests(killed)) + 1
    interrupted = stop_after(process, first_of_run, signal.SIGINT)
    assert process.returncode == 130, interrupted

    resumed = run_example("omniglot.py", *cut, "--resume")
    assert "test accuracy" in resumed
    for output in (killed, interrupted, resumed):
        assert digests(output).items() <= whole.items()
    for output in (interrupted, resumed):
        start, sha = re.search(r"resumed at iteration (\d+), sha256 (\w+)", output).groups()
        assert whole[int(start)] == sha
    assert digests(resumed)[ITERATIONS] == whole[ITERATIONS]
    assert os.listdir(tmp_path / "cut") == ["run.checkpoint"]


def test_an_earlier_run_is_neither_overwritten_nor_continued_differently_nor_from_a_flipped_bit(
    run_example, start_example, characters, tmp_path
):
    run_example("omniglot.py", *options(characters, "run", "anil"))

    process = start_example("omniglot.py", *options(characters, "run", "anil"))
    assert "add --resume" in process.communicate(timeout=60)[0]
    assert process.returncode == 1

    process = start_example("omniglot.py", *options(characters, "run", "fomaml"), "--resume")
    assert "was made with algorithm = anil, not fomaml" in process.communicate(timeout=60)[0]
    assert process.returncode == 1

    path = tmp_path / "run" / "run.checkpoint"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    process = start_example("omniglot.py", *options(characters, "run", "anil"), "--resume")
    assert "run.checkpoint is damaged: its checksum is not" in process.communicate(timeout=60)[0]
    assert process.returncode == 1


def test_missing_root_is_a_clear_error(start_example):
    process = start_example("omniglot.py", "--root", "nowhere")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert output.endswith("error: --root nowhere is not a folder\n")
