"""Every case of the table of second derivatives, batched in each operand and in all, against a loop over the tasks.

``python tests/vmap/batched_cases.py [--results FILE] [--only WORD] [--fresh]``

It may be stopped and run again; see `resumable`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.extend(str(Path(__file__).resolve().parents[1] / part) for part in ("", "double_grad", "vmap"))

import resumable
from cases import all_cases
from equality import VERDICTS, compare, on_given_weights

#: Cases of what stands below the table of ops, where no user calls.
BELOW = {"_C_ops.margin_cross_entropy", "paddle.square plain kernel"}

#: It draws twice, and the order of draws is another one in a loop.
SEVERAL_DRAWS = {"nn.TransformerEncoderLayer dropout, mask"}


def choices(count: int) -> list[tuple]:
    """Which operands are batched: all of them, and each by itself."""
    return [tuple(range(count)), *((position,) for position in range(count) if count > 1)]


def judge(case) -> dict:
    """The worst verdict on one case, and that of each choice."""
    problem = case.problem()
    function = on_given_weights(problem)
    found = {choice: compare(function, problem.tensors, choice) for choice in choices(len(problem.tensors))}
    worst_choice, worst = max(found.items(), key=lambda item: VERDICTS.index(item[1].verdict))
    return {
        "verdict": worst.verdict, "why": f"batched {list(worst_choice)}: {worst.why}",
        "verdicts": [each.verdict for each in found.values()],
        "error": max((each.error for each in found.values()), default=0.0),
        "looped": sorted({op for each in found.values() if each.verdict == "tasks" for op in each.why.split()}),
    }  # fmt: skip


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("batched_cases.jsonl"), help="where results are kept")
    parser.add_argument("--only", default="", help="cases whose name contains this word")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--seconds", type=float, default=300.0, help="the longest that one case may take")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    table = all_cases()
    if options.work:
        resumable.work(lambda name: judge(table[name]))
        return 0
    if options.fresh:
        options.results.unlink(missing_ok=True)
    names = [name for name in table if options.only in name and name not in BELOW | SEVERAL_DRAWS]
    found = resumable.run([__file__, "--work"], names, options.results, options.seconds, {"rule", "tasks", "refused"})
    counts = Counter(verdict for result in found.values() for verdict in result.get("verdicts", [result["verdict"]]))
    print(f"\n{len(found)} cases, {sum(counts.values())} choices of what is batched:", end=" ")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))
    worst = max((r["error"] for r in found.values() if r["verdict"] in ("rule", "tasks")), default=0.0)
    print(f"largest relative error: {worst:.1e}")
    looped = Counter(op for result in found.values() for op in result.get("looped", ()))
    print("task by task:", ", ".join(f"{op} {count}" for op, count in looped.most_common()))
    return int(any(result["verdict"] not in ("rule", "tasks", "refused") for result in found.values()))


if __name__ == "__main__":
    sys.exit(main())
