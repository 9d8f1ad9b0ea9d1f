"""What type checkers see: every argument of every optimizer, and what ``over`` returns."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import subprocess
import sys

import pytest
from helpers import ROOT

import paddle_metaopt as metaopt

USES = ROOT / "tests/type_checkers/uses.py"


def maker():
    spec = importlib.util.spec_from_file_location("make_stubs", ROOT / "docs/make_stubs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stubs_are_up_to_date():
    for path, content in maker().stubs().items():
        assert path.read_text(encoding="utf-8") == content, "run docs/make_stubs.py"


def test_signatures_say_what_each_argument_takes():
    for cls in maker().OPTIMIZERS:
        parameters = inspect.signature(cls).parameters
        assert all(p.annotation is not p.empty for p in parameters.values())
        assert parameters["parameters"].annotation == "Parameters | None"
    assert inspect.signature(metaopt.ANILOptimizer).parameters["head"].default is inspect.Parameter.empty


def expected() -> dict[tuple[int, str], str]:
    """From a line and "type" or "error" to the words of the message."""
    found = {}
    for number, line in enumerate(USES.read_text(encoding="utf-8").splitlines(), 1):
        for kind, words in re.findall(r"  # (type|error): (.+)$", line):
            found[number, kind] = words
    return found


def found_by_mypy(folder) -> dict[tuple[int, str], str]:
    """With the package found as it is installed, so that what it has for type checkers counts."""
    (folder / "mypy.ini").write_text("[mypy]\n", encoding="utf-8")
    options = ["--follow-imports", "silent", "--config-file", "mypy.ini", "--cache-dir", "cache", "--no-error-summary"]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--python-executable", sys.executable, str(USES)],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1 and not ran.stderr, ran.stderr + ran.stdout
    found = {}
    for number, kind, message in re.findall(r"uses\.py:(\d+): (error|note): (.+)", ran.stdout):
        revealed = re.fullmatch(r'Revealed type is "(.+)"', message)
        if kind == "error" or revealed:
            found[int(number), "type" if revealed else "error"] = revealed[1] if revealed else message
    return found


def test_mypy_knows_uses_from_misuses(tmp_path):
    pytest.importorskip("mypy")
    found, wanted = found_by_mypy(tmp_path), expected()

    assert found.keys() == wanted.keys(), [found.get(key, key) for key in found.keys() ^ wanted.keys()]
    for key, words in wanted.items():
        assert found[key] == words if key[1] == "type" else words in found[key]
    assert len(wanted) > 20
