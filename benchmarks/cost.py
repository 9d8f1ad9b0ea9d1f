"""How time and memory grow with the work: ``python benchmarks/cost.py [--out cost.json --picture cost.png]``.

Each point is measured in a process of its own, on sine waves (10 + 10 points, the MLP of Finn et al. 2017): the least
time of a few meta-gradients, and by how much the process's peak memory grew over that of the first, small one. Only
the growth along a line says something; the times are those of one machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402

#: What grows, and through which values; each line is one way to do it.
LINES = {
    "inner steps": {
        "values": [1, 3, 10, 30, 100, 300, 1000],
        "lines": {
            "unrolled": {},
            "checkpointed": {"meta_gradient": "checkpointed"},
            "first_order": {"first_order": True},
        },
    },
    "tasks": {
        "values": [1, 4, 16, 64, 256],
        "lines": {"as one program": {}, "one by one": {"vectorize": False}, "16 at once": {"tasks_at_once": 16}},
    },
    "width": {"values": [40, 80, 160, 320, 640], "lines": {"as one program": {}, "one by one": {"vectorize": False}}},
}
_OF_META_LOSS = {"vectorize", "tasks_at_once"}


def measure(grows: str, value: int, options: dict) -> dict:
    """Milliseconds and MB of a meta-gradient."""
    metaopt.tune_cpu(threads=1)
    found = {"inner steps": 5, "tasks": 4, "width": 40, grows: value}
    how = {name: options.pop(name) for name in _OF_META_LOSS & options.keys()}
    paddle.seed(0)
    net = metaopt.models.MLP([1, found["width"], found["width"], 1])
    waves = metaopt.data.Sinusoid(episodes=found["tasks"])
    episodes = [waves[i] for i in range(len(waves))]

    def gradient(steps, tasks):
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.01, adapt_steps=steps, **options)
        began = time.perf_counter()
        opt.meta_loss(net, tasks, F.mse_loss, **how).backward()
        return 1000 * (time.perf_counter() - began)

    gradient(1, episodes[:2])  # what is made once
    before = _peak()
    times = [gradient(found["inner steps"], episodes)]
    while len(times) < 3 or (sum(times) < 2000 and len(times) < 30):
        times.append(gradient(found["inner steps"], episodes))
    return {"ms": min(times), "MB": _peak() - before}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def all_points(chosen: list[str]) -> dict:
    found = {}
    for grows in chosen:
        for line, options in LINES[grows]["lines"].items():
            for value in LINES[grows]["values"]:
                command = [sys.executable, __file__, "--point", grows, str(value), json.dumps(options)]
                ran = subprocess.run(command, capture_output=True, text=True, check=True)
                point = json.loads(ran.stdout.splitlines()[-1])
                found.setdefault(grows, {}).setdefault(line, []).append({"value": value, **point})
                print(f"{grows} {value:5} {line:15} {point['ms']:10.1f} ms {point['MB']:8.1f} MB", flush=True)
    return found


def draw(found: dict, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(found), figsize=(4 * len(found), 6.5), squeeze=False)
    for (grows, lines), column in zip(found.items(), axes.T):
        for line, points in lines.items():
            values = [point["value"] for point in points]
            for axis, unit in zip(column, ("ms", "MB")):
                axis.plot(values, [point[unit] for point in points], "o-", label=line)
                axis.set(xlabel=grows, ylabel=unit, xscale="log", yscale="log" if unit == "ms" else "linear")
                axis.grid(alpha=0.3)
        column[0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=LINES, default=list(LINES), help="what grows")
    parser.add_argument("--out", type=Path, default=Path("cost.json"))
    parser.add_argument("--picture", type=Path, default=Path("cost.png"))
    parser.add_argument("--point", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.point:
        grows, value, options = args.point
        print(json.dumps(measure(grows, int(value), json.loads(options))))
        return
    found = all_points(args.only)
    args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found, args.picture)
    print(f"written: {args.out}, {args.picture}")


if __name__ == "__main__":
    main()
