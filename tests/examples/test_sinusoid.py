from __future__ import annotations

import re

import numpy as np
from PIL import Image


def errors_of(name: str, output: str) -> list[float]:
    """Mean squared error after 0, 1, 5 and 10 steps."""
    (line,) = re.findall(rf"^{name} .*±.*$", output, re.MULTILINE)
    return [float(error) for error in re.findall(r"([\d.]+) ±", line)]


def test_adapting_lowers_the_error_and_a_picture_is_drawn(run_example, tmp_path):
    output = run_example("sinusoid.py", "--iterations", 60, "--test-tasks", 30, "--out", "waves.png")

    assert "sinusoid.py:" not in output  # where a warning would say that it comes from
    maml = errors_of("MAML", output)
    assert len(maml) == len(errors_of("no meta-learning", output)) == 4
    assert maml[-1] < maml[0]

    with Image.open(tmp_path / "waves.png") as picture:
        assert picture.width > 600
        colours = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)
    assert len(colours) > 100
