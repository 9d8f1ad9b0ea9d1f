"""A net learns words that it has never heard from a recording of each, or a few.

    python examples/keyword_spotting.py [--data speech_commands]

The recordings become log-mel spectrograms by paddle.audio, and metaopt.Model meta-trains a small convolutional net on
them by MAML. The words are made up, and a synthesizer speaks them, with another voice each time. Prints the accuracy on
held-out words before and after adapting, beside that of the same net without meta-training.
"""

from __future__ import annotations

import argparse
import sys
import warnings
import wave
from pathlib import Path

warnings.filterwarnings("ignore", message="No ccache found")

import numpy as np  # noqa: E402
import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402
from paddle import nn  # noqa: E402

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.data import EpisodeLoader, EpisodeSampler  # noqa: E402

MELS = 40

REAL_DATA = """
These words are made up. For real ones, give --data a folder with a folder for each word, of wav files of 16 bits and
one sampling rate, such as
  Speech Commands   speech_commands_v0.02.tar.gz, unpacked: 35 words, 105,829 recordings of a second at 16 kHz
of which --recordings are read for each word; folders that begin with "_" are left out."""

# What real recordings and made-up ones become


class Words(paddle.io.Dataset):
    """Log-mel spectrograms [frames, mels] of recordings of a second, with the number of the word."""

    def __init__(self, recordings: dict[str, np.ndarray], rate: int):
        log_mel = paddle.audio.features.LogMelSpectrogram(
            rate, n_fft=512, hop_length=rate // 100, win_length=rate // 40, n_mels=MELS
        )
        self.labels = np.repeat(np.arange(len(recordings)), [len(some) for some in recordings.values()])
        with paddle.no_grad():
            spectra = [log_mel(paddle.to_tensor(some)).numpy() for some in recordings.values()]
        self.spectra = np.concatenate(spectra).transpose(0, 2, 1)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        spectrum = self.spectra[index]
        return (spectrum - spectrum.mean()) / spectrum.std(), self.labels[index]


# The net


class ConvNet(nn.Layer):
    """Three convolutions over time with BatchNorm and ReLU, the mean over time, and a linear head."""

    def __init__(self, ways: int, channels: int = 64):
        super().__init__()
        sizes = [MELS, channels, channels, channels]
        blocks = [
            nn.Sequential(nn.Conv1D(a, b, 5, stride=2, padding=2), nn.BatchNorm1D(b), nn.ReLU())
            for a, b in zip(sizes, sizes[1:])
        ]
        self.body = nn.Sequential(*blocks)
        self.classifier = nn.Linear(channels, ways)

    def forward(self, x):
        return self.classifier(self.body(x.transpose([0, 2, 1])).mean(-1))


# The made-up words

RATE = 16_000

#: The first three formants of vowels of English, in Hz, as men speak them on average (Peterson and Barney 1952).
VOWELS = np.array([
    (270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410), (730, 1090, 2440), (570, 840, 2410),
    (440, 1020, 2240), (300, 870, 2240), (640, 1190, 2390), (490, 1350, 1690),
])  # fmt: skip

#: Where the hiss of a consonant is, in Hz.
CONSONANTS = np.array([1200, 2000, 3000, 4500, 6500])


def made_up_words(count: int, each: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Each word is two or three syllables of a consonant and a vowel, and is spoken by `each` voices."""
    words = {}
    while len(words) < count:
        syllables = rng.integers(0, [len(CONSONANTS), len(VOWELS)], (rng.integers(2, 4), 2))
        name = "-".join(f"{'ptksf'[consonant]}{vowel}" for consonant, vowel in syllables)
        if name not in words:
            words[name] = np.stack([spoken(syllables, rng) for _ in range(each)])
    return words


def spoken(syllables: np.ndarray, rng: np.random.Generator, frame: int = 256) -> np.ndarray:
    """A second of sound: pulses and hiss, each shaped frame by frame, and some noise."""
    frames = RATE // frame
    tall, slow, pitch = rng.uniform(0.9, 1.15), rng.uniform(0.8, 1.2), rng.uniform(90, 220)
    hiss, voice = np.zeros((2, frames, frame + 1))
    heard = np.fft.rfftfreq(2 * frame, 1 / RATE)
    begin = rng.integers(2, 8)
    for consonant, vowel in syllables:
        middle = begin + int(4 * slow * rng.uniform(0.8, 1.2))
        end = middle + int(10 * slow * rng.uniform(0.8, 1.2))
        hiss[begin:middle] = resonance(heard, CONSONANTS[consonant] * tall, 400)
        formants = VOWELS[vowel] * tall * rng.normal(1, 0.03, 3)
        voice[middle:end] = sum(resonance(heard, f, 60 + f / 20) / n for n, f in enumerate(formants, 1))
        begin = end
    fall = np.linspace(rng.uniform(1, 1.2), rng.uniform(0.7, 1), RATE)
    pulses = np.diff(np.floor(np.cumsum(pitch * fall / RATE)), prepend=0)
    sound = shaped(pulses, voice, frame) + 0.1 * shaped(rng.normal(size=RATE), hiss, frame)
    sound *= rng.uniform(0.1, 0.4) / np.abs(sound).max()
    return (sound + rng.normal(0, rng.uniform(0.001, 0.01), RATE)).astype("float32")


def resonance(heard: np.ndarray, at: float, width: float) -> np.ndarray:
    return 1 / (1 + ((heard - at) / width) ** 2)


def shaped(source: np.ndarray, gains: np.ndarray, frame: int) -> np.ndarray:
    """The source with the spectrum of each frame weighted by its gains; neighbours are blended."""
    padded = np.pad(source, (0, 2 * frame))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, 2 * frame)[::frame][: len(gains)]
    parts = np.fft.irfft(np.fft.rfft(pieces * np.hanning(2 * frame)) * gains)
    sound = np.zeros(len(padded))
    for half in (0, 1):
        sound[half * frame :][: len(parts) * frame] += parts.reshape(-1, 2, frame)[:, half].ravel()
    return sound[: len(source)]


# The real words


def read_words(folder: Path, most: int, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], int]:
    """A second of each recording, filled up with silence if it is shorter, by word; and the sampling rate."""
    if not folder.is_dir():
        sys.exit(f"{folder}: expected a folder with a folder of wav files for each word")
    words, rates = {}, set()
    for word in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_")):
        files = sorted(word.glob("*.wav"))
        loaded = [recording(files[i]) for i in rng.permutation(len(files))[:most]]
        rates |= {rate for _, rate in loaded}
        words[word.name] = [sound.numpy()[0] for sound, _ in loaded]
    if len(rates) != 1:
        sys.exit(f"{folder}: expected folders of wav files of one sampling rate, found the rates {sorted(rates)}")
    (rate,) = rates
    return {word: np.stack([a_second(sound, rate) for sound in some]) for word, some in words.items() if some}, rate


def recording(path: Path) -> tuple[paddle.Tensor, int]:
    try:
        return paddle.audio.load(str(path))
    except (wave.Error, EOFError, NotImplementedError) as error:
        sys.exit(f"{path}: expected a wav file of 16 bits ({error or 'it ends too soon'})")


def a_second(sound: np.ndarray, rate: int) -> np.ndarray:
    return np.pad(sound[:rate], (0, max(0, rate - len(sound))))


def split(words: dict, rng: np.random.Generator) -> list[dict]:
    """The words for training, validation and test: five, one and two of eight."""
    names = sorted(words)
    rng.shuffle(names)
    ends = [0, len(names) * 5 // 8, len(names) * 6 // 8, len(names)]
    return [{name: words[name] for name in names[a:b]} for a, b in zip(ends, ends[1:])]


# Meta-training


def loader(words: Words, args: argparse.Namespace, episodes: int, tasks_per_batch=None) -> EpisodeLoader:
    sampler = EpisodeSampler(words, args.ways, args.shots, args.queries, episodes, args.seed, tasks_per_batch)
    return EpisodeLoader(words, sampler)


def new_net_and_optimizer(args: argparse.Namespace):
    paddle.seed(args.seed)
    net = ConvNet(args.ways)
    opt = metaopt.MAMLOptimizer(args.lr, parameters=net.parameters(), inner_lr=0.1, adapt_steps=5)
    return net, opt


def train(net, opt, training: Words, validation: Words, args: argparse.Namespace) -> None:
    model = metaopt.Model(net)
    model.prepare(opt, nn.CrossEntropyLoss(), paddle.metric.Accuracy())
    episodes = loader(training, args, args.updates * args.meta_batch, args.meta_batch)
    model.fit(episodes, loader(validation, args, 40), epochs=args.epochs, verbose=2, log_freq=args.updates)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Few-shot keyword spotting with paddle.audio and MAML.")
    parser.add_argument("--data", type=Path, help="a folder with a folder of wav files for each word; else made up")
    parser.add_argument("--recordings", type=int, default=20, help="of each word, read or made (%(default)s)")
    parser.add_argument("--words", type=int, default=64, help="that are made up (%(default)s)")
    parser.add_argument("--ways", type=int, default=5, help="words of a task (%(default)s)")
    parser.add_argument("--shots", type=int, default=1, help="recordings of each to learn from (%(default)s)")
    parser.add_argument("--queries", type=int, default=5, help="and to be judged on (%(default)s)")
    parser.add_argument("--epochs", type=int, default=3, help="with a validation after each (%(default)s)")
    parser.add_argument("--updates", type=int, default=40, help="in each epoch (%(default)s)")
    parser.add_argument("--meta-batch", type=int, default=4, help="tasks of an update (%(default)s)")
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's learning rate (%(default)s)")
    parser.add_argument("--test-tasks", type=int, default=200, help="to be judged on (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    metaopt.tune_cpu()
    rng = np.random.default_rng(args.seed)
    if args.data:
        words, rate = read_words(args.data, args.recordings, rng)
    else:
        words, rate = made_up_words(args.words, args.recordings, rng), RATE
    splits = split(words, rng)
    training, validation, test = (Words(some, rate) for some in splits)
    print(f"Words for training, validation and test: {', '.join(str(len(some)) for some in splits)}")

    episodes = loader(test, args, args.test_tasks)
    net, opt = new_net_and_optimizer(args)
    rows = {"not meta-trained": [accuracy(net, opt, episodes, steps) for steps in (0, None)]}
    train(net, opt, training, validation, args)
    rows["meta-trained by MAML"] = [accuracy(net, opt, episodes, steps) for steps in (0, None)]
    print(f"\nAccuracy in % on {args.test_tasks} {args.ways}-way {args.shots}-shot tasks of words new to the net")
    print(f"{'':<24}{'before adapting':>20}{'after':>20}")
    for name, found in rows.items():
        print(f"{name:<24}" + "".join(f"{f'{100 * r.mean:.1f} ± {100 * r.ci95:.1f}':>20}" for r in found))
    if not args.data:
        print(REAL_DATA)


def accuracy(net, opt, episodes, steps=None) -> metaopt.Evaluation:
    return metaopt.evaluate(net, opt, episodes, F.cross_entropy, paddle.metric.Accuracy(), steps=steps)


if __name__ == "__main__":
    main()
