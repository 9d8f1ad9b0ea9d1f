"""image_classification.py trains, goes on after it was killed, tests; results.py shows what it measured."""

from __future__ import annotations

import json
import math
import os
import random
import re
import signal
import sys
from dataclasses import replace

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import ROOT, trainable
from PIL import Image

import paddle_metaopt as metaopt
from paddle_metaopt import Episode
from paddle_metaopt.checkpoint import checksum
from paddle_metaopt.models.trained import WEIGHTS, all_learned

from .interruption import digests, stop_after

sys.path.append(str(ROOT / "examples"))
from image_classification import parse_arguments  # noqa: E402
from lineage import Lineage, one_curve  # noqa: E402
from recipes import RECIPES, episode_loader, new_net, new_optimizer, new_schedule  # noqa: E402
from training_loop import train as train_run  # noqa: E402
from training_run import Run, load_weights, read_weights, write_json  # noqa: E402
from views import Views  # noqa: E402

import results  # noqa: E402

ITERATIONS = 6
SMALL = "meta_batch=2 queries=1 valid_every=3 valid_episodes=2 test_steps=1,2"


def options(root, out, *more, recipe="maml-omniglot-5w1s", iterations=ITERATIONS) -> list:
    small = f"--root {root} --out {out} --iterations {iterations} --set {SMALL} --test-episodes 2 --save-minutes 0"
    return ["--recipe", recipe, *small.split(), *more]


def train(run, *arguments, **keywords) -> str:
    return run("image_classification.py", *options(*arguments, **keywords))


def test_killed_then_interrupted_then_resumed_is_bit_for_bit_uninterrupted(
    start_example, run_example, characters, tmp_path
):
    output = train(run_example, characters, "whole", "--set", "first_order=0.5", "--results", "of-whole")
    whole = digests(output)
    assert sorted(whole) == list(range(1, ITERATIONS + 1))
    assert len(set(whole.values())) == ITERATIONS

    cut = options(characters, "cut", "--set", "first_order=0.5")
    process = start_example("image_classification.py", *cut)
    killed = stop_after(process, random.choice([1, 2]), signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, killed

    process = start_example("image_classification.py", *cut)
    next_but_one = max(digests(killed)) + 2  # it may have been killed between a save and the line that tells of it
    interrupted = stop_after(process, next_but_one, signal.SIGINT)
    assert process.returncode == 130, interrupted

    resumed = run_example("image_classification.py", *cut)
    for output in (killed, interrupted, resumed):
        assert digests(output).items() <= whole.items()
    starts = [0]
    for output in (interrupted, resumed):
        start, sha = re.search(r"resumed at iteration (\d+), sha256 (\w+)", output).groups()
        starts.append(int(start))
        assert whole[starts[-1]] == sha

    results = [json.loads((tmp_path / f"{d}/maml-omniglot-5w1s.json").read_text()) for d in ("of-whole", "results")]
    for key in ("accuracy", "ci95", "inner_steps", "valid_accuracy", "best_iteration", "tasks_trained"):
        assert results[0][key] == results[1][key]
    points = [[(p["iteration"], p["accuracy"]) for p in result["curve"]] for result in results]
    assert points[0] == points[1] and [i for i, _ in points[0]] == [3, 6]
    assert [start["iteration"] for start in results[1]["starts"]] == starts


@pytest.fixture
def a_visualdl(tmp_path, monkeypatch):
    """A stand-in for VisualDL that prints what it gets."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "visualdl.py").write_text(
        "class LogWriter:\n"
        "    def __init__(self, logdir):\n        pass\n"
        "    def add_scalar(self, tag, value, step):\n        print('visualdl', tag, step)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))


@pytest.mark.parametrize("algorithm", ["anil", "maml++"])
def test_the_json_says_what_was_measured_and_the_weights_give_the_same_again(
    algorithm, a_visualdl, run_example, run_here, characters, tmp_path
):
    name = f"{algorithm.replace('+', 'p')}-omniglot-5w1s"
    output = train(run_example, characters, "run", "--set", "inner_lr=0", recipe=name, iterations=3)
    path = tmp_path / "results" / f"{name}.json"
    assert "visualdl train/loss 3" in output and "visualdl valid/accuracy 3" in output
    result = json.loads(path.read_text())
    assert result["episodes"] == 2 and result["seed"] == 0 and result["tasks_trained"] == 6
    assert 0 <= result["accuracy"] <= 1 and result["ci95"] >= 0 and result["hours"] >= 0
    assert result["inner_steps"] in (1, 2)
    assert result["command"].startswith("python ") and f"--recipe {name}" in result["command"]
    assert re.match(r"[0-9a-f]{40}(-dirty)?$", result["commit"])
    assert result["settings"]["algorithm"] == algorithm and result["settings"]["meta_batch"] == 2
    assert f"test accuracy {100 * result['accuracy']:.2f} %" in output

    again = run_here(
        "image_classification.py",
        *options(characters, "elsewhere", "--test", "run/weights.checkpoint", recipe=name),
    )
    retested = json.loads(again.splitlines()[-1])
    assert retested["accuracy"] == result["accuracy"] and retested["inner_steps"] == result["inner_steps"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_run_that_is_interrupted_at_its_last_update_is_validated_when_it_goes_on(tmp_path):
    recipe = replace(RECIPES["mlp-omniglot-5w1s"], iterations=2, valid_every=5, meta_batch=1)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    x, y = np.random.default_rng(0).random((5, 1, 28, 28), np.float32), np.arange(5)

    def batches():
        yield [Episode((x, y), (x, y))]
        signal.raise_signal(signal.SIGINT)
        yield [Episode((x, y), (x, y))]

    def start(recipe):
        net, schedule = new_net(recipe), new_schedule(recipe)
        run = Run("mlp-omniglot-5w1s", recipe, 0, tmp_path, net, new_optimizer(recipe, net, schedule))
        return run, lambda batches, minutes=math.inf: train_run(
            run, schedule, batches, None, lambda *_: metaopt.Evaluation(0.5, 0.1, np.array([0.5])), minutes, 9.0
        )

    run, go_on = start(recipe)
    with pytest.raises(KeyboardInterrupt):
        go_on(batches())
    assert run.progress.iteration == 2 and run.best is None
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    for iterations, minutes in ((2, math.inf), (1, math.inf), (5, 0.0)):
        run, go_on = start(replace(recipe, iterations=iterations))
        run.load()
        go_on([], minutes)
        assert [point["iteration"] for point in run.progress.curve] == [2] and run.best["accuracy"] == 0.5


@pytest.mark.parametrize("part", ["classifier", "features"])  # relu(NaN) is 0: not all reaches the loss
def test_a_training_that_is_not_finite_ends_and_spoils_nothing(part, tmp_path):
    recipe = replace(RECIPES["mlp-omniglot-5w1s"], meta_batch=1)
    net, schedule = new_net(recipe), new_schedule(recipe)
    run = Run("mlp-omniglot-5w1s", recipe, 0, tmp_path, net, new_optimizer(recipe, net, schedule))
    weight = getattr(net, part).parameters()[0]
    weight.set_value(paddle.full_like(weight, math.nan))
    before = checksum(net.state_dict())
    x, y = np.random.default_rng(0).random((5, 1, 28, 28), np.float32), np.arange(5)
    refusal = r"iteration 1: meta_loss: episodes\[0\] diverged.*; a smaller lr or inner_lr may help"
    with pytest.raises(SystemExit, match=refusal):
        train_run(run, schedule, [[Episode((x, y), (x, y))]], None, None, math.inf, 9.0)
    assert checksum(net.state_dict()) == before and run.progress.iteration == 0 and not run.path.exists()


def resumed(characters, folder, *more) -> None:
    recipe = parse_arguments(list(map(str, options(characters, folder, *more)))).settings
    net = new_net(recipe)
    Run("maml-omniglot-5w1s", recipe, 0, folder, net, new_optimizer(recipe, net, new_schedule(recipe))).load()


def test_a_run_goes_on_longer_and_is_a_warm_start_for_another(start_example, run_here, characters, tmp_path):
    train(run_here, characters, "first", iterations=3)
    output = train(run_here, characters, "first", iterations=6)
    assert "resumed at iteration 3" in output and max(digests(output)) == 6

    first = tmp_path / "first" / "run.checkpoint"
    train(run_here, characters, "second", "--init-from", first, recipe="maml-omniglot-5w5s", iterations=1)
    start = json.loads((tmp_path / "results" / "maml-omniglot-5w5s.json").read_text())["init_from"]
    best = read_weights(first)
    assert start["recipe"] == "maml-omniglot-5w1s" and start["iteration"] == best["iteration"]
    assert start["sha256"] == checksum(best["weights"])
    curve = json.loads((tmp_path / "results" / "maml-omniglot-5w5s.json").read_text())["curve"]
    assert [point["iteration"] for point in curve] == [0, 1]

    with pytest.raises(SystemExit, match="holds the weights of another net"):
        other = RECIPES["mlp-omniglot-5w1s"]
        net = new_net(other)
        load_weights(net, new_optimizer(other, net, new_schedule(other)), best["weights"], first)
    train(run_here, characters, "third", "--init-from", first, recipe="mamlpp-omniglot-5w1s", iterations=1)
    several = "--minutes", 0, "--init-from", first, "second/run.checkpoint"
    train(run_here, characters, "mean", *several, recipe="maml-omniglot-5w1s", iterations=1)
    mean = json.loads((tmp_path / "results" / "maml-omniglot-5w1s.json").read_text())
    assert mean["iterations"] == 0 and len(mean["init_from"]["sources"]) == 2 and mean["curve"][0]["loss"] is None
    second = tmp_path / "second" / "run.checkpoint"
    options_of_second = options(characters, "second", "--init-from", second, recipe="maml-omniglot-5w5s", iterations=1)
    process = start_example("image_classification.py", *options_of_second)
    message = f"run.checkpoint was made with init_from = {first}, not {second}"
    assert message in process.communicate(timeout=60)[0] and process.returncode == 1
    older = metaopt.load_checkpoint(first)
    del older["recipe"]["views"]
    metaopt.save_checkpoint(first, older)
    resumed(characters, tmp_path / "first")
    resumed(characters, tmp_path / "first", "--set", "test_steps=1,3")
    for other, message in (
        ("inner_lr=0.3", "inner_lr = 0.4, not 0.3"),
        ("views=1", "views = False, not True"),
        ("test_steps=2,1", r"test_steps = \[1\], not \[2\]"),
    ):
        with pytest.raises(SystemExit, match=f"was made with {message}"):
            resumed(characters, tmp_path / "first", "--set", other)


def test_a_warm_start_from_several_trainings_has_the_mean_of_their_weights(tmp_path):
    recipe = RECIPES["mlp-omniglot-5w1s"]

    def new_run(folder):
        net = new_net(recipe)
        return Run("mlp-omniglot-5w1s", recipe, 0, folder, net, new_optimizer(recipe, net, new_schedule(recipe)))

    paths, heads = [], []
    for name, accuracy in (("a", 0.25), ("b", 0.5)):
        of = new_run(tmp_path / name)
        of.best = {"weights": of.net.state_dict(), "iteration": 3, "accuracy": accuracy, "recipe": of.name}
        of.save()
        paths.append(of.path)
        heads.append(of.net.classifier.weight.numpy())
    run = new_run(tmp_path / "c")
    run.begin_from(paths)
    np.testing.assert_array_equal(run.net.classifier.weight.numpy(), (heads[0] + heads[1]) / 2)
    assert run.init_from["path"] == f"{paths[0]}, {paths[1]}"
    assert [source["accuracy"] for source in run.init_from["sources"]] == [0.25, 0.5]
    run.save()
    new_run(tmp_path / "c").load(paths)
    with pytest.raises(SystemExit, match=f"init_from = {paths[0]}, {paths[1]}, not {paths[1]}"):
        new_run(tmp_path / "c").load(paths[1:])


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_learned_rates_are_those_of_the_trainings_that_learned_them(order, tmp_path):
    def new_run(recipe):
        net = new_net(recipe)
        opt = new_optimizer(recipe, net, new_schedule(recipe))
        return Run("mamlpp-omniglot-5w1s", recipe, 0, tmp_path / recipe.algorithm, net, opt)

    recipe, paths = RECIPES["mamlpp-omniglot-5w1s"], []
    for algorithm in ("maml", "maml++"):
        of = new_run(replace(recipe, algorithm=algorithm))
        for rate in of.opt.learned.values():
            rate.set_value(rate + 0.25)
        weights = all_learned(of.net, of.opt)
        of.best = {"weights": weights, "iteration": 3, "accuracy": 0.5, "recipe": of.name}
        of.save()
        paths.append(of.path)
    run = new_run(recipe)
    run.begin_from([paths[i] for i in order])
    for rate in run.opt.learned.values():
        np.testing.assert_allclose(rate.numpy(), recipe.inner_lr + 0.25, rtol=1e-6)


def test_the_mean_of_the_weights_keeps_no_graph(tmp_path):
    recipe = RECIPES["mlp-omniglot-5w1s"]
    net = new_net(recipe)
    run = Run("mlp-omniglot-5w1s", recipe, 0, tmp_path, net, new_optimizer(recipe, net, new_schedule(recipe)))
    first = net.classifier.weight.numpy()
    net.classifier.weight.set_value(first + 1)
    run.after_update(1.0, 0.1)
    with run.averaged():
        np.testing.assert_allclose(net.classifier.weight.numpy(), first + 9 / 11, rtol=1e-5)  # 1 - 2 / 11
        assert all(p.grad is None and p.is_leaf for p in net.parameters())
    assert all(value.stop_gradient for value in run._mean.values())


def test_a_curve_is_the_old_or_the_new_one_whenever_its_writer_is_killed(tmp_path):
    path, kept = tmp_path / "curve.json", tmp_path / "kept.json"
    write_json(path, ["old"])
    os.link(path, kept)
    write_json(path, ["new"])
    assert [json.loads(file.read_text()) for file in (kept, path)] == [["old"], ["new"]]


@pytest.mark.parametrize("recipe", ["maml-omniglot-5w1s", "anil-omniglot-5w1s"])
def test_a_head_that_is_alike_for_all_classes_is_trained_and_stays_so(recipe, run_here, characters, tmp_path):
    train(run_here, characters, tmp_path / "run", "--set", "alike=1", recipe=recipe, iterations=3)
    weights = metaopt.load_checkpoint(tmp_path / "run" / "run.checkpoint")["weights"]
    columns = weights["classifier.weight"].numpy()
    np.testing.assert_array_equal(columns, columns[:, :1].repeat(5, 1))
    train(run_here, characters, tmp_path / "less", "--set", "alike=1", recipe=recipe, iterations=1)
    others = metaopt.load_checkpoint(tmp_path / "less" / "run.checkpoint")["weights"]["classifier.weight"].numpy()
    assert not np.array_equal(columns, others)


def test_an_alike_head_begins_with_that_of_other_ways(tmp_path):
    path, recipe = tmp_path / "of-seven.checkpoint", replace(RECIPES["mlp-omniglot-5w1s"], alike=True)
    seven = new_net(replace(recipe, ways=7))
    beside = {"recipe": "mlp-omniglot-7w1s", "iteration": 3, "accuracy": 0.5, "inner_lr": 0.4}
    metaopt.save_checkpoint(path, {"weights": seven.state_dict(), **beside})

    def begun(recipe):
        net = new_net(recipe)
        run = Run("mlp-omniglot-5w1s", recipe, 0, tmp_path, net, new_optimizer(recipe, net, new_schedule(recipe)))
        run.begin_from([path])
        return net

    net = begun(recipe)
    for own, of_seven in zip(net.classifier.parameters(), seven.classifier.parameters()):
        expected = of_seven.numpy().mean(-1, keepdims=True).repeat(5, -1)
        np.testing.assert_allclose(own.numpy(), expected, atol=1e-7)
    assert checksum(net.features.state_dict()) == checksum(seven.features.state_dict())
    with pytest.raises(SystemExit, match="holds the weights of another net"):
        begun(replace(recipe, alike=False))


def test_views_are_the_picture_mirrored_and_moved():
    picture = np.random.default_rng(0).random((3, 20, 20), np.float32)

    class Two(list):
        labels = [4, 7]

    views = Views(Two([(picture, 4), (picture + 1, 7)]))
    assert len(views) == 36 and [views[i][1] for i in range(36)] == views.labels.tolist() == 18 * [4, 7]
    seen = [views[2 * i][0] for i in range(18)]
    assert len({view.tobytes() for view in seen}) == 18 and all(view.shape == picture.shape for view in seen)
    assert sum(np.array_equal(view, picture) for view in seen) == 1
    assert sum(np.array_equal(view, picture[:, :, ::-1]) for view in seen) == 1
    moved = [view for view in seen if np.array_equal(view[:, :12, :12], picture[:, 8:, 8:])]
    assert len(moved) == 1 and (moved[0][:, 12:, :12] == picture[:, 19:, 8:]).all()


@pytest.mark.parametrize("mode, tasks_per_batch", [("train", 2), ("test", None)])
def test_a_mirrored_support_is_twice_as_large_and_the_query_as_it_was(mode, tasks_per_batch, characters):
    recipe = replace(RECIPES["anil-omniglot-5w1s"], shots=2)
    plain, mirrored = (
        list(episode_loader(each, characters, mode, 2, 0, tasks_per_batch))
        for each in (recipe, replace(recipe, mirrored=True))
    )
    if tasks_per_batch:
        plain, mirrored = plain[0], mirrored[0]
    assert len(plain) == len(mirrored) == 2
    for before, after in zip(plain, mirrored):
        (x, y), (both, labels) = before.support, after.support
        np.testing.assert_array_equal(both, np.concatenate([x, x.numpy()[:, :, :, ::-1]]))
        np.testing.assert_array_equal(labels, 2 * y.tolist())
        assert all(np.array_equal(a, b) for a, b in zip(before.query, after.query))
        assert not np.array_equal(x, x.numpy()[:, :, :, ::-1])


def test_wrong_arguments_are_said_at_once(characters, capsys):
    for arguments, message in (
        (["--recipe", "maml-omniglot-5w1s", "--root", "nowhere"], "--root nowhere is not a folder"),
        (["--root", str(characters)], "--recipe NAME is needed"),
        (options(characters, "run", "--set", "ways=five"), "--set ways=five: invalid literal"),
        (options(characters, "run", "--set", "lr"), "--set lr: could not convert"),
        (options(characters, "run", "--set", "shot=5"), "a recipe has no 'shot'"),
        (options(characters, "run", "--set", "__class__=5"), "a recipe has no '__class__'"),
        (options(characters, "run", "--set", "algorithm=mmal"), "algorithm: expected one of 'maml', 'maml++', 'anil'"),
        (options(characters, "run", "--set", "data=cub"), "data: expected one of 'omniglot', 'mini-imagenet'"),
        (options(characters, "run", "--set", "net=conv5"), "net: expected one of 'omniglot-net', 'omniglot-mlp'"),
        (options(characters, "run", "--set", "test_steps=3,-1"), "test_steps: expected an integer of at least 0"),
        (options(characters, "run", "--set", "valid_every=0"), "valid_every: expected an integer of at least 1"),
        (options(characters, "run", iterations=0), "iterations: expected an integer of at least 1"),
        (options(characters, "run", "--set", "clip=-1"), "clip: expected a finite number larger than 0"),
        (options(characters, "run", "--set", "lr=nan"), "lr: expected a finite number larger than 0"),
        (options(characters, "run", "--set", "ema=1"), "ema: expected a number in [0, 1)"),
        (options(characters, "run", "--set", "first_order=2"), "first_order: expected a share from 0 to 1, got 2.0"),
        (
            options(characters, "run", "--set", "first_order=0.5", recipe="anil-omniglot-5w1s"),
            "first_order: expected 0 or 1 of anil, got 0.5",
        ),
        (
            options(characters, "run", "--set", "ways=7", "shots=2"),
            "with other ways, shots it is no result of maml-omniglot-5w1s: --results names another folder",
        ),
    ):
        with pytest.raises(SystemExit) as stopped:
            parse_arguments(list(map(str, arguments)))
        assert stopped.value.code == 2 and message in capsys.readouterr().err


def test_the_list_names_every_recipe(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--list"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RECIPES)


@pytest.mark.parametrize("name", [name for name in RECIPES if name.endswith("1s")])
def test_the_tasks_of_every_recipe_run_as_one_program(name):
    recipe = RECIPES[name]
    paddle.seed(0)
    net = new_net(recipe)
    opt = new_optimizer(recipe, net, new_schedule(recipe))
    shape = (3, 84, 84) if recipe.data == "mini-imagenet" else (1, 28, 28)
    rng = np.random.default_rng(0)

    def part():
        return rng.random((5, *shape), np.float32), np.arange(5)

    loss = opt.meta_loss(net, [Episode(part(), part()) for _ in range(2)], F.cross_entropy, vectorize=True)
    loss.backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in trainable(net))


def test_results_become_a_table_in_the_readme_and_a_picture(run_here, tmp_path):
    folder = tmp_path / "results"
    (folder / "running" / "anil-omniglot-5w5s").mkdir(parents=True)
    curve = [{"iteration": i, "tasks": 10 * i, "accuracy": 0.9 + i / 100} for i in range(3)]
    measured = {
        "recipe": "maml-omniglot-5w1s", "accuracy": 0.98765, "ci95": 0.00123, "valid_accuracy": 0.99, "episodes": 1000,
        "inner_steps": 3, "tasks_trained": 640_000, "hours": 2.5, "init_from": None, "commit": 40 * "a",
        "command": "python examples/image_classification.py --recipe maml-omniglot-5w1s", "curve": curve,
    }  # fmt: skip
    stage = {**measured, "tasks_trained": 777, "commit": 40 * "b"}
    measured["init_from"] = {"path": "results/stages/maml-omniglot-5w1s.checkpoint"}
    (folder / "stages").mkdir()
    for path, result in (("maml-omniglot-5w1s.json", measured), ("stages/maml-omniglot-5w1s.json", stage)):
        (folder / path).write_text(json.dumps(result))
    unfinished = {"recipe": "anil-omniglot-5w5s", "curve": curve}
    (folder / "running" / "anil-omniglot-5w5s" / "curve.json").write_text(json.dumps(unfinished))
    readmes = [tmp_path / "README.md", tmp_path / "README_cn.md"]
    for readme in readmes:
        readme.write_text("before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n")
    page = tmp_path / "both.md"
    page.write_text("<!-- results -->\n<!-- end of results -->\n\n<!-- trainings -->\nold\n<!-- end of trainings -->\n")

    for _ in range(2):
        output = run_here("results.py", "--pages", "README.md", "README_cn.md", "both.md")
    text, chinese = (readme.read_text() for readme in readmes)
    assert text == chinese
    assert text.startswith("before\n<!-- results -->\n| ") and text.endswith("\n<!-- end of results -->\nafter\n")
    assert "| **MAML, paddle_metaopt** | **98.77 ± 0.12** |  |  |  |" in text and "old" not in text
    assert "| MAML, PaddleFSL (first order) | 97.13 ± 1.25 |" in text and "ANIL" not in text
    table, trainings = page.read_text().split("\n\n")
    _, *rows, _ = trainings.splitlines()
    assert table in text and "old" not in trainings and "\n".join(rows) in output
    assert "640,000 | 2.5 | 2.5 | results/stages/maml-omniglot-5w1s.checkpoint | aaaaaaaaaa |" in output
    assert "| stages/maml-omniglot-5w1s | 98.77 ± 0.12 |" in output
    assert "777 | 2.5 | 2.5 | random weights | bbbbbbbbbb |" in output
    assert sorted(os.listdir(folder)) == ["curves.png", "maml-omniglot-5w1s.json", "running", "stages"]
    with Image.open(folder / "curves.png") as picture:
        assert picture.width > 600


@pytest.mark.parametrize("text, name", [("", "results"), ("<!-- trainings -->\n", "trainings")])
def test_a_page_without_marks_for_a_table_is_left_as_it_is(text, name, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    message = f"page.md needs one line <!-- {name} --> and one line <!-- end of {name} --> after it; the table goes"
    with pytest.raises(SystemExit, match=message):
        results.put_between_marks(page, {"results": "a table", "trainings": "another"})
    assert page.read_text() == text


def test_a_training_rests_on_those_whose_weights_it_began_with(tmp_path):
    (tmp_path / "stages").mkdir()
    sources = {}

    def training(name, recipe, init_from, *accuracies, hours=1.0):
        weights = {"w": paddle.to_tensor([float(len(sources))])}
        metaopt.save_checkpoint(tmp_path / f"{name}.checkpoint", {"weights": weights})
        sources[name] = {"path": "moved", "iteration": 10, "sha256": checksum(weights)}
        curve = [{"iteration": 5 * i, "tasks": 20 * i, "accuracy": a} for i, a in enumerate(accuracies, 1)]
        return {"recipe": recipe, "init_from": init_from, "curve": curve, "hours": hours}

    five, one = "anil-omniglot-5w5s", "anil-omniglot-5w1s"
    stages = {"stages/other": training("stages/other", five, None, 0.5, 0.7, hours=8.0)}
    stages["stages/first"] = training("stages/first", one, sources["stages/other"], 0.6, 0.8, 0.75, hours=4.0)
    stages["stages/second"] = training("stages/second", one, sources["stages/first"], 0.85, hours=2.0)
    mean = {"path": "several", "sources": [sources["stages/second"], sources["stages/first"]]}
    result = training("mean", one, mean, 0.9)
    lineage = Lineage({}, stages, tmp_path)
    assert lineage.hours(result) == 15.0  # the first counts once
    assert lineage.began_with(result) == "stages/second, stages/first"
    found = one_curve(lineage.stages(result))
    assert [(p["tasks"], p["accuracy"]) for p in found] == [(20, 0.6), (40, 0.8), (60, 0.85), (80, 0.9)]
    assert lineage.began_with(stages["stages/other"]) == "random weights"
    unknown = {**result, "init_from": {"path": "elsewhere.checkpoint", "sha256": "0"}}
    assert lineage.began_with(unknown) == "elsewhere.checkpoint" and lineage.stages(unknown) == [unknown]
    stages["stages/second"]["init_from"] = sources["stages/second"]  # the same weights, tested anew
    assert len(lineage.stages(stages["stages/second"])) == 1 and lineage.hours(stages["stages/second"]) == 2.0


def test_first_beside_second_order_is_a_picture(run_here, tmp_path):
    for order in ("first", "second"):
        folder = tmp_path / "orders" / order
        folder.mkdir(parents=True)
        curve = [{"tasks": 10 * i, "hours": i / 10, "accuracy": 0.9 + i / 100} for i in range(3)]
        measured = {"recipe": "maml-omniglot-5w1s", "accuracy": 0.98765, "curve": curve}
        (folder / "maml-omniglot-5w1s.json").write_text(json.dumps(measured))
    run_here("results.py", "--orders", "orders")
    with Image.open(tmp_path / "orders" / "orders.png") as picture:
        assert picture.width > 600
    with pytest.raises(SystemExit, match="orders/first holds no recipe's json both in first/ and in second/"):
        results.draw_orders(tmp_path / "orders" / "first", tmp_path / "none.png")


@pytest.mark.parametrize("text, message", [("{", "is no json"), ('{"a": 1}', "names no recipe"), ("[]", "names no")])
def test_a_json_of_something_else_is_named(text, message, tmp_path):
    path = tmp_path / "maml-omniglot-5w1s.json"
    path.write_text(text)
    with pytest.raises(SystemExit, match=f"{path} .*{message}"):
        results.read(tmp_path)


def test_the_pages_have_the_tables_of_the_results_that_there_are(tmp_path):
    found, before = results.read(ROOT / "results"), results.stages(ROOT / "results")
    tables = results.all_tables(found, before, Lineage(found, before, ROOT / "results"))
    for number, name in enumerate(("README.md", "README_cn.md", "docs/accuracy.md")):
        text, copy = (ROOT / name).read_text(encoding="utf-8"), tmp_path / str(number)
        copy.write_text(text, encoding="utf-8")
        results.put_between_marks(copy, tables)
        assert copy.read_text(encoding="utf-8") == text, name
    assert set(found) <= set(metaopt.models.available())


@pytest.mark.parametrize("name", metaopt.models.available())
def test_the_weights_that_ship_are_those_that_were_measured(name):
    weights, result = metaopt.load_checkpoint(WEIGHTS / f"{name}.checkpoint"), results.read(ROOT / "results")[name]
    choices = {key: weights[key] for key in ("algorithm", "net", "ways", "shots", "inner_lr")}
    assert choices == {key: result["settings"][key] for key in choices}
    assert (weights["iteration"], weights["adapt_steps"]) == (result["best_iteration"], result["inner_steps"])
    assert weights["accuracy"] == max(point["accuracy"] for point in result["curve"])
