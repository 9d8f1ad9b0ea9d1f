from __future__ import annotations

import os
import subprocess
import sys

import pytest
from helpers import ROOT


@pytest.fixture
def start_example(tmp_path):
    """Start a script of examples/ in tmp_path: ``start_example("sinusoid.py", "--seed", 1)`` gives a Popen."""
    started = []
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PADDLE_METAOPT_CACHE": str(tmp_path / "cache"),
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
