"""Whether rules keep memory: every case of the table again and again, forward and gradient.

``python benchmarks/rule_memory.py [--calls N]`` prints the process's resident memory after each round.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

import paddle

from paddle_metaopt import twice_differentiable

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/double_grad"))
from cases import all_cases  # noqa: E402


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def call(problem):
    with twice_differentiable():
        outputs = [y for y in paddle.utils.flatten(problem.function(*problem.tensors)) if not y.stop_gradient]
        outputs = [y for y in outputs if y.is_floating_point()]
        if outputs:
            paddle.grad(sum(y.sum() for y in outputs), problem.tensors, create_graph=True, allow_unused=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    calls = parser.parse_args().calls
    problems = [case.problem() for case in all_cases().values()]
    for problem in problems:
        for tensor in problem.tensors:
            tensor.stop_gradient = False
    done = 0
    while done < calls:
        for problem in problems:
            call(problem)
        done += len(problems)
        gc.collect()
        print(f"{done} calls: {resident_megabytes():.0f} MB", flush=True)


if __name__ == "__main__":
    main()
