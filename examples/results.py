"""The tables and the curves of what image_classification.py measured.

    python examples/results.py                          # prints the tables, draws results/curves.png
    python examples/results.py --pages README.md        # and puts them into the page, between their marks
    python examples/results.py --orders results/orders  # draws first beside second order instead
"""

from __future__ import annotations

import argparse
import json
from contextlib import contextmanager
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from lineage import Lineage, one_curve  # noqa: E402

CELLS = {
    "omniglot-5w1s": "Omniglot 5-way 1-shot",
    "omniglot-5w5s": "Omniglot 5-way 5-shot",
    "mini-imagenet-5w1s": "miniImageNet 5-way 1-shot",
    "mini-imagenet-5w5s": "miniImageNet 5-way 5-shot",
}

#: What others published: of which algorithm, by whom, cell by cell.
PUBLISHED = [
    ("maml", "MAML, paper", ["98.7 ± 0.4", "99.9 ± 0.1", "48.70 ± 1.84", "63.11 ± 0.92"]),
    ("maml", "MAML, PaddleFSL (first order)", ["97.13 ± 1.25", "99.23 ± 0.40", "49.81 ± 1.78", "64.21 ± 1.33"]),
    ("anil", "ANIL, paper", ["", "", "46.7 ± 0.4", "61.5 ± 0.5"]),
    ("anil", "ANIL, PaddleFSL (first order)", ["96.06 ± 1.00", "98.74 ± 0.48", "48.31 ± 2.83", "62.38 ± 1.96"]),
    ("mamlpp", "MAML++, paper", ["99.47", "99.85", "52.40", "67.15"]),
    ("mlp", "MAML with the MLP, paper", ["89.7 ± 1.1", "97.5 ± 0.6", "", ""]),
    ("mlp", "MAML with the MLP, PaddleFSL (first order)", ["88.88 ± 2.99", "97.50 ± 0.47", "", ""]),
]
OURS = {"maml": "MAML", "mamlpp": "MAML++", "anil": "ANIL", "mlp": "MAML with the MLP"}


def read(folder: Path) -> dict[str, dict]:
    """What was measured, by recipe."""
    return {result["recipe"]: result for result in map(_loaded, sorted(folder.glob("*-5w*s.json")))}


def stages(folder: Path) -> dict[str, dict]:
    """The trainings that others began with, by file."""
    return {f"{path.parent.name}/{path.stem}": _loaded(path) for path in sorted(folder.glob("stages/*.json"))}


def running(folder: Path) -> dict[str, list]:
    """The curves of what is still in training, by recipe."""
    return {run["recipe"]: run["curve"] for run in map(_loaded, sorted(folder.glob("running/*/curve.json")))}


def _loaded(path: Path) -> dict:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SystemExit(f"{path} is no json: {error}") from None
    if not isinstance(found, dict) or "recipe" not in found:
        raise SystemExit(f"{path} was not written by image_classification.py: it names no recipe")
    return found


def percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f}"


def markdown(header: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] * len(header)
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])


def comparison(results: dict[str, dict]) -> str:
    """Ours beside what others published: accuracy on the test classes in per cent, with its 95 % interval.

    An algorithm has its rows from the first cell on that was measured.
    """
    rows = []
    for algorithm, name in OURS.items():
        cells = [results.get(f"{algorithm}-{cell}") for cell in CELLS]
        if not any(cells):
            continue
        measured = ["" if r is None else f"**{percent(r['accuracy'])} ± {percent(r['ci95'])}**" for r in cells]
        rows.append([f"**{name}, paddle_metaopt**", *measured])
        rows += [[who, *theirs] for of, who, theirs in PUBLISHED if of == algorithm]
    return markdown(["", *CELLS.values()], rows)


def trainings(results: dict[str, dict], lineage: Lineage) -> str:
    """How each was trained; the hours in all are those of what it began with, too."""
    measured = ["recipe", "test", "validation", "episodes", "inner steps"]
    header = [*measured, "tasks", "hours", "in all", "began with", "commit"]
    rows = []
    for name, result in results.items():
        rows.append(
            [
                name,
                f"{percent(result['accuracy'])} ± {percent(result['ci95'])}",
                percent(result["valid_accuracy"]),
                f"{result['episodes']:,}",
                str(result["inner_steps"]),
                f"{result['tasks_trained']:,}",
                f"{result['hours']:.1f}",
                f"{lineage.hours(result):.1f}",
                lineage.began_with(result),
                (result["commit"] or "")[:10],
            ]
        )
    return markdown(header, rows)


def all_tables(results: dict[str, dict], before: dict[str, dict], lineage: Lineage) -> dict[str, str]:
    """By the names in their marks."""
    return {"results": comparison(results), "trainings": trainings({**results, **before}, lineage)}


@contextmanager
def picture(path: Path, rows: int):
    """Two panels a row, to be drawn on; then written to the file."""
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(rows, 2, figsize=(11, 4 * rows), squeeze=False)
        yield axes
        figure.tight_layout()
        figure.savefig(path, dpi=120)
        plt.close(figure)


def draw(curves: dict[str, tuple], unfinished: dict[str, list], path: Path) -> None:
    """Validation accuracy against tasks, by recipe with what to say of it; dashed where the training goes on."""
    with picture(path, 2) as axes:
        for (cell, title), axis in zip(CELLS.items(), axes.flat):
            for number, (algorithm, name) in enumerate(OURS.items()):
                recipe = f"{algorithm}-{cell}"
                running = unfinished.get(recipe), ", running"
                for (curve, remark), style in ((curves.get(recipe, (None, "")), "-"), (running, "--")):
                    if curve:
                        x, y = [p["tasks"] for p in curve], [100 * p["accuracy"] for p in curve]
                        axis.plot(x, y, style, marker=".", color=f"C{number}", label=name + remark)
            low, high = axis.get_ylim()
            more = max(0.0, 4 - (high - low)) / 2  # what is within the noise shall not look like a slope
            axis.set(title=title, xlabel="tasks trained on", ylabel="validation accuracy, %")
            axis.set_ylim(low - more, high + more)
            axis.locator_params(axis="x", nbins=6)
            axis.xaxis.set_major_formatter("{x:,.0f}")
            axis.grid(alpha=0.3)
            if axis.lines:
                axis.legend(frameon=False, loc="lower right")


def draw_orders(folder: Path, path: Path) -> None:
    """Validation accuracy of the same training in first and in second order, against tasks and against hours."""
    found = {order: read(folder / order) for order in ("second", "first")}
    recipes = sorted(set(found["first"]) & set(found["second"]))
    if not recipes:
        raise SystemExit(f"{folder} holds no recipe's json both in first/ and in second/")
    with picture(path, len(recipes)) as axes:
        for recipe, pair in zip(recipes, axes):
            for axis, (unit, name) in zip(pair, {"tasks": "tasks trained on", "hours": "hours"}.items()):
                for order, results in found.items():
                    curve, test = results[recipe]["curve"], percent(results[recipe]["accuracy"])
                    x, y = [p[unit] for p in curve], [100 * p["accuracy"] for p in curve]
                    axis.plot(x, y, label=f"{order} order, test {test} %")
                axis.set(title=recipe, xlabel=name, ylabel="validation accuracy, %")
                axis.grid(alpha=0.3)
                axis.legend(frameon=False, loc="lower right")


def put_between_marks(page: Path, tables: dict[str, str]) -> None:
    """Each table in the place of what the page has between its marks, if it has any."""
    text = page.read_text(encoding="utf-8")
    marks = {name: (f"<!-- {name} -->", f"<!-- end of {name} -->") for name in tables}
    marks = {name: pair for name, pair in marks.items() if any(mark in text for mark in pair)} or marks
    for name, (first, last) in marks.items():
        if text.count(first) != 1 or text.count(last) != 1 or text.index(first) > text.index(last):
            raise SystemExit(f"{page} needs one line {first} and one line {last} after it; the table goes between them")
        before, rest = text.split(first)
        text = f"{before}{first}\n{tables[name]}\n{last}{rest.split(last)[1]}"
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Tables and curves of the results.")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the json (%(default)s)")
    parser.add_argument("--out", type=Path, help="the picture (curves.png in that folder)")
    pages = "pages to put the tables into, between <!-- results --> and <!-- end of results -->, and so with trainings"
    parser.add_argument("--pages", type=Path, nargs="+", default=[], metavar="PAGE", help=pages)
    parser.add_argument("--orders", type=Path, help="folder with first/ and second/, the results of either order")
    args = parser.parse_args()
    if args.orders:
        draw_orders(args.orders, args.out or args.orders / "orders.png")
        return
    results, unfinished = read(args.results), running(args.results)
    if not results and not unfinished:
        parser.error(f"--results {args.results} holds neither results nor runs")
    unfinished = {name: curve for name, curve in unfinished.items() if name not in results}
    before = stages(args.results)
    lineage = Lineage(results, before, args.results)
    made = all_tables(results, before, lineage)
    print("\n\n".join(made.values()), end="\n\n")
    for result in [*results.values(), *before.values()]:
        print(f"    {result['command']}")
    for page in args.pages:
        put_between_marks(page, made)
    out = args.out or args.results / "curves.png"
    curves = {}
    for name, result in results.items():
        one_by_one = lineage.stages(result)
        curves[name] = one_curve(one_by_one), ", warm start" if one_by_one[0]["init_from"] else ""
    draw(curves, unfinished, out)
    print(f"\ndrawn: {out}")


if __name__ == "__main__":
    main()
