"""Where the processor's time of a meta-gradient goes: ``python benchmarks/profile_kernels.py [WORKLOAD/ORDER ...]``.

Workloads are those of benchmarks/peers. One process, one thread. The times of Paddle's kernels are cProfile's, in parts
of the time without it; what is left is Paddle's engine, dispatch and Python.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
sys.path.insert(0, str(Path(__file__).parent / "peers"))

import workloads  # noqa: E402
from adapters import ours  # noqa: E402

#: What is told of, and the names of Paddle's functions that are it; of the others those of its kernels, then the rest.
KINDS = {
    "matrix products": {"matmul", "bmm", "addmm"},
    "layouts, gathers and copies": {
        "contiguous", "transpose", "reshape", "embedding", "embedding_grad", "stack", "concat", "gather", "split",
        "slice", "clone", "assign",
    },
    "norms and pooling": {"batch_norm", "batch_norm_grad", "layer_norm", "max_pool2d_with_index",
                          "max_pool2d_with_index_grad", "pool2d"},
    "recurrent kernels": {"rnn", "rnn_grad"},
}  # fmt: skip


def shares(key: str, repetitions: int) -> dict:
    """Share of the time by kind, from the profile of some meta-gradients."""
    workload = workloads.WORKLOADS[key]
    adapter = ours.Adapter(workload, workloads.episodes(workload))

    def run():
        adapter.run()
        adapter.clear()

    run()
    began = time.process_time()
    for _ in range(repetitions):
        run()
    total = time.process_time() - began
    profile = cProfile.Profile(time.process_time)
    for _ in range(repetitions):
        profile.runcall(run)
    found = dict.fromkeys([*KINDS, "other kernels"], 0.0)
    for (_, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():
        kind = _kind(name)
        if kind is not None:
            found[kind] += own / total
    return {**found, "engine, dispatch, Python": 1 - sum(found.values())}


def _kind(name: str) -> str | None:
    last = name.rstrip(">").rpartition(".")[2] if "libpaddle" in name else name.split("'")[1] if "'" in name else ""
    for kind, names in KINDS.items():
        if last in names:
            return kind
    return "other kernels" if "libpaddle.pir.ops" in name else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=list(workloads.WORKLOADS))
    parser.add_argument("--repetitions", type=int, default=5)
    args = parser.parse_args()
    ours.set_up(1)
    for number, key in enumerate(args.workloads):
        found = shares(key, args.repetitions)
        if not number:
            print("| share of the time | " + " | ".join(found) + " |\n|" + " --- |" * (len(found) + 1))
        print(f"| {key} | " + " | ".join(f"{share:.0%}" for share in found.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
