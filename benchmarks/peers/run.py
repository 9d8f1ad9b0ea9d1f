"""The peers and we on the same meta-batches, in one run: ``python benchmarks/peers/run.py [--quick]``.

The first run builds the peers' environment (1.5 GB, a minute or two). Every library computes every workload once, and
its gradient has to be torch's; then they take turns, for several rounds, in both arrangements: one process with two
threads, or two processes with one thread, each with its part of the tasks. Times are of the meta-gradient alone: no
data loading, outer step, or averaging over the processes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import environment
import machine
import report
import workloads
from adapters import LIBRARIES, REFERENCE
from library import ARRANGEMENTS, HERE, Arranged, Failed, difference

#: What is further from torch's gradient is not timed. float64 says whether a gradient is right, at two tasks; float32
#: whether each task was counted once: rounding may turn over a ReLU there, which among five images is felt.
CLOSE_ENOUGH = {"float64": 1e-8, "float32": 3e-2}
PAUSE = 0.25  # seconds between two turns: a library's idle threads spin for a while


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workloads", nargs="*", default=[], metavar="NAME", help="sinusoid, lstm/1 (first order) …")
    parser.add_argument("--libraries", nargs="*", default=list(LIBRARIES), choices=LIBRARIES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two rounds of short turns, at most 4 tasks: a look")
    parser.add_argument("--tasks", type=int, help="at most so many tasks in a meta-batch")
    parser.add_argument("--processes", nargs="*", type=int, choices=(1, 2), default=[1, 2], help="the arrangements")
    parser.add_argument("--out", type=Path, default=environment.folder() / "results")
    given = parser.parse_args(argv)
    given.tasks = given.tasks or (4 if given.quick else None)
    chosen = workloads.named(given.workloads)
    given.workloads = [replace(w, tasks=min(w.tasks, given.tasks or w.tasks)) for w in chosen]
    given.rounds = min(given.rounds, 2) if given.quick else given.rounds
    given.turn, given.least, given.most = (0.3, 1, 10) if given.quick else (1.0, 3, 50)
    return given


def measure(workload, contenders, given) -> dict:
    """The results of one workload: by library its times of a task, in ms, by arrangement and round."""
    libraries = {c.library: {"times": {}, "peak": {}, "difference": {}, "reason": None} for c in contenders}
    reference, repetitions = {}, {}

    def attempt(contender, what):
        found = libraries[contender.library]
        if not found["reason"]:  # a library that failed once is left out
            try:
                what(contender, found)
            except Failed as reason:
                found.update(reason=str(reason), times={})

    def prepare(contender, found):
        own = contender.library == REFERENCE
        if not found["difference"]:
            require_right("float64", contender.check(workload), reference, found, own)
        gradient, seconds = contender.prepare(workload)
        require_right("float32", gradient, reference, found, own)
        repetitions[contender] = min(max(int(given.turn / seconds), given.least), given.most)

    def take_turn(contender, found):
        time.sleep(PAUSE)
        spent = contender.repeat(repetitions[contender]) / workload.tasks * 1e3
        found["times"].setdefault(contender.arrangement, []).append(spent)

    def note_memory(contender, found):
        found["peak"][contender.arrangement] = contender.memory()

    for contender in contenders:
        attempt(contender, prepare)
    timed = [c for c in contenders if c.library in given.libraries]
    others = machine.Bystanders([process.pid for c in contenders for process in c.processes])
    for turn in range(given.rounds):
        first = turn % len(timed)
        for contender in timed[first:] + timed[:first]:
            attempt(contender, take_turn)
    bystanders = others.cores()
    for contender in timed:
        attempt(contender, note_memory)
    for contender in contenders:
        contender.drop()
    asked = {name: found for name, found in libraries.items() if name in given.libraries}
    return {"tasks": workload.tasks, "bystanders": bystanders, "libraries": asked}


def require_right(dtype, gradient, reference, found, own=False):
    """Against torch's gradient of that type, which its `own` first one is."""
    if own:
        reference.setdefault(dtype, gradient)
    if dtype not in reference:
        raise Failed("there is no gradient of torch's to compare with")
    away = difference(gradient, reference[dtype])
    found["difference"][dtype] = max(away, found["difference"].get(dtype, 0.0))
    if not away <= CLOSE_ENOUGH[dtype]:
        raise Failed(f"its gradient is {away:.0e} away from torch's in {dtype}")


def main():
    given = arguments()
    environment.build()
    results = {"about": machine.about(HERE.parent.parent), "rounds": given.rounds, "quick": given.quick}
    results.update(versions={}, workloads={})
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # the workers inherit it
    given.out.mkdir(parents=True, exist_ok=True)
    with open(given.out / "workers.log", "w") as log:
        names = [REFERENCE, *(name for name in given.libraries if name != REFERENCE)]
        arrangements = [name for name, (processes, _) in ARRANGEMENTS.items() if processes in given.processes]
        contenders = [Arranged(name, arrangement, log) for name in names for arrangement in arrangements]
        for workload in given.workloads:
            print(workload.key, file=sys.stderr, flush=True)
            results["workloads"][workload.key] = measure(workload, contenders, given)
            for contender in contenders:
                results["versions"].update(contender.versions())
            (given.out / "results.json").write_text(json.dumps(results, indent=1))
        for contender in contenders:
            contender.close()
    report.write(results, given.out)
    print((given.out / "report.md").read_text())


if __name__ == "__main__":
    main()
