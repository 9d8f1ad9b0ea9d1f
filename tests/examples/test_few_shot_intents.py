"""few_shot_intents.py: an Ernie, a tokenizer and the Trainer of PaddleNLP's, where that is installed."""

from __future__ import annotations

import argparse
import importlib.util
import re
import runpy
import sys

import paddle
import paddle.nn.functional as F
import pytest
from helpers import ROOT

SCRIPT = ROOT / "examples/few_shot_intents.py"
TINY = ("--ways", 3, "--shots", 2, "--queries", 2, "--meta-batch", 2, "--test-tasks", 20)

needs_paddlenlp = pytest.mark.skipif(importlib.util.find_spec("paddlenlp") is None, reason="PaddleNLP is not installed")


def accuracies(name: str, output: str) -> list[float]:
    """In per cent, before and after adapting."""
    (line,) = re.findall(rf"^{name} +\d.*$", output, re.MULTILINE)
    return [float(number) for number in re.findall(r"([\d.]+) ±", line)]


@needs_paddlenlp
def test_held_out_intents_are_learned_and_what_real_data_is_needed_is_said(run_example, tmp_path):
    output = run_example("few_shot_intents.py", "--updates", 40, "--test-tasks", 20, "--out", "runs")

    assert "Intents for training, validation and test: 40, 8, 16" in output
    for name in ("ANIL", "MAML, last layers"):
        before, after = accuracies(name, output)
        _, without = accuracies(f"{name}, not meta-trained", output)
        assert before < 40 and after > before + 20 and after > without + 20
    assert "CLINC150" in output and "BANKING77" in output and "intent<TAB>sentence" in output
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"anil", "maml", "vocab.txt"}


@needs_paddlenlp
def test_it_takes_sentences_of_ones_own_and_an_ernie_from_a_folder(run_example, tmp_path):
    intents = [f"{verb} {thing}" for verb in ("open", "close", "clean") for thing in ("door", "window", "box", "bag")]
    forms = "please {}", "now {}", "would you {}", "time to {}"
    (tmp_path / "mine.tsv").write_text("\n".join(f"{i}\t{form.format(i)}" for i in intents for form in forms), "utf-8")
    options = (*TINY, "--ways", 2, "--data", "mine.tsv", "--updates", 1)
    output = run_example("few_shot_intents.py", *options, "--out", "new")
    assert "Intents for training, validation and test: 7, 2, 3" in output and "CLINC150" not in output

    saved = tmp_path / "new/anil/checkpoint-1"
    again = run_example("few_shot_intents.py", *options, "--out", "again", "--pretrained", saved)
    pieces = "Words and word pieces of the tokenizer: .*"
    assert re.search(pieces, again)[0] == re.search(pieces, output)[0]
    assert not (tmp_path / "again/vocab.txt").exists()


@needs_paddlenlp
def test_a_line_without_an_intent_is_an_error(start_example, tmp_path):
    (tmp_path / "mine.tsv").write_text("greet\thello\nhello again", "utf-8")
    output, _ = start_example("few_shot_intents.py", "--data", "mine.tsv").communicate(timeout=120)
    assert "mine.tsv, line 2: expected \"intent<TAB>sentence\", got 'hello again'" in output


def test_without_paddlenlp_it_says_where_to_look(monkeypatch):
    monkeypatch.setitem(sys.modules, "paddlenlp", None)
    monkeypatch.setitem(sys.modules, "paddlenlp.trainer", None)
    with pytest.raises(SystemExit, match=r"PaddleNLP can't be imported .*; docs/text.md has the command"):
        runpy.run_path(str(SCRIPT))


class Run:
    """A trainer of the script's on a new net, without dropout, and what it was made of."""

    def __init__(self, script, folder, updates=4):
        from paddlenlp.transformers import ErnieConfig, ErnieForSequenceClassification

        args = argparse.Namespace(
            ways=2, shots=1, queries=1, seed=0, updates=updates, meta_batch=2, out=folder, pretrained=None, longest=12
        )
        sentences = {f"intent {i}": [f"{word} {i}" for word in ("please", "now", "do")] for i in range(4)}
        folder.mkdir()
        tokenizer, _ = script.tokenizer_and_new_net(args, sentences)
        config = ErnieConfig(
            vocab_size=len(tokenizer), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
            max_position_embeddings=12, num_labels=2, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        data = script.Sentences(sentences, tokenizer, args.longest)
        self.episodes = script.loader(data, args, updates * 2, 2)
        with paddle.utils.unique_name.guard():  # as in a process of its own
            paddle.seed(1)
            self.net = ErnieForSequenceClassification(config)
            self.schedule = script.LinearDecayWithWarmup(1e-2, updates, warmup=1)
            self.opt = script.maml_on_last_layers(self.net, self.schedule)
        self.trainer = script.trainer_of(
            self.net, tokenizer, self.opt, self.schedule, self.episodes, script.loader(data, args, 2), args, folder
        )


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("paddlenlp")
    spec = importlib.util.spec_from_file_location("few_shot_intents", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def weights_of(folder) -> dict:
    return paddle.load(str(folder / "model_state.pdparams"))


def same(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(bool((first[key] == second[key]).all()) for key in first)


def test_the_trainer_takes_the_steps_of_a_loop(script, tmp_path):
    by_trainer, by_loop = Run(script, tmp_path / "trainer"), Run(script, tmp_path / "loop")
    first = {name: weight.clone() for name, weight in by_loop.net.state_dict().items()}
    by_trainer.trainer.train()
    for episodes in by_loop.episodes:
        by_loop.opt.meta_loss(by_loop.net, episodes, F.cross_entropy).backward()
        by_loop.opt.step()
        by_loop.schedule.step()
        by_loop.opt.clear_grad()
    weights = by_loop.net.state_dict()
    assert same(weights_of(tmp_path / "trainer/checkpoint-4"), weights)
    assert not same(first, weights)
    evaluated = [logs for logs in by_trainer.trainer.state.log_history if "eval_accuracy" in logs]
    assert [logs["step"] for logs in evaluated] == [1, 2, 3, 4]
    assert all(0 <= logs["eval_accuracy"] <= 1 for logs in evaluated)


def test_a_run_that_the_trainer_resumes_goes_on_as_if_it_had_not_been_stopped(script, tmp_path):
    whole, rest = Run(script, tmp_path / "whole"), Run(script, tmp_path / "rest")
    whole.trainer.train()
    rest.trainer.train(resume_from_checkpoint=str(tmp_path / "whole/checkpoint-2"))
    assert same(*(weights_of(tmp_path / run / "checkpoint-4") for run in ("whole", "rest")))
    assert not (tmp_path / "rest/checkpoint-2").exists()


def test_the_page_shows_the_lines_of_the_example_and_the_environment_of_its_tests(tmp_path, monkeypatch):
    page = (ROOT / "docs/text.md").read_text("utf-8")
    *shown, conversion = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 4 and all(program in SCRIPT.read_text("utf-8") for program in shown)
    environments = runpy.run_path(str(ROOT / "benchmarks/real_models.py"))["ENVIRONMENTS"]
    assert all(package in page for packages in environments["paddlenlp"][0] for package in packages)

    monkeypatch.chdir(tmp_path)
    (tmp_path / "banking_data").mkdir()
    (tmp_path / "banking_data/train.csv").write_text('text,category\n"Where is it,\nmy card?",card_arrival\n', "utf-8")
    exec(conversion, {})
    assert (tmp_path / "banking.tsv").read_text("utf-8") == "card_arrival\tWhere is it, my card?\n"
