"""An Ernie of PaddleNLP's learns intents that it has never seen from five sentences of each.

    python examples/few_shot_intents.py [--data intents.tsv]

PaddleNLP's Trainer meta-trains it, by ANIL, which adapts the classifier alone, and by MAML on the last layers. The net
is small and made from a config, its tokenizer from a vocabulary of the training sentences: nothing is downloaded.
Prints the accuracy on held-out intents before and after adapting, beside that of the same net without meta-training.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections import Counter
from itertools import product
from pathlib import Path

warnings.filterwarnings("ignore", message="No ccache found")

import numpy as np  # noqa: E402
import paddle  # noqa: E402
import paddle.nn.functional as F  # noqa: E402

try:
    from paddlenlp.trainer import Trainer, TrainingArguments
    from paddlenlp.transformers import (
        ErnieConfig,
        ErnieForSequenceClassification,
        ErnieTokenizer,
        LinearDecayWithWarmup,
    )
    from paddlenlp.utils.log import logger
except ImportError as error:
    sys.exit(f"PaddleNLP can't be imported ({error}); docs/text.md has the command that installs it")

import paddle_metaopt as metaopt  # noqa: E402
from paddle_metaopt.data import EpisodeSampler  # noqa: E402

#: What is asked for, and of what, each in several words: an intent is one of these with one of those.
ACTIONS = [
    "book|reserve|arrange", "cancel|drop|call off", "change|move|switch", "find|look up|search for",
    "pay for|settle|pay the bill for", "rate|review|leave stars for", "track|follow|check on", "share|forward|send",
]  # fmt: skip
THINGS = [
    "flight|plane ticket", "hotel|room", "table|dinner", "taxi|cab", "parcel|package", "meeting|appointment",
    "class|course", "movie|film",
]  # fmt: skip
OPENINGS = "|please|i want to|i would like to|can you|could you|help me|hey , i need to|it is time to"
DETAILS = "|for tomorrow|on monday|next week|for my mother|in berlin|this evening|for two people|as soon as possible"
CLOSINGS = "|please|thanks|thank you|right now"

REAL_DATA = """
These sentences are made up. For real ones, give --data a file of lines "intent<TAB>sentence", such as those of
  CLINC150   data/data_full.json of github.com/clinc/oos-eval: [sentence, intent] in the lists "train", "val", "test"
  BANKING77  banking_data/train.csv, test.csv of github.com/PolyAI-LDN/task-specific-datasets: columns text, category
and --pretrained an Ernie that PaddleNLP knows by name or that is in a folder: a net that begins from nothing knows only
the words of the training sentences."""


class FewShotTrainer(Trainer):
    """PaddleNLP's Trainer on loaders of episodes, with the loss and the evaluation of a meta-optimizer."""

    def get_train_dataloader(self):
        return self.train_dataset

    def compute_loss(self, model, inputs, return_outputs=False):
        return self.optimizer.meta_loss(model, inputs, F.cross_entropy)

    def evaluate(self, eval_dataset=None, ignore_keys=None, metric_key_prefix="eval"):
        found = accuracy(self.model, self.optimizer, self.eval_dataset)
        logger.eval(f"update {self.state.global_step}: accuracy on the validation intents {found}")
        metrics = {f"{metric_key_prefix}_accuracy": found.mean, f"{metric_key_prefix}_ci95": found.ci95}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def accuracy(net, opt, episodes, steps=None) -> metaopt.Evaluation:
    return metaopt.evaluate(net, opt, episodes, F.cross_entropy, paddle.metric.Accuracy(), steps=steps)


def anil(net, schedule):
    return metaopt.ANILOptimizer(
        schedule, parameters=net.parameters(), head=net.classifier, inner_lr=0.5, adapt_steps=5
    )


def maml_on_last_layers(net, schedule):
    last = [net.ernie.encoder.layers[-1], net.ernie.pooler, net.classifier]
    adapt = [weight for layer in last for weight in layer.parameters()]
    return metaopt.MAMLOptimizer(schedule, parameters=net.parameters(), adapt=adapt, inner_lr=0.1, adapt_steps=5)


ALGORITHMS = {"ANIL": anil, "MAML, last layers": maml_on_last_layers}


class Sentences(paddle.io.Dataset):
    """Sentences as the net's arguments, each with its intent."""

    def __init__(self, sentences: dict[str, list[str]], tokenizer, longest: int):
        texts = [text for intent in sentences for text in sentences[intent]]
        self.labels = np.repeat(np.arange(len(sentences)), [len(some) for some in sentences.values()])
        self.ids = np.array(tokenizer(texts, padding=True, truncation=True, max_length=longest)["input_ids"])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {"input_ids": self.ids[index]}, self.labels[index]


def loader(sentences: Sentences, args: argparse.Namespace, episodes: int, tasks_per_batch=None) -> paddle.io.DataLoader:
    """Of lists, which Paddle's DataLoader makes of episodes, because the Trainer takes them apart."""
    sampler = EpisodeSampler(sentences, args.ways, args.shots, args.queries, episodes, args.seed, tasks_per_batch)
    return paddle.io.DataLoader(sentences, batch_sampler=sampler, collate_fn=sampler.collate_fn)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Few-shot intents with an Ernie and the Trainer of PaddleNLP.")
    parser.add_argument("--data", type=Path, help='a file of lines "intent<TAB>sentence"; by default some are made up')
    parser.add_argument("--pretrained", help="an Ernie by PaddleNLP's name or in a folder; by default a small new one")
    parser.add_argument("--ways", type=int, default=5, help="intents of a task (%(default)s)")
    parser.add_argument("--shots", type=int, default=5, help="sentences of each to learn from (%(default)s)")
    parser.add_argument("--queries", type=int, default=5, help="and to be judged on (%(default)s)")
    parser.add_argument("--updates", type=int, default=150, help="of each algorithm (%(default)s)")
    parser.add_argument("--meta-batch", type=int, default=4, help="tasks of an update (%(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's learning rate at its peak (%(default)s)")
    parser.add_argument("--longest", type=int, default=32, help="tokens that are read of a sentence (%(default)s)")
    parser.add_argument("--test-tasks", type=int, default=200, help="to be judged on (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("few_shot_intents"), help="folder of the runs (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def made_up_sentences(rng: np.random.Generator, each: int = 40) -> dict[str, list[str]]:
    sentences = {}
    for action, thing in product(ACTIONS, THINGS):
        parts = [part.split("|") for part in (OPENINGS, action, "the|my|a", thing, DETAILS, CLOSINGS)]
        found = set()
        while len(found) < each:
            found.add(" ".join(filter(None, (words[rng.integers(len(words))] for words in parts))))
        sentences[f"{action.split('|')[0]} {thing.split('|')[0]}"] = sorted(found)
    return sentences


def read_sentences(path: Path) -> dict[str, list[str]]:
    sentences = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        intent, tab, text = line.partition("\t")
        if not tab:
            sys.exit(f'{path}, line {number}: expected "intent<TAB>sentence", got {line!r}')
        sentences.setdefault(intent, []).append(text)
    return sentences


def split(sentences: dict, rng: np.random.Generator) -> list[dict]:
    """The intents for training, validation and test: five, one and two of eight."""
    intents = sorted(sentences)
    rng.shuffle(intents)
    ends = [0, len(intents) * 5 // 8, len(intents) * 6 // 8, len(intents)]
    return [{intent: sentences[intent] for intent in intents[a:b]} for a, b in zip(ends, ends[1:])]


def write_vocabulary(sentences: dict, path: Path) -> None:
    """Of the words that occur twice, and of letters, for all the others."""
    words = Counter(re.findall(r"\w+|[^\w\s]", " ".join(text for some in sentences.values() for text in some).lower()))
    letters = sorted({letter for word in words for letter in word})
    frequent = [word for word, count in words.most_common() if count > 1 and word not in letters]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *frequent, *letters, *(f"##{letter}" for letter in letters)]
    path.write_text("\n".join(pieces), encoding="utf-8")


def tokenizer_and_new_net(args: argparse.Namespace, training: dict):
    """A tokenizer, and a function that makes a net for it."""
    if args.pretrained:
        options = {"num_labels": args.ways}
        tokenizer = ErnieTokenizer.from_pretrained(args.pretrained)
        return tokenizer, lambda: ErnieForSequenceClassification.from_pretrained(args.pretrained, **options)
    vocabulary = args.out / "vocab.txt"
    write_vocabulary(training, vocabulary)
    tokenizer = ErnieTokenizer(str(vocabulary))
    config = ErnieConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_act="relu",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.1,
        max_position_embeddings=args.longest,
        num_labels=args.ways,
    )
    return tokenizer, lambda: ErnieForSequenceClassification(config)


def trainer_of(net, tokenizer, opt, schedule, episodes, validation, args: argparse.Namespace, folder: Path):
    often = max(args.updates // 3, 1)
    return FewShotTrainer(
        net,
        tokenizer=tokenizer,
        args=TrainingArguments(
            str(folder),
            max_steps=args.updates,
            per_device_train_batch_size=args.meta_batch,
            evaluation_strategy="steps",
            save_strategy="steps",
            eval_steps=often,
            save_steps=often,
            load_best_model_at_end=True,
            metric_for_best_model="accuracy",
            report_to="none",
            seed=args.seed,
        ),
        train_dataset=episodes,
        eval_dataset=validation,
        optimizers=(opt, schedule),
    )


def main() -> None:
    args = parse_arguments()
    metaopt.tune_cpu()
    logger.set_level("EVAL")
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    sentences = read_sentences(args.data) if args.data else made_up_sentences(rng)
    splits = split(sentences, rng)
    tokenizer, new_net = tokenizer_and_new_net(args, splits[0])
    training, validation, test = (Sentences(some, tokenizer, args.longest) for some in splits)
    print(f"Intents for training, validation and test: {', '.join(str(len(some)) for some in splits)}")
    print(f"Words and word pieces of the tokenizer: {len(tokenizer)}")

    episodes = loader(training, args, args.updates * args.meta_batch, args.meta_batch)
    validation, test = loader(validation, args, 40), loader(test, args, args.test_tasks)
    rows = {}
    for name, algorithm in ALGORITHMS.items():
        paddle.seed(args.seed)
        net = new_net()
        net(paddle.to_tensor(training.ids[:1]))  # its encoder sets an attribute in the first call
        schedule = LinearDecayWithWarmup(args.lr, args.updates, warmup=0.1)
        opt = algorithm(net, schedule)
        rows[f"{name}, not meta-trained"] = [accuracy(net, opt, test, steps) for steps in (0, None)]
        folder = args.out / name.split(",")[0].lower()
        trainer_of(net, tokenizer, opt, schedule, episodes, validation, args, folder).train()
        rows[name] = [accuracy(net, opt, test, steps) for steps in (0, None)]
    print(f"\nAccuracy in % on {args.test_tasks} {args.ways}-way {args.shots}-shot tasks of intents new to the net")
    print(f"{'':<36}{'before adapting':>20}{'after':>20}")
    for name, found in rows.items():
        print(f"{name:<36}" + "".join(f"{f'{100 * r.mean:.1f} ± {100 * r.ci95:.1f}':>20}" for r in found))
    if not args.data:
        print(REAL_DATA)


if __name__ == "__main__":
    main()
