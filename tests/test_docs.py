"""The documentation builds, its programs run, and its commands are those that CI runs."""

from __future__ import annotations

import importlib.util
import inspect
import math
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import paddle
import pytest
from cases.case import check_choice, op
from helpers import ROOT

import paddle_metaopt as metaopt


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.S | re.M)


def test_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )

    assert built.returncode == 0, built.stderr
    page = re.sub("<[^>]*>", "", (tmp_path / "site/algorithms/maml/index.html").read_text(encoding="utf-8"))
    assert "MAMLOptimizer(\n    learning_rate=0.001,\n    beta1=0.9,\n" in page  # by ruff, else in one long line
    assert "\n    *,\n    inner_lr=0.01,\n    adapt_steps=1,\n" in page
    assert dead_links(tmp_path / "site") == set()
    for translated in (ROOT / "docs").glob("*.zh.md"):
        title = translated.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        folder = tmp_path / "site/zh" / translated.name.removesuffix(".zh.md").replace("index", "")
        assert re.search(rf'<html lang="zh".*<h1[^>]*>{title}<', (folder / "index.html").read_text("utf-8"), re.S)


def dead_links(site: Path) -> set[tuple[str, str]]:
    """(page, target) of relative links and pictures, the theme's included, which lead to no file of the site."""
    dead = set()
    for page in site.rglob("index.html"):
        for target in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text(encoding="utf-8")):
            path = page.parent / unquote(target)
            if not re.match("[a-z]+:", target) and not (path / "index.html" if path.is_dir() else path).is_file():
                dead.add((page.relative_to(site).as_posix(), target))
    return dead


def test_code_fits_into_a_window_of_1280_pixels():
    """That is 120 characters, as docs/code.css sets them; it was measured in Chromium."""
    for path in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("README*.md")]:
        code = re.findall(r"^( *)```(.*?)^ *```$", path.read_text(encoding="utf-8"), re.S | re.M)
        lines = [line.removeprefix(indent) for indent, block in code for line in block.splitlines()]
        assert max(map(len, lines), default=0) <= 120, path.name


def test_reference_shows_the_signatures_and_defaults_that_there_are():
    griffe = pytest.importorskip("griffe")
    package = griffe.load("paddle_metaopt", search_paths=[str(ROOT)])
    optimizers = [getattr(metaopt, name) for name in metaopt.__all__ if name.endswith("Optimizer")]
    for cls in set(optimizers) - {metaopt.MetaOptimizer}:
        shown = {p.name: p.default for p in package[cls.__name__]["__init__"].parameters if p.name not in ("self", "*")}
        there = inspect.signature(cls).parameters
        assert list(shown) == list(there)
        assert all((value is None) == (there[name].default is inspect.Parameter.empty) for name, value in shown.items())
        assert all(eval(str(value)) == there[name].default for name, value in shown.items() if value is not None)


def test_reference_has_every_public_name():
    directives = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    documented = set(re.findall(r"^::: paddle_metaopt\.(?:\w+\.)*(\w+)$", directives, re.M)) | set(vars(metaopt.errors))
    classes_and_functions = {name for name in metaopt.__all__ if callable(getattr(metaopt, name))}

    assert classes_and_functions - documented == set()


@pytest.mark.parametrize(
    "page, module, base",
    [("inner_rules", metaopt.inner_rules, metaopt.inner_rules.InnerRule),
     ("meta_gradients", metaopt.meta_gradients, metaopt.meta_gradients.WayBack)],
)  # fmt: skip
def test_reference_lists_every_rule_and_way_back(page, module, base):
    (listed,) = re.findall(r"members: \[(.*)\]", (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8"))
    public = [name for name in module.__all__ if isinstance(getattr(module, name), type)]
    offered = {name for name in public if issubclass(getattr(module, name), base)}
    bases = {"WayBack", "Replaying", "StepByStep", "AsksWhereItEnds"}
    assert offered - bases - {"Displacement", "ForwardOnly"} <= set(listed.split(", "))  # these are no user's choice


def test_first_program_runs(capsys):
    (program,) = [block for block in blocks("docs/index.md", "python") if "import" in block]
    program, replaced = re.subn(r"range\(100\)", "range(2)", program)
    assert replaced == 1
    exec(program, {})

    assert re.fullmatch(r"\d+\.\d+ ± \d+\.\d+ \(100 tasks\)\n", capsys.readouterr().out)


def test_meta_batch_program_runs(monkeypatch):
    monkeypatch.setattr(metaopt, "tune_cpu", lambda: {})  # it would change this process for good
    (program,) = blocks("docs/meta_batch.md", "python")
    exec(program, {})


def test_model_programs_run(capsys):
    paddle.seed(0)
    names = {}
    for program in blocks("docs/model.md", "python"):
        exec(program, names)
    printed = capsys.readouterr().out
    assert "Epoch 2/2" in printed and "acc: " in printed and re.search(r"^\d\.\d+ \d\.\d+$", printed, re.M)
    assert [array.shape for array in names["answers"]] == [(75, 5)] * 50 and names["rows"].shape == (3750, 5)
    assert (names["rows"] == np.concatenate(names["answers"])).all()


def test_a_folder_of_pictures_for_each_class_is_read_as_the_page_says(tmp_path, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    monkeypatch.chdir(tmp_path)
    for number in range(15):
        folder = tmp_path / f"pictures/class_{number:02}"
        folder.mkdir(parents=True)
        for i in range(10):
            image.new("RGB", (30 + i, 20), (16 * number, 0, 0)).save(folder / f"{i}.png")
    (program,) = [block for block in blocks("docs/data.md", "python") if "DatasetFolder" in block]
    names = {}
    exec(program, names)
    for loader, classes in ((names["train"], range(10)), (names["valid"], range(10, 15))):
        episode = next(iter(loader))
        (xs, ys), (xq, yq) = episode[0] if isinstance(episode, list) else episode
        assert xs.shape == [5, 3, 84, 84] and xq.shape == [45, 3, 84, 84]
        assert ys.tolist() == [0, 1, 2, 3, 4] and yq.tolist() == np.repeat(range(5), 9).tolist()
        drawn = (xs[:, 0].mean([1, 2]) * 255 / 16).round()
        assert set(drawn.tolist()) <= set(classes) and (xq[:, 0].mean([1, 2]) * 255 / 16).round().tolist() == [
            number for number in drawn.tolist() for _ in range(9)
        ]


@pytest.mark.filterwarnings("ignore:The program will return to single-card", "ignore:Currently not a parallel")
def test_distributed_programs_run_in_one_process():
    names = {}
    for program in blocks("docs/distributed.md", "python"):
        exec(program, names)
    assert len(names["result"].values) == 100


def test_checkpoint_program_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = metaopt.models.MLP()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.01)
    (program,) = blocks("docs/checkpoints.md", "python")
    names = {"net": net, "opt": opt, "iteration": 3}
    exec(program, names)

    assert names["state"]["iteration"] == 3
    assert os.listdir(tmp_path) == ["run.checkpoint"]


def test_readme_programs_run():
    paddle.seed(0)
    net = metaopt.models.MLP()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.01, adapt_steps=2)
    loss_fn = paddle.nn.MSELoss()
    tasks = metaopt.data.Sinusoid(shots=3, queries=3)
    names = {
        "paddle": paddle,
        "metaopt": metaopt,
        "net": net,
        "opt": opt,
        "loss_fn": loss_fn,
        "metric": loss_fn,
        "episodes": [[[paddle.to_tensor(part) for part in pair] for pair in tasks[i]] for i in range(3)],
        "x": paddle.to_tensor(np.ones((4, 1), "float32"), stop_gradient=False),
    }
    initial = [parameter.numpy() for parameter in net.parameters()]
    for program in blocks("README.md", "python"):
        exec(program, names)

    assert any((before != parameter.numpy()).any() for before, parameter in zip(initial, net.parameters()))
    assert names["result"].values.shape == (3,)
    assert all(parameter.grad is not None for parameter in net.parameters())


ALGORITHMS = sorted((ROOT / "docs/algorithms").glob("*.md"))


@pytest.mark.parametrize("page", [*ALGORITHMS, ROOT / "docs/reference/meta_gradients.md"], ids=lambda page: page.stem)
def test_the_algorithms_programs_run(page):
    class Net(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.body, self.classifier = paddle.nn.Linear(2, 3), paddle.nn.Linear(3, 2)

        def forward(self, x):
            return self.classifier(paddle.tanh(self.body(x)))

    names = {"paddle": paddle, "metaopt": metaopt, "net": Net()}
    programs = list(blocks(page.relative_to(ROOT), "python"))
    for program in programs:
        exec(program, names)
    x, y = paddle.ones([4, 2]), paddle.to_tensor([0, 1, 0, 1])
    names["opt"].meta_loss(names["net"], [((x, y), (x, y))], paddle.nn.functional.cross_entropy).backward()
    assert programs and isinstance(names["opt"], metaopt.MetaOptimizer)


def test_ci_runs_the_readmes_test_command():
    (command,) = [line for block in blocks("README.md", "bash") for line in block.splitlines() if "pytest" in line]

    assert (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1] == command


@pytest.mark.skipif(not paddle.__version__.startswith("3.3"), reason="the page is made with Paddle 3.3")
def test_coverage_page_is_up_to_date():
    spec = importlib.util.spec_from_file_location("make_coverage", ROOT / "docs/make_coverage.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)

    assert maker.page() == (ROOT / "docs/coverage.md").read_text(encoding="utf-8"), "run docs/make_coverage.py"


@pytest.fixture
def registry():
    """The register of rules, which is as it was afterwards."""
    registry = metaopt.double_grad.registry
    registers = registry.RULES, registry.NATIVE_TO
    kept = [dict(register) for register in registers]
    yield registry
    for register, before in zip(registers, kept):
        register.clear()
        register.update(before)


def test_the_guides_rules_are_exact(registry):
    names = {"metaopt": metaopt, "paddle": paddle, "math": math}
    names["net"] = paddle.nn.Sequential(paddle.nn.Linear(2, 3), paddle.nn.Tanh(), paddle.nn.Linear(3, 1))
    names["x"] = paddle.to_tensor(np.ones((3, 2), "float32"), stop_gradient=False)
    for program in blocks("docs/second_derivatives.md", "python"):
        exec(program, names)
    problem = op(paddle.erf, (3, 4)).problem()
    assert all(check_choice(problem, *choice).error < 1e-6 for choice in problem.choices())
    assert registry.RULES["erf"] is names["erf"]


def test_the_vmap_pages_programs_give_what_a_loop_gives():
    names = {"metaopt": metaopt, "paddle": paddle}
    for program in blocks("docs/vmap.md", "python"):
        exec(program, names)
    x, y, weights = names["x"], names["y"], names["weights"]

    assert paddle.allclose(names["each"], paddle.stack([names["gradient"](x[i], y[i]) for i in range(8)]), 1e-4, 1e-6)
    members = [names["member"]({key: w[i] for key, w in weights.items()}, x) for i in range(5)]
    assert paddle.allclose(names["answers"], paddle.stack(members), 1e-4, 1e-5)
    assert names["fits"].shape == [100, 3, 1]
    assert paddle.allclose(names["together"], paddle.stack([net(x) for net in names["nets"]]), 1e-4, 1e-6)


def test_extensions_are_right_in_a_file_of_the_users_own(registry, tmp_path):
    programs = blocks("docs/extending.md", "python")
    assert sum("assert " in program for program in programs) == 4  # what they claim
    (tmp_path / "extensions.py").write_text("\n\n".join(programs), encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "extensions.py"), run_name="extensions")
    assert registry.RULES["asinh"] is names["asinh"]


GUIDES = ["porting", "gradient_penalty", "deploying", "reweighting"]


@pytest.mark.parametrize("page", GUIDES)
def test_the_guides_programs_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where they write files
    names = {}
    for program in blocks(f"docs/{page}.md", "python"):
        exec(program, names)
    claims = {
        "gradient_penalty": lambda: abs(names["distance"] - 2.21) < 0.1,
        "reweighting": lambda: abs(names["decay"].item() - 0.5) < 0.1 and names["after"] < 0.7 * names["before"],
    }
    assert page not in claims or claims[page]()
    names.clear()  # a graph that lives on, after a pass, keeps Paddle's engine guarded


def test_the_choosers_programs_run(capsys):
    waves = metaopt.data.Sinusoid(episodes=10)
    loss_fn = paddle.nn.MSELoss()
    names = {"metaopt": metaopt, "net": metaopt.models.MLP(), "loss_fn": loss_fn, "metric": loss_fn}
    names["valid"] = [waves[i] for i in range(3)]
    for program in blocks("docs/choosing.md", "python"):
        exec(program, names)
    assert capsys.readouterr().out.endswith(" tasks got worse\n")


def test_weights_are_taken_over_from_torch():
    """Its names and shapes; on equal weights the meta-gradients are equal too, as benchmarks/porting.py finds."""
    names = {}
    exec(blocks("docs/porting.md", "python")[0], names)
    net = paddle.nn.Sequential(paddle.nn.Conv2D(1, 4, 3), paddle.nn.BatchNorm2D(4), paddle.nn.Linear(4, 4))
    rng = np.random.default_rng(0)
    four = ["0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"]
    shapes = {"0.weight": (4, 1, 3, 3), **dict.fromkeys(four, 4), "2.weight": (4, 4), "2.bias": 4}
    arrays = {name: rng.random(shape, "float32") for name, shape in shapes.items()}
    names["take_from_torch"](net, {**arrays, "1.num_batches_tracked": np.array(7)})
    expected = {**arrays, "2.weight": arrays["2.weight"].T}
    found = list(net.state_dict().values())
    assert len(found) == 8 and all((value.numpy() == array).all() for value, array in zip(found, expected.values()))
