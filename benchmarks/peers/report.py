"""The tables and the picture of a run: ``python benchmarks/peers/report.py results.json`` writes them again."""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import replace
from pathlib import Path

from adapters import LIBRARIES, OURS, PEERS
from workloads import ANIL_OF, WORKLOADS

TWO = "two processes, one thread"
ABSENT: dict = {"times": {}}  # a library without results
BUSY = 0.1  # cores that others may use before a table says so


def best(library: dict) -> tuple:
    """The arrangement with the least median over the rounds, and its times; or None and none."""
    return min(library["times"].items(), key=lambda item: statistics.median(item[1]), default=(None, []))


def ratios(times: list, ours: list) -> list:
    """By round, how many times ours their time is."""
    return [theirs / own for theirs, own in zip(times, ours)]


def fastest_peer(libraries: dict):
    """The peer with the least median in its best arrangement, or None; yardsticks are no peers."""
    measured = [name for name in PEERS if libraries.get(name, {}).get("times")]
    medians = {name: statistics.median(best(libraries[name])[1]) for name in measured}
    return min(medians, key=medians.get, default=None)


def against_fastest(libraries: dict) -> list:
    """By round, the fastest peer's time over ours, each in its best arrangement."""
    peer = fastest_peer(libraries)
    if peer is None or OURS not in libraries:
        return []
    return ratios(best(libraries[peer])[1], best(libraries[OURS])[1])


def spread(values: list, digits: int = 3) -> str:
    """Median and range."""
    if not values:
        return "–"
    three = statistics.median(values), min(values), max(values)
    middle, low, high = (f"{value:.{digits}g}" if value < 1000 else f"{value:.0f}" for value in three)
    return f"{middle} ({low}–{high})"


def table(head: list, rows: list) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def of_order(results: dict, order: int) -> dict:
    measured = ((WORKLOADS[key], found) for key, found in results["workloads"].items())
    return {replace(w, tasks=found["tasks"]): found for w, found in measured if w.order == order}


def label(workload) -> str:
    steps = "1 step" if workload.steps == 1 else f"{workload.steps} steps"
    title = f"ANIL, {workload.title}" if workload.head_only else workload.title
    return f"{title}, {workload.support}+{workload.query}, {steps}, {workload.tasks} tasks"


def names(results: dict) -> list:
    asked = {name for found in results["workloads"].values() for name in found["libraries"]}
    return [name for name in LIBRARIES if name in asked]


def times_table(results: dict, order: int) -> str:
    def cell(library):
        arrangement, times = best(library)
        return spread(times) + ("²" if arrangement == TWO else "")

    rows = []
    for workload, found in of_order(results, order).items():
        libraries, peer = found["libraries"], fastest_peer(found["libraries"])
        ratio = spread(against_fastest(libraries)) + (f" {peer}" if peer else "")
        rows.append([label(workload), *(cell(libraries.get(name, ABSENT)) for name in names(results)), ratio])
    return table(["ms a task", *names(results), "fastest peer / ours"], rows)


def memory_table(results: dict, order: int) -> str:
    def cell(library):
        arrangement, _ = best(library)
        return f"{library['peak'][arrangement]:.0f}" + ("²" if arrangement == TWO else "") if arrangement else "–"

    rows = [
        [label(workload), *(cell(found["libraries"].get(name, ABSENT)) for name in names(results))]
        for workload, found in of_order(results, order).items()
    ]
    return table(["peak MB", *names(results)], rows)


def anil_table(results: dict) -> str:
    rows, measured = [], results["workloads"]
    for anil, maml in ANIL_OF.items():
        for order in (2, 1):
            pair = [measured.get(f"{name}/{order}", {}).get("libraries", {}).get(OURS) for name in (maml, anil)]
            if all(pair):
                gain = ratios(*(best(library)[1] for library in pair))
                rows.append([label(WORKLOADS[f"{anil}/{order}"]), str(order), spread(gain)])
    return table(["ours", "order", "MAML / ANIL"], rows) if rows else ""


def absences(results: dict) -> list:
    """What was not measured, by library and reason."""
    found: dict = {}
    for key, measured in results["workloads"].items():
        for name, library in measured["libraries"].items():
            if library["reason"]:
                found.setdefault((name, library["reason"]), []).append(key)
    return [f"- {name}: {reason} ({', '.join(keys)})." for (name, reason), keys in found.items()]


def furthest(results: dict, dtype: str) -> float:
    every = [lib for found in results["workloads"].values() for lib in found["libraries"].values() if not lib["reason"]]
    return max((library["difference"][dtype] for library in every), default=0.0)


def text(results: dict) -> str:
    about, versions = results["about"], results["versions"]
    busy = {key: found["bystanders"] for key, found in results["workloads"].items() if found["bystanders"] > BUSY}
    lines = [
        f"{about['date']}, commit {about['commit']}, {about['processor']}, two of {about['cores']} cores, "
        f"{about['memory']}; " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
        + f". {results['rounds']} rounds{', a quick look' if results['quick'] else ''}; load {about['load']:.1f}.",
    ]
    if busy:
        lines.append(
            f"**The machine was not quiet**: in {len(busy)} of {len(results['workloads'])} workloads other processes "
            f"kept {min(busy.values()):.1f} to {max(busy.values()):.1f} cores busy. Such numbers are no measurement."
        )
    lines.append(
        "Least of the repetitions of a round; then the median over the rounds, and their range. ² two processes of one "
        "thread, each with half of the tasks; else one process of two threads: the better of the two. Every gradient "
        f"was compared with torch's first: at most {furthest(results, 'float64'):.0e} apart in float64, "
        f"{furthest(results, 'float32'):.0e} in float32, where a ReLU may turn over."
    )
    for order, name in ((2, "Second order"), (1, "First order")):
        if of_order(results, order):
            lines += [f"### {name}", times_table(results, order), memory_table(results, order)]
    if anil_table(results):
        lines += ["### ANIL against our own MAML", anil_table(results)]
    if absences(results):
        lines += ["### Not measured", "\n".join(absences(results))]
    return "\n\n".join(lines) + "\n"


def picture(results: dict, file: Path) -> None:
    """Times relative to ours, a line a workload, one panel for each order."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    orders = [order for order in (2, 1) if of_order(results, order)]
    rows = max(len(of_order(results, order)) for order in orders)
    figure, panels = plt.subplots(1, len(orders), figsize=(7 * len(orders), 1.5 + 0.45 * rows), squeeze=False)
    colours = dict(zip(LIBRARIES, plt.get_cmap("tab10").colors))
    for order, axes in zip(orders, panels[0]):
        found = of_order(results, order)
        for name in names(results):
            points = []
            for row, measured in enumerate(found.values()):
                ours = best(measured["libraries"].get(OURS, ABSENT))[1]
                times = ratios(best(measured["libraries"].get(name, ABSENT))[1], ours) or [float("nan")]
                points.append((statistics.median(times), row))
            axes.plot(*zip(*points), "D" if name == OURS else "o", color=colours[name], label=name, alpha=0.85)
        axes.set_xscale("log")
        axes.axvline(1, color="grey", linewidth=0.8)
        axes.set_yticks(range(len(found)), [f"{w.name}" for w in found])
        axes.invert_yaxis()
        axes.grid(axis="x", which="both", alpha=0.2)
        axes.set_xlabel("time a task, as a multiple of ours (right: slower than we are)")
        axes.set_title("second order" if order == 2 else "first order")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(file, dpi=120)
    plt.close(figure)


def write(results: dict, out: Path) -> None:
    (out / "report.md").write_text(text(results))
    if any(best(found["libraries"].get(OURS, ABSENT))[1] for found in results["workloads"].values()):
        picture(results, out / "report.png")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    write(json.loads(path.read_text()), path.parent)
