"""Paddle, PaddleNLP and PaddleSpeech, each in an environment of its own: their models, and the examples with them.

``python benchmarks/real_models.py [--folder FOLDER]`` makes the environments (some gigabytes, kept for the next time),
and runs in each tests/meta_gradients/test_real_models.py, one exact step through the library's models, and the tests of
the example that uses it. Prints a table of the models and one of the tests. What is skipped counts as failed.
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

TESTS = [
    "tests/meta_gradients/test_real_models.py",
    "tests/examples/test_few_shot_intents.py",
    "tests/examples/test_keyword_spotting.py",
]

#: Environment: what pip installs, in order, and which of the tests run there.
ENVIRONMENTS = {
    "paddle": ([[PADDLE]], "resnet18 or mobilenet or densenet or vgg or shufflenet or keyword_spotting"),
    "paddlenlp": (
        [[
            PADDLE, "paddlenlp==2.8.1", "aistudio_sdk==0.2.6", "huggingface_hub<1.0", "datasets<4", "pyarrow<20",
            "pandas<2.3",
        ]],
        "ernie or bert or roberta or few_shot_intents",
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


def run(folder: Path, name: str) -> list[ElementTree.Element]:
    """The outcomes of an environment's tests."""
    report = folder / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [python_of(folder, name), "-W", "ignore", "-m", "pytest", "-q", "-o", "addopts=", *TESTS]
    subprocess.run(
        [*command, "-k", ENVIRONMENTS[name][1], f"--junitxml={report}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PADDLE_METAOPT_LARGE_MODELS": "1"},
    )
    return list(ElementTree.parse(report).iter("testcase"))


def outcome(case: ElementTree.Element, good: str) -> str:
    return next((tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None), good)


def print_models(cases: list[tuple[str, ElementTree.Element]]) -> None:
    print("\n| library | model | parameters | relative error | without second derivatives | |")
    print("|---|---|---|---|---|---|")
    for library, case in cases:
        measured = {p.get("name"): float(p.get("value")) for p in case.iter("property")}
        model = case.get("name").partition("[")[2].rstrip("]")
        error, without = (measured.get(name, float("nan")) for name in ("error", "without_second_order"))
        size = int(measured.get("parameters", 0))
        print(f"| {library} | {model} | {size:,} | {error:.1e} | {without:.1e} | {outcome(case, 'exact')} |")


def print_examples(cases: list[tuple[str, ElementTree.Element]]) -> None:
    print("\n| library | example | test | seconds | |\n|---|---|---|---|---|")
    for library, case in cases:
        example = case.get("classname").rpartition(".test_")[2]
        test = case.get("name").removeprefix("test_").replace("_", " ")
        print(f"| {library} | {example} | {test} | {float(case.get('time')):.0f} | {outcome(case, 'passed')} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path.home() / ".cache" / "paddle_metaopt" / "real_models")
    parser.add_argument("--only", choices=ENVIRONMENTS, help="one environment instead of all")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = [options.only] if options.only else list(ENVIRONMENTS)
    cases = [(name, case) for name in names for case in run(options.folder, name)]
    of_models = [case for case in cases if case[1].get("classname").endswith("test_real_models")]
    print_models(of_models)
    print_examples([case for case in cases if case not in of_models])
    return int(any(outcome(case, "passed") != "passed" for _, case in cases))


if __name__ == "__main__":
    sys.exit(main())
