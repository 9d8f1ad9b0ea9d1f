"""One library in one process: ``python worker.py MODULE THREADS``, a JSON line in, a JSON line out."""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
import time
import traceback
from dataclasses import replace

import numpy as np
from adapters import Unsupported
from training_episodes import Episodes
from workloads import WORKLOADS, episodes


class Worker:
    def __init__(self, module: str, threads: int):
        self.module = importlib.import_module(f"adapters.{module}")
        self.module.set_up(threads)
        self.adapter = None

    def versions(self) -> dict:
        return {**self.module.VERSIONS, "python": sys.version.split()[0], "numpy": np.__version__}

    def prepare(self, key: str, first: int, last: int, file: str) -> dict:
        """Takes these tasks of the workload, computes them once, and writes the gradients to the file."""
        self.drop()
        peak_is_now()
        self._compute(WORKLOADS[key], first, last, file)
        return self.run()

    def check(self, key: str, first: int, last: int, file: str) -> dict:
        """Writes the gradients of these tasks in float64."""
        self._compute(replace(WORKLOADS[key], dtype="float64"), first, last, file)
        return self.drop()

    def _compute(self, workload, first, last, file):
        self.adapter = self.module.Adapter(workload, episodes(workload)[first:last])
        self.adapter.run()
        np.savez(file, **self.adapter.gradients())
        self.adapter.clear()

    def run(self) -> dict:
        """One meta-gradient; the times are of the clock that all processes of the machine share."""
        began = time.perf_counter()
        self.adapter.run()
        ended = time.perf_counter()
        self.adapter.clear()
        return {"began": began, "ended": ended}

    def begin_training(self, key: str, file: str, lr: float) -> dict:
        """From the workload's weights, on the episodes of the file: see `training_episodes`."""
        self.episodes = Episodes(file)
        self.adapter = self.module.Adapter(WORKLOADS[key], self.episodes.of(0))
        self.adapter.begin_training(lr)
        self.trained = 0
        return {}

    def train(self, iterations: int, file: str) -> dict:
        """Goes on; the file gets the weights, the answer the seconds that it took."""
        began = time.perf_counter()
        for _ in range(iterations):
            self.adapter.take(self.episodes.of(self.trained))
            self.adapter.run()
            self.adapter.outer.step()
            self.adapter.clear()
            self.trained += 1
        seconds = time.perf_counter() - began
        np.savez(file, **self.adapter.weights())
        return {"seconds": seconds}

    def memory(self) -> dict:
        return {"peak": megabytes("VmHWM")}

    def drop(self) -> dict:
        self.adapter = None
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        return {}


def megabytes(name: str) -> float:
    with open("/proc/self/status") as status:
        return int(status.read().partition(f"{name}:")[2].split()[0]) / 1024


def peak_is_now() -> None:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def main():
    answers = os.fdopen(os.dup(1), "w")  # what a library prints goes elsewhere
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        try:
            answer = getattr(worker, command)(*arguments)
        except Unsupported as reason:
            answer = {"unsupported": str(reason)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
