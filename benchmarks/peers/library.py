"""A library under measurement: its worker processes in each arrangement, and what they answer."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import environment
import numpy as np
from adapters import LIBRARIES

HERE = Path(__file__).resolve().parent
#: Processes and threads of each; a process takes its part of the tasks.
ARRANGEMENTS = {"one process, two threads": (1, 2), "two processes, one thread": (2, 1)}
#: Settings of numerical libraries that the user's shell may hold: everybody is measured out of the box.
SETTINGS = ("OMP_", "MKL_", "KMP_", "GOMP_", "OPENBLAS_", "MALLOC_", "FLAGS_", "XLA_", "TORCH_", "JAX_")


class Failed(Exception):
    """A worker could not compute the workload; the message says why."""


class Process:
    def __init__(self, library: str, threads: int, log):
        place, module = LIBRARIES[library]
        python = sys.executable if place == "here" else environment.python()
        env = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        env["PYTHONPATH"] = str(HERE.parent.parent) if place == "here" else ""
        command = [str(python), "-W", "ignore", str(HERE / "worker.py"), module, str(threads)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        self._process = subprocess.Popen(command, text=True, env=env, **pipes)
        self.pid = self._process.pid

    def send(self, *command):
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # receive says so

    def receive(self) -> dict:
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"its process ended with code {self._process.wait()}"}
        if "error" in answer or "unsupported" in answer:
            raise Failed(answer.get("unsupported") or answer["error"])
        return answer

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def close(self):
        with contextlib.suppress(BrokenPipeError):  # it ended by itself
            self._process.stdin.close()
        self._process.wait()


class Arranged:
    """One library in one arrangement. Its processes are started when first needed, and live on."""

    def __init__(self, library: str, arrangement: str, log):
        self.library, self.arrangement, self._log = library, arrangement, log
        self.count, self.threads = ARRANGEMENTS[arrangement]
        self.processes: list = []

    def prepare(self, workload) -> tuple:
        """Computes the workload once; gives the gradient by name and the seconds of a second time."""
        gradient, answers = self._gradient("prepare", workload, workload.tasks)
        return gradient, elapsed(answers)

    def check(self, workload, tasks: int = 2) -> dict:
        """The gradient of the first tasks in float64."""
        return self._gradient("check", workload, tasks)[0]

    def _gradient(self, command, workload, tasks):
        if not self.alive:
            self.close()
        self.processes = self.processes or [Process(self.library, self.threads, self._log) for _ in range(self.count)]
        ends = [round(i * tasks / self.count) for i in range(self.count + 1)]
        shares = list(zip(ends, ends[1:]))
        with tempfile.TemporaryDirectory() as folder:
            files = [f"{folder}/{i}.npz" for i in range(self.count)]
            answers = self._all([(command, workload.key, *share, file) for share, file in zip(shares, files)])
            parts = [dict(np.load(file)) for file in files]
        sizes = [(last - first) / tasks for first, last in shares]
        gradient = {name: sum(size * part[name] for size, part in zip(sizes, parts)) for name in parts[0]}
        return gradient, answers

    def repeat(self, times: int) -> float:
        """The least seconds in which all processes computed their parts."""
        return min(elapsed(self._all([("run",)] * self.count)) for _ in range(times))

    def memory(self) -> float:
        """The processes' peak since `prepare`, in MB, added."""
        return sum(answer["peak"] for answer in self._all([("memory",)] * self.count))

    def versions(self) -> dict:
        """Of the library and what it stands on; of processes that ended, nothing."""
        return self._all([("versions",)] * self.count)[0] if self.alive else {}

    def drop(self):
        if self.alive:
            self._all([("drop",)] * self.count)

    @property
    def alive(self) -> bool:
        return bool(self.processes) and not any(process.ended for process in self.processes)

    def close(self):
        for process in self.processes:
            process.close()
        self.processes = []

    def _all(self, commands) -> list:
        """The processes' answers; every one is read, also when one failed."""
        for process, command in zip(self.processes, commands):
            process.send(*command)
        answers, failure = [], None
        for process in self.processes:
            try:
                answers.append(process.receive())
            except Failed as reason:
                failure = failure or reason
        if failure:
            raise failure
        return answers


def elapsed(answers) -> float:
    """From the first start to the last end, by the clock that the processes share."""
    return max(a["ended"] for a in answers) - min(a["began"] for a in answers)


def difference(gradient: dict, reference: dict) -> float:
    """Norm of the difference over norm of the reference, all weights together; of other names or shapes, an error."""
    if {n: g.shape for n, g in gradient.items()} != {n: g.shape for n, g in reference.items()}:
        raise AssertionError("the gradients are not of the same weights")
    squares = sum(np.square(gradient[n] - g, dtype="float64").sum() for n, g in reference.items())
    return float(np.sqrt(squares / sum(np.square(g, dtype="float64").sum() for g in reference.values())))
