"""new_characters.py: a net of the package's learns five characters, and the page shows what does it."""

import re

from helpers import ROOT
from PIL import Image


def test_new_characters_are_recognized(run_here, tmp_path):
    output = run_here("new_characters.py", "--seed", 3, "--out", "seen.png")
    right, drawings = re.search(r"(\d+) of (\d+) drawings recognized", output).groups()
    assert drawings == "50" and int(right) >= 45
    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.width > 600


def test_the_page_shows_the_function_of_the_example():
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/new_characters.md").read_text("utf-8"), re.DOTALL)
    assert program in (ROOT / "examples/new_characters.py").read_text("utf-8")
