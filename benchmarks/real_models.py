"""Exact meta-gradients through models of Paddle, PaddleNLP and PaddleSpeech, each library in an environment of its own.

``python benchmarks/real_models.py [--folder FOLDER]`` makes the environments (some gigabytes, kept for the next
time), runs tests/meta_gradients/test_real_models.py in each, and prints one table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parents[1]

PADDLE = "paddlepaddle==3.3.1"

#: Environment: what pip installs, in order, and the tests to run there.
ENVIRONMENTS = {
    "paddle": ([[PADDLE]], "resnet18 or mobilenet or densenet or vgg or shufflenet"),
    "paddlenlp": (
        [[
            PADDLE, "paddlenlp==2.8.1", "aistudio_sdk==0.2.6", "huggingface_hub<1.0", "datasets<4", "pyarrow<20",
            "pandas<2.3",
        ]],
        "ernie or bert or roberta",
    ),
    "paddlespeech": (
        [
            [PADDLE, "soundfile", "numba", "resampy", "scipy", "colorlog", "pathos", "tqdm", "h5py", "kaldiio",
             "braceexpand", "pyyaml"],
            ["--no-deps", "paddlespeech==1.5.0"],
        ],
        "ecapa_tdnn or mdtc or panns_cnn6",
    ),
}  # fmt: skip


def python_of(folder: Path, name: str) -> Path:
    """The interpreter of an environment, made if it is not there."""
    home = folder / name
    python = home / "bin" / "python"
    complete = home / "complete"
    if not complete.exists():
        print(f"{name}: making {home}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        for arguments in [*ENVIRONMENTS[name][0], ["pytest"], ["--no-deps", "-e", str(ROOT)]]:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *arguments], check=True)
        complete.touch()
    return python


def run(folder: Path, name: str) -> list[tuple]:
    """(model, parameters, relative error, the same in first order, outcome) for each test of an environment."""
    report = folder / f"{name}.xml"
    report.unlink(missing_ok=True)
    tests = "tests/meta_gradients/test_real_models.py"
    command = [python_of(folder, name), "-W", "ignore", "-m", "pytest", "-q", "-o", "addopts=", tests]
    subprocess.run(
        [*command, "-k", ENVIRONMENTS[name][1], f"--junitxml={report}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PADDLE_METAOPT_LARGE_MODELS": "1"},
    )
    rows = []
    for case in ElementTree.parse(report).iter("testcase"):
        measured = {p.get("name"): float(p.get("value")) for p in case.iter("property")}
        failed = next((tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None), "exact")
        model = case.get("name").partition("[")[2].rstrip("]")
        errors = [measured.get(name, float("nan")) for name in ("error", "without_second_order")]
        rows.append((model, int(measured.get("parameters", 0)), *errors, failed))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path.home() / ".cache" / "paddle_metaopt" / "real_models")
    parser.add_argument("--only", choices=ENVIRONMENTS, help="one environment instead of all")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = [options.only] if options.only else list(ENVIRONMENTS)
    rows = [(name, *row) for name in names for row in run(options.folder, name)]
    print(
        "\n| library | model | parameters | relative error | without second derivatives | |\n|---|---|---|---|---|---|"
    )
    for library, model, size, error, without, outcome in rows:
        print(f"| {library} | {model} | {size:,} | {error:.1e} | {without:.1e} | {outcome} |")
    return int(any(outcome != "exact" for *_, outcome in rows))


if __name__ == "__main__":
    sys.exit(main())
