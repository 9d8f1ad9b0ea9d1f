"""Writes docs/coverage.md from the table of cases and the registry: ``python docs/make_coverage.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import paddle

from paddle_metaopt.double_grad import ANY_ORDER, supported
from paddle_metaopt.double_grad.registry import EXACT_BESIDE_RULES, NATIVE_TO, NATIVELY_EXACT, REPLACEMENTS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/double_grad"))
from cases import all_cases, all_excluded  # noqa: E402

PAGE = Path(__file__).with_name("coverage.md")

SECTIONS = {
    "nn.": "Layers",
    "F.": "Functions of paddle.nn.functional",
    "paddle.": "Functions of paddle",
    "Tensor.": "Operators",
    "linalg.": "Functions of paddle.linalg",
    "fft.": "Functions of paddle.fft",
    "signal.": "Functions of paddle.signal",
    "geometric.": "Functions of paddle.geometric",
    "vision.ops.": "Functions of paddle.vision.ops",
    "audio.": "Layers of paddle.audio.features",
}


def page() -> str:
    cases = all_cases()
    names = sorted({name.split()[0] for name in cases})
    lines = [
        "# What is covered",
        "",
        f"Made by `docs/make_coverage.py` with Paddle {paddle.__version__}. Each name below has at least one case in",
        f"the table of {len(cases)} that `python tests/double_grad/sweep.py` compares with finite differences in",
        "float64, for every choice of what needs a gradient.",
    ]
    left = list(names)
    for prefix, title in SECTIONS.items():
        found = [name for name in left if name.startswith(prefix)]
        left = [name for name in left if name not in found]
        lines += ["", f"## {title}", "", listed(name[len(prefix) :] for name in found)]
    if left:
        lines += ["", "## Others", "", listed(left)]
    lines += ["", "## Not covered", ""]
    lines += ["These have no first derivative on the CPU either, or Paddle fails in them; the line shows it.", ""]
    lines += ["| name | why | line that fails in plain Paddle |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {why.reason} | `{' '.join(why.line.split())}` |" for name, why in sorted(all_excluded().items())
    ]
    replaced = sorted({f"{owner.__name__.split('.')[-1]}.{name}" for owner, name, *_ in REPLACEMENTS})
    lines += ["", "## How", "", "Ops of `paddle._C_ops` with a rule, `paddle_metaopt.double_grad.supported()`:", ""]
    lines += [listed(supported()), "", "Replaced by name, because they do not go through an op of that table:", ""]
    lines += [listed(replaced), "", "Paddle's own nodes, which were found right for every choice:", ""]
    lines += [listed(sorted(node.partition("GradNode")[0] for node in NATIVELY_EXACT | EXACT_BESIDE_RULES)), ""]
    lines += ["Paddle's own node is kept in place of these rules where no derivative of a higher order is wanted:", ""]
    for highest in sorted({order for order, _ in NATIVE_TO.values() if 0 < order < ANY_ORDER}):
        kept = sorted(op for op, (order, _) in NATIVE_TO.items() if order == highest)
        lines += [f"- to order {highest}: {listed(kept)}"]
    return "\n".join(lines) + "\n"


def listed(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
