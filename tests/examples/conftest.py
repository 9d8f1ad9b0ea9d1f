from __future__ import annotations

import io
import os
import runpy
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from helpers import ROOT
from PIL import Image

import paddle_metaopt as metaopt


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Where the scripts keep the arrays that they made of archives."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def start_example(tmp_path, cache):
    """Start a script of examples/ in tmp_path: ``start_example("sinusoid.py", "--seed", 1)`` gives a Popen."""
    started = []
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PADDLE_METAOPT_CACHE": str(cache),
    }

    def start(script, *arguments):
        command = [sys.executable, str(ROOT / "examples" / script), *map(str, arguments)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment, **streams))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run_example(start_example):
    """The same, run to its successful end; gives what it printed."""

    def run(script, *arguments):
        process = start_example(script, *arguments)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
        return output

    return run


@pytest.fixture
def run_here(tmp_path, cache, monkeypatch, capsys):
    """The same in this process, for what isn't about the process: it saves the seconds in which Paddle is imported."""

    def run(script, *arguments):
        path = ROOT / "examples" / script
        with monkeypatch.context() as patched:
            patched.chdir(tmp_path)
            patched.setenv("PADDLE_METAOPT_CACHE", str(cache))
            patched.setattr(sys, "argv", [str(path), *map(str, arguments)])
            patched.setattr(metaopt, "tune_cpu", lambda *threads: None)  # it would be for all tests to come
            patched.syspath_prepend(path.parent)
            capsys.readouterr()
            runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="session")
def characters(tmp_path_factory):
    """Archives like Omniglot's, of 4 x 4 fields of noise: a picture per character, twenty times."""
    root = tmp_path_factory.mktemp("omniglot")
    rng = np.random.default_rng(0)
    for archive, count in (("images_background", 964), ("images_evaluation", 659)):
        with zipfile.ZipFile(root / f"{archive}.zip", "w") as file:
            for character in range(count):
                png = io.BytesIO()
                fields = Image.fromarray(rng.integers(0, 256, (4, 4), np.uint8))
                fields.resize((105, 105), Image.Resampling.NEAREST).save(png, "png")
                for drawing in range(20):
                    name = f"{archive}/Noise/character{character:03}/{character:04}_{drawing:02}.png"
                    file.writestr(name, png.getvalue())
    return root
