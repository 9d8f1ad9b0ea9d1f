"""Random graphs of ops and layers, batched in some of their leaves and in all, against a loop over the tasks.

``python tests/vmap/batched_graphs.py [--count 1000] [--first 0]``
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.extend(str(Path(__file__).resolve().parents[1] / part) for part in ("", "double_grad", "vmap"))

from equality import VERDICTS, compare
from helpers import in_a_fork
from random_graphs import Graph

#: They draw, and the order of draws is another one in a loop.
DRAWING = ("dropout", "rrelu", "gumbel", "fractional_", "Dropout", "RReLU", "Fractional", "feature_alpha", "lowrank")


def judge(seed: int) -> dict:
    """The worst verdict on the graph of this seed: with all leaves batched, and with every second one."""
    graph = Graph(seed)
    if any(word in step.name for step in graph.steps for word in DRAWING):
        return {"verdict": "draws", "why": ""}
    positions = range(len(graph.leaves))
    found = [
        compare(lambda *leaves: graph.loss(list(leaves)), graph.leaves, batched, 1e-6)
        for batched in {tuple(positions), tuple(positions[::2]), tuple(positions[1::2])}
        if batched
    ]
    worst = max(found, key=lambda each: VERDICTS.index(each.verdict))
    return {"verdict": worst.verdict, "why": f"{worst.why} ({worst.error:.1e})"}


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many graphs")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed")
    options = parser.parse_args(arguments)
    counts, began = Counter(), time.time()
    for done, seed in enumerate(range(options.first, options.first + options.count), 1):
        found = in_a_fork(lambda: judge(seed))  # noqa: B023
        counts[found["verdict"]] += 1
        if found["verdict"] not in ("rule", "tasks", "refused", "draws"):
            print(f"{seed}: {found}", flush=True)
        left = (time.time() - began) / done * (options.count - done)
        print(f"\r{done}/{options.count}, {left:.0f} s left   ", end="", file=sys.stderr, flush=True)
    print("\n", dict(counts))
    return int(any(counts[verdict] for verdict in counts if verdict not in ("rule", "tasks", "refused", "draws")))


if __name__ == "__main__":
    sys.exit(main())
