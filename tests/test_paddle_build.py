"""What importing the package says where there is no Paddle, another one, or one that nothing was verified with."""

from __future__ import annotations

import subprocess
import sys

import paddle
import pytest
from helpers import ROOT

from paddle_metaopt.paddle_build import NEWEST, OLDEST

NONE = """
class Blocked:
    def find_spec(self, name, *rest):
        if name == "paddle":
            raise ModuleNotFoundError("No module named 'paddle'", name="paddle")
import sys
sys.meta_path.insert(0, Blocked())
"""


def importing(before: str, *flags: str, path=ROOT) -> subprocess.CompletedProcess:
    """An import of the package in a process of its own, after a program."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{before}\nimport paddle_metaopt\nimport paddle_metaopt"
    return subprocess.run([sys.executable, *flags, "-c", program], cwd=path, capture_output=True, text=True)


def last_line(ran) -> str:
    assert ran.returncode == 1, ran.stderr
    return ran.stderr.splitlines()[-1]


def test_without_paddle_an_import_error_says_what_to_install():
    error = last_line(importing(NONE))

    assert error.startswith("ImportError: paddle_metaopt: expected a build of Paddle, got none; install one, on the")
    assert 'pip install "paddle_metaopt[cpu]"' in error
    assert "on a GPU: paddlepaddle-gpu, by the command for your CUDA at https://" in error


@pytest.mark.parametrize("content", [None, "", "1 / 0"], ids=["folder", "package", "broken"])
def test_another_paddle_is_not_taken_for_it(tmp_path, content):
    (tmp_path / "paddle").mkdir()
    if content is not None:
        (tmp_path / "paddle/__init__.py").write_text(content)
    hidden = "import sys; sys.path = [entry for entry in sys.path if 'site-packages' not in entry]"
    error = last_line(importing(hidden, path=tmp_path))

    if content == "1 / 0":
        assert error == "ZeroDivisionError: division by zero"  # an error of Paddle's own stays as it is
    else:
        assert error.startswith("ImportError: paddle_metaopt: expected PaddlePaddle, got another paddle, ")
        assert str(tmp_path / "paddle") in error


def test_what_paddle_itself_lacks_is_not_taken_for_it(tmp_path):
    (tmp_path / "paddle").mkdir()
    (tmp_path / "paddle/__init__.py").write_text("import httpx_of_another_name")
    error = last_line(importing("", path=tmp_path))

    assert error == "ModuleNotFoundError: No module named 'httpx_of_another_name'"


@pytest.mark.parametrize("version", ["3.0.0", "2.6.2", "3.0.0b4"])
def test_an_older_paddle_is_an_error(tmp_path, version):
    (tmp_path / "paddle").mkdir()
    (tmp_path / "paddle/__init__.py").write_text(f"__version__ = {version!r}")
    error = last_line(importing("", path=tmp_path))

    assert error.startswith(f"ImportError: paddle_metaopt: expected Paddle 3.1 or newer, got {version}; install it, ")


@pytest.mark.parametrize(
    "version, called",
    [("3.4.0", "3.4.0"), ("4.0.0rc1", "4.0.0rc1"), ("0.0.0", "0.0.0, a nightly build"), ("x", "x, a nightly build")],
)
def test_a_newer_or_nightly_one_is_one_warning(version, called):
    ran = importing(f"import paddle; paddle.__version__ = {version!r}\nsys.stderr.write('[')")

    assert ran.returncode == 0, ran.stderr
    lines = ran.stderr.partition("[")[2].splitlines()
    assert len(lines) == 1 and lines[0].startswith("<string>:4: UserWarning: ")  # where the user imports it
    assert f"was verified with Paddle 3.1 to 3.3, and this is {called}: ops that changed since" in lines[0]


@pytest.mark.parametrize("version", ["3.1.0", "3.2.2", "3.3.1", "3.3.0.dev20260101"])
def test_those_that_were_verified_are_quiet(version):
    ran = importing(f"import paddle; paddle.__version__ = {version!r}", "-W", "error::UserWarning:__main__")

    assert ran.returncode == 0, ran.stderr


def test_the_extra_brings_what_was_verified():
    lines = (ROOT / "setup.cfg").read_text(encoding="utf-8").split()
    (wanted,) = [line for line in lines if line.startswith("paddlepaddle")]

    assert wanted == f"paddlepaddle>={OLDEST[0]}.{OLDEST[1]},<{NEWEST[0]}.{NEWEST[1] + 1}"
    assert OLDEST <= tuple(map(int, paddle.__version__.split(".")[:2])) <= NEWEST
