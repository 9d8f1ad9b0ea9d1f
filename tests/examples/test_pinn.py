"""pinn.py: a net solves Burgers' equation, and the page shows what does it."""

import re
import runpy

import numpy as np
from helpers import ROOT
from PIL import Image


def test_the_net_comes_near_the_exact_solution(run_here, tmp_path):
    output = run_here("pinn.py", "--steps", 450, "--out", "seen.png")
    assert float(re.search(r"relative error (\S+),", output).group(1)) < 0.1  # 0.27 after 20 steps
    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.width > 600


def test_the_exact_solution_satisfies_the_equation_and_begins_as_a_sine():
    example = runpy.run_path(str(ROOT / "examples/pinn.py"))
    u, h = example["exact"], 1e-4
    x, t = np.meshgrid(np.linspace(-0.9, 0.9, 31), [0.1, 0.5, 1.0])
    u_t, u_x = (u(x, t + h) - u(x, t - h)) / (2 * h), (u(x + h, t) - u(x - h, t)) / (2 * h)
    u_xx = (u(x + h, t) - 2 * u(x, t) + u(x - h, t)) / h**2
    assert abs(u_t + u(x, t) * u_x - example["VISCOSITY"] * u_xx).max() < 1e-5
    assert abs(u(x, 0 * t + 1e-9) + np.sin(np.pi * x)).max() < 1e-6


def test_the_page_shows_the_functions_of_the_example():
    page = (ROOT / "docs/gradient_penalty.md").read_text("utf-8")
    program = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1]
    shown = program[program.index("VISCOSITY"):]
    assert shown in (ROOT / "examples/pinn.py").read_text("utf-8")
