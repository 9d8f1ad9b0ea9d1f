"""Beside setup.cfg, the README as it reads where the repository's files are not: links into it leave their words."""

import re
from pathlib import Path

from setuptools import setup

readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
prose = re.sub(r"^!?\[[^]]*]\((?!https:)[^)]*\)\n", "", readme, flags=re.M)  # no pictures, nor the other language
setup(
    long_description=re.sub(r"\[([^]]*)]\((?!https:)[^)]*\)", r"\1", prose),
    long_description_content_type="text/markdown",
)
