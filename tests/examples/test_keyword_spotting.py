"""keyword_spotting.py: the made-up words, the recordings that it reads, and what is learned of them."""

from __future__ import annotations

import importlib.util
import re

import numpy as np
import paddle
import pytest
from helpers import ROOT

TINY = ("--ways", 3, "--shots", 2, "--queries", 2, "--meta-batch", 2, "--test-tasks", 20)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("keyword_spotting", ROOT / "examples/keyword_spotting.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def accuracies(name: str, output: str) -> list[float]:
    """In per cent, before and after adapting."""
    (line,) = re.findall(rf"^{name} +\d.*$", output, re.MULTILINE)
    return [float(number) for number in re.findall(r"([\d.]+) ±", line)]


def test_held_out_words_are_learned_and_what_real_data_is_needed_is_said(run_here):
    options = ("--words", 32, "--recordings", 6, "--epochs", 1, "--updates", 20)
    output = run_here("keyword_spotting.py", *TINY, *options)

    assert "Words for training, validation and test: 20, 4, 8" in output
    before, after = accuracies("meta-trained by MAML", output)
    _, without = accuracies("not meta-trained", output)
    assert before < 60 and after > before + 15 and after > without
    assert "Speech Commands" in output and "a folder for each word" in output


def save(folder, words: dict, rate: int = 16_000):
    for word, sounds in words.items():
        (folder / word).mkdir(parents=True)
        for number, sound in enumerate(sounds):
            paddle.audio.save(str(folder / word / f"{number}.wav"), paddle.to_tensor(sound[None]), rate)


def test_words_of_ones_own_are_read_and_learned(script, run_here, tmp_path):
    words = script.made_up_words(14, 4, np.random.default_rng(0))
    words["short"] = np.full((4, 9_000), 0.5, "float32")
    words["long"] = np.full((4, 20_000), 0.5, "float32")
    save(tmp_path / "speech", {**words, "_background_noise_": np.zeros((1, 50_000), "float32")})

    found, rate = script.read_words(tmp_path / "speech", 3, np.random.default_rng(1))
    assert rate == 16_000 and found.keys() == words.keys()
    for word, sounds in found.items():
        assert sounds.shape == (3, 16_000)
        original = np.pad(words[word], [(0, 0), (0, 16_000)])[:, :16_000]
        away = np.abs(sounds[:, None] - original[None]).max(-1)
        assert (away.min(1) < 1e-4).all() and (word in ("short", "long") or len(set(away.argmin(1))) == 3)

    options = (*TINY, "--ways", 2, "--epochs", 1, "--updates", 1, "--test-tasks", 2, "--data", "speech")
    output = run_here("keyword_spotting.py", *options)
    assert "Words for training, validation and test: 10, 2, 4" in output and "Speech Commands" not in output


def test_recordings_of_several_rates_are_an_error(script, tmp_path):
    some = np.zeros((1, 100), "float32")
    save(tmp_path, {"one": some})
    save(tmp_path, {"two": some}, rate=8_000)
    with pytest.raises(SystemExit, match=r"one sampling rate, found the rates \[8000, 16000\]"):
        script.read_words(tmp_path, 5, np.random.default_rng(0))


@pytest.mark.parametrize("content", [b"", b"too short", b"RIFF\x04\0\0\0AVI "])
def test_what_is_no_recording_is_named(script, tmp_path, content):
    with pytest.raises(SystemExit, match="nowhere: expected a folder with a folder of wav files for each word"):
        script.read_words(tmp_path / "nowhere", 5, np.random.default_rng(0))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "it.wav").write_bytes(content)
    with pytest.raises(SystemExit, match=r"one/it\.wav: expected a wav file of 16 bits \("):
        script.read_words(tmp_path, 5, np.random.default_rng(0))


def test_each_recording_of_a_word_is_another_one_and_the_seed_gives_them_again(script):
    first, again, other = (script.made_up_words(2, 2, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert all((first[word] == again[word]).all() for word in first)
    assert first.keys() == again.keys() != other.keys()
    assert all(np.abs(sounds[0] - sounds[1]).max() > 0.01 and np.abs(sounds).max() < 1 for sounds in first.values())


def test_the_page_shows_the_lines_of_the_example():
    page, program = ((ROOT / name).read_text("utf-8") for name in ("docs/speech.md", "examples/keyword_spotting.py"))
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 4 and all(lines in program for lines in shown)
