from __future__ import annotations

import re

import pytest
from PIL import Image

NAMES = [
    "MAML", "FOMAML", "BOIL", "Meta-SGD", "Meta-Curvature", "MAML, 5 steps", "MAML++", "ANIL", "Reptile", "iMAML",
]  # fmt: skip


def test_all_algorithms_learn_and_the_table_and_the_picture_are_written(run_here, tmp_path):
    output = run_here("compare_algorithms.py", "--wave-iterations", 15, "--test-tasks", 10, "--out", "all.png")

    table = (tmp_path / "all.md").read_text(encoding="utf-8")
    assert table.strip() in output
    score = r"([\d.]+) \([\d.]+ to [\d.]+\)"
    row = rf"^\| (.+?) \| {score} \| {score} \| {score} \| \d+ \| (\d+) \| [\d.]+ \|$"
    rows = re.findall(row, table, re.MULTILINE)
    assert [name for name, *_ in rows] == NAMES
    assert all(int(made_worse) < 5 for *_, made_worse in rows), table  # of ten
    with Image.open(tmp_path / "all.png") as picture:
        assert picture.width > 600


def test_a_wrong_root_is_said_at_once(run_here, capsys):
    with pytest.raises(SystemExit) as ended:
        run_here("compare_algorithms.py", "--root", "nowhere")
    assert ended.value.code == 2 and "nowhere is not a folder" in capsys.readouterr().err
