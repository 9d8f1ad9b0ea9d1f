"""Every case of the table, for every choice of what needs a gradient, against finite differences.

``python tests/double_grad/sweep.py [--results FILE] [--only WORD] [--fresh] [--order N] [--native]``

The cases run in a process of their own, which is replaced when Paddle crashes, so that a crash costs one case. Each
result is a line of a JSON-lines file as soon as it is known; a second run goes on where the first one stopped.

With ``--order 3`` the third derivatives are compared, and so on, where everything needs a gradient; with ``--native``
Paddle's own nodes are kept as far as they reach.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Timer

from cases import all_cases
from cases.case import check_choice

from paddle_metaopt.double_grad import ANY_ORDER
from paddle_metaopt.errors import NotTwiceDifferentiableError

TOLERANCE = 1e-6

#: What can be found, best first.
VERDICTS = ("exact", "refused", "error", "crash", "timeout", "wrong")


def judge(case, order: int = 2, native: bool = False) -> dict:
    """The verdict on one case, with the worst error and what explains it."""
    worst, redrawn, variants = 0.0, 0, 0
    choice = ()
    try:
        problem = case.problem()
        for choice in problem.choices() if order == 2 else [problem.everything()]:
            found = check_choice(problem, *choice, order, order if native else ANY_ORDER)
            variants += 1
            redrawn += found.first.redrawn + found.second.redrawn
            worst = max(worst, found.error)
            if not found.error < TOLERANCE:
                at = order - 1 if found.first.error >= TOLERANCE else order
                return _result("wrong", worst, variants, redrawn, f"derivative of order {at}, {_described(choice)}")
    except NotTwiceDifferentiableError as error:
        return _result("refused", worst, variants, redrawn, str(error))
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return _result("error", worst, variants, redrawn, f"{_described(choice)}: {text[-400:]}")
    return _result("exact", worst, variants, redrawn, "")


def _described(choice) -> str:
    return "needing a gradient {}, inner gradient {}".format(*map(list, choice)) if choice else "in making it"


def _result(verdict, worst, variants, redrawn, why) -> dict:
    return {"verdict": verdict, "error": worst, "variants": variants, "redrawn": redrawn, "why": why}


def _work(names, order, native) -> None:
    """Judge the cases, in a process that may crash: a line when one begins, a line with its result."""
    table = all_cases()
    for name in names:
        print(json.dumps({"begin": name}), flush=True)
        print(json.dumps({"name": name, **judge(table[name], order, native)}), flush=True)


def run(names, results: Path, seconds: float, order: int = 2, native: bool = False) -> dict[str, dict]:
    """Judge the cases that `results` does not have yet; the verdicts of all of them."""
    done = _read(results)
    waiting = [name for name in names if name not in done]
    progress = _Progress(len(names), len(names) - len(waiting))
    with results.open("a") as file:
        while waiting:
            for result in _judged_by_one_process(waiting, seconds, order, native):
                file.write(json.dumps(result) + "\n")
                file.flush()
                done[result["name"]] = result
                progress.advance(result)
            waiting = [name for name in waiting if name not in done]
    return {name: done[name] for name in names}


def _judged_by_one_process(names, seconds, order, native):
    """Results until all are there or the process ends; the case it ended in is the last."""
    command = [sys.executable, "-W", "ignore", __file__, "--work", "--order", str(order)]
    command += ["--native"] if native else []
    worker = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
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
        yield {"name": current, **_result(verdict, 0.0, 0, 0, f"the process ended with code {code}")}


class _Deadline:
    """Kills a process that takes too long over one case."""

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
    def __init__(self, total, done):
        self._total, self._done, self._began = total, done, time.time()
        self._first = done

    def advance(self, result):
        self._done += 1
        if result["verdict"] != "exact":
            print(f"\r{result['verdict']:8} {result['name']}: {result['why'][:300]}{' ' * 20}")
        pace = (time.time() - self._began) / (self._done - self._first)
        left = (self._total - self._done) * pace
        print(f"\r{self._done}/{self._total} cases, {left:.0f} s left   ", end="", file=sys.stderr, flush=True)


def _read(results: Path) -> dict[str, dict]:
    if not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text().splitlines() if line.endswith("}")]
    return {line["name"]: line for line in lines}


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="where results are kept")
    parser.add_argument("--only", default="", help="cases whose name contains this word")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--seconds", type=float, default=300.0, help="the longest that one case may take")
    parser.add_argument("--order", type=int, default=2, help="the highest derivative that is compared")
    parser.add_argument("--native", action="store_true", help="with Paddle's own nodes, as far as they reach")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        _work(sys.stdin.read().splitlines(), options.order, options.native)
        return 0
    order, native = options.order, options.native
    results = options.results or Path(f"double_grad_sweep-order{order}{'-native' if native else ''}.jsonl")
    if options.fresh:
        results.unlink(missing_ok=True)
    names = [name for name in all_cases() if options.only in name]
    found = run(names, results, options.seconds, order, native)
    counts = Counter(result["verdict"] for result in found.values())
    variants = sum(result["variants"] for result in found.values())
    worst = max((result["error"] for result in found.values() if result["verdict"] == "exact"), default=0.0)
    print(f"\n{len(found)} cases, {variants} choices of what needs a gradient:", end=" ")
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]))
    print(f"largest relative error of the exact ones: {worst:.1e}")
    return int(counts["exact"] < len(found))


if __name__ == "__main__":
    sys.exit(main())
