"""Every case of the table, for every choice of what needs a gradient, against finite differences.

``python tests/double_grad/sweep.py [--results FILE] [--only WORD] [--fresh] [--order N] [--native]``

It may be stopped and run again; see `resumable`.

With ``--order 3`` the third derivatives are compared, and so on, where everything needs a gradient; with ``--native``
Paddle's own nodes are kept as far as they reach. With ``--in-place``, each result is changed in place afterwards: none
may be wrong, for what was needed of the old values is refused or an error.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import resumable
from cases import all_cases
from cases.case import check_choice

from paddle_metaopt.double_grad import ANY_ORDER
from paddle_metaopt.errors import NotTwiceDifferentiableError

TOLERANCE = 1e-6

#: What can be found, best first.
VERDICTS = ("exact", "refused", "error", "crash", "timeout", "wrong")


def judge(case, order: int = 2, native: bool = False, in_place: bool = False) -> dict:
    """The verdict on one case, with the worst error and what explains it."""
    worst, redrawn, variants = 0.0, 0, 0
    choice = ()
    try:
        problem = (case.changed_in_place() if in_place else case).problem()
        for choice in problem.choices() if order == 2 else [problem.everything()]:
            found = check_choice(problem, *choice, order, order if native else ANY_ORDER, directions=5)
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


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="where results are kept")
    parser.add_argument("--only", default="", help="cases whose name contains this word")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--seconds", type=float, default=300.0, help="the longest that one case may take")
    parser.add_argument("--order", type=int, default=2, help="the highest derivative that is compared")
    parser.add_argument("--native", action="store_true", help="with Paddle's own nodes, as far as they reach")
    parser.add_argument("--in-place", action="store_true", help="with each result changed in place, or an error")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        table = all_cases()
        resumable.work(lambda name: judge(table[name], options.order, options.native, options.in_place))
        return 0
    order, native = options.order, options.native
    kind = ("-native" if native else "") + ("-in-place" if options.in_place else "")
    results = options.results or Path(f"double_grad_sweep-order{order}{kind}.jsonl")
    if options.fresh:
        results.unlink(missing_ok=True)
    names = [name for name in all_cases() if options.only in name]
    command = [__file__, "--work", "--order", str(order)] + (["--native"] if native else [])
    command += ["--in-place"] if options.in_place else []
    found = resumable.run(command, names, results, options.seconds, silent={"exact"})
    counts = Counter(result["verdict"] for result in found.values())
    variants = sum(result.get("variants", 0) for result in found.values())
    worst = max((result["error"] for result in found.values() if result["verdict"] == "exact"), default=0.0)
    print(f"\n{len(found)} cases, {variants} choices of what needs a gradient:", end=" ")
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]))
    print(f"largest relative error of the exact ones: {worst:.1e}")
    return int(counts["exact"] < len(found))


if __name__ == "__main__":
    sys.exit(main())
