"""Judging many things in a process that may crash: resumable, with progress; what the sweeps share.

The names are judged in a process of its own, which is replaced when Paddle crashes, so that a crash costs one name.
Each result is a line of a JSON-lines file as soon as it is known; a second run goes on where the first one stopped.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer
from typing import Callable, Sequence


def work(judge: Callable[[str], dict]) -> None:
    """In the worker: judge the names that come on standard input, a line when one begins, a line with its result."""
    out = sys.stdout
    for name in sys.stdin.read().splitlines():
        print(json.dumps({"begin": name}), file=out, flush=True)
        print(json.dumps({"name": name, **judge(name)}), file=out, flush=True)


def run(command: Sequence[str], names, results: Path, seconds: float, silent: frozenset | set) -> dict[str, dict]:
    """Judge the names that `results` does not have yet; the results of all of them.

    Parameters
    ----------
    command : sequence of str
        What follows the interpreter to start a worker, which calls `work`.
    seconds : float
        The longest that one name may take.
    silent : set of str
        The verdicts that are not printed.
    """
    done = _read(results)
    waiting = [name for name in names if name not in done]
    progress = _Progress(len(names), len(names) - len(waiting), silent)
    with results.open("a") as file:
        while waiting:
            for result in _judged_by_one_process(command, waiting, seconds):
                file.write(json.dumps(result) + "\n")
                file.flush()
                done[result["name"]] = result
                progress.advance(result)
            waiting = [name for name in waiting if name not in done]
    return {name: done[name] for name in names}


def _judged_by_one_process(command, names, seconds):
    """Results until all are there or the process ends; the name it ended in is the last."""
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    worker.stdin.write("\n".join(names))
    worker.stdin.close()
    deadline = _Deadline(worker, seconds)
    current = names[0]
    for line in worker.stdout:
        if not line.startswith("{"):
            continue
        message = json.loads(line)
        if "begin" in message:
            current = message["begin"]
            deadline.restart()
        else:
            current = None
            yield message
    deadline.stop()
    code = worker.wait()
    if current is not None:
        verdict = "timeout" if deadline.passed else "crash"
        yield {"name": current, "verdict": verdict, "why": f"the process ended with code {code}"}


class _Deadline:
    """Kills a process that takes too long over one name."""

    def __init__(self, process, seconds):
        self._make = lambda: Timer(seconds, self._fire)
        self._process = process
        self.passed = False
        self._timer = self._make()
        self._timer.start()

    def _fire(self):
        self.passed = True
        self._process.kill()

    def restart(self):
        self._timer.cancel()
        self._timer = self._make()
        self._timer.start()

    def stop(self):
        self._timer.cancel()


class _Progress:
    def __init__(self, total, done, silent):
        self._total, self._done, self._began = total, done, time.time()
        self._first, self._silent = done, silent

    def advance(self, result):
        self._done += 1
        if result["verdict"] not in self._silent:
            print(f"\r{result['verdict']:8} {result['name']}: {result['why'][:300]}{' ' * 20}", flush=True)
        pace = (time.time() - self._began) / (self._done - self._first)
        left = (self._total - self._done) * pace
        print(f"\r{self._done}/{self._total}, {left:.0f} s left   ", end="", file=sys.stderr, flush=True)


def _read(results: Path) -> dict[str, dict]:
    if not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text().splitlines() if line.endswith("}")]
    return {line["name"]: line for line in lines}
