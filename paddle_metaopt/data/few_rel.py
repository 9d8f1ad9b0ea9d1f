"""FewRel, sentences whose relation between two entities is to be told."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from paddle.io import Dataset

from paddle_metaopt.arguments import checked_folder, one_of

PADDING, UNKNOWN = "[PAD]", "[UNK]"
_FOLDERS = ("fewrel", "few-rel", "FewRel/data", "data")
_URL = "https://github.com/thunlp/FewRel/tree/master/data"
_SENTENCES = 700  # of each relation


class _Split(NamedTuple):
    name: str
    relations: int


_SPLITS = {"train": _Split("train_wiki", 64), "valid": _Split("val_wiki", 16)}


class FewRel(Dataset):
    """FewRel 1.0: 100 relations of Wikidata, 700 sentences of Wikipedia for each [1]_.

    64 relations are for training and 16 for validation; the 20 for test are not published. Items are ``(x, label)``
    with an int label, and as x the dict of

    - ``ids``: int64 [tokens], the sentence,
    - ``lengths``: int64, how many tokens it has,
    - ``head`` and ``tail``: int64 [2], the first token of where the entity is named first, and the one after its last.

    In an episode each has the examples as its first axis, and ``ids`` are padded to the longest sentence of the batch;
    ``net(**x)`` is called with them.

    Layout, in `root`, or in ``fewrel``, ``few-rel``, ``data`` or ``FewRel/data`` in it: ``train_wiki.json`` and
    ``val_wiki.json`` as in github.com/thunlp/FewRel, the authors', and PaddleFSL.

    Parameters
    ----------
    root : path
    mode : {"train", "valid"}, default "train"
        Which relations.
    vocabulary : mapping of str to int, optional
        The ids of the words. A word that is not in it is looked up in lower case, and then has the id of "[UNK]". The
        id of "[PAD]", or 0, is what is padded with. By default all words that the training sentences have at least
        twice, in lower case, the frequent ones first, after "[PAD]" (0) and "[UNK]" (1).
    tokenizer : optional
        Instead of a vocabulary, an object with ``tokenize(word)`` and ``convert_tokens_to_ids(tokens)``, as those of
        PaddleNLP; a word may become several tokens. Sentences stand between its ``cls_token_id`` and ``sep_token_id``
        where it has them, and are padded with its ``pad_token_id``, or 0.

    Attributes
    ----------
    labels : numpy.ndarray
        int64 [len(dataset)], the label of every item.
    num_classes : int
        Labels are 0 … num_classes-1.
    class_names : list of str
        By label, Wikidata's number of the relation, sorted: "P177".
    vocabulary : dict of str to int, or None
        The ids of the words, unless there is a tokenizer.
    padding : dict
        What `EpisodeSampler` pads with.

    Raises
    ------
    FileNotFoundError
        If the file of the mode is missing, or that of the training sentences whose words are the vocabulary.
    ValueError
        If `mode` is none of the above, a file is damaged or incomplete, a word has no id, or there is both a vocabulary
        and a tokenizer.
    TypeError
        If the vocabulary is no mapping, or the tokenizer has not these methods.

    References
    ----------
    .. [1] Han et al., "FewRel: A Large-Scale Supervised Few-Shot Relation Classification Dataset with State-of-the-Art
       Evaluation", EMNLP 2018.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        mode: str = "train",
        vocabulary: Mapping[str, int] | None = None,
        tokenizer: Any = None,
    ) -> None:
        if mode == "test":
            raise ValueError(
                "FewRel: mode: expected 'train' or 'valid', got 'test': the relations for test are not published"
            )
        one_of(self, "mode", mode, tuple(_SPLITS))
        root = checked_folder(self, "root", root)
        if vocabulary is not None and tokenizer is not None:
            raise ValueError("FewRel: expected a vocabulary or a tokenizer, got both")
        relations = _sentences(root, _SPLITS[mode])
        if tokenizer is None:
            vocabulary = _checked(vocabulary) if vocabulary is not None else _words_of_training(root, mode, relations)
            encoding = _by_vocabulary(vocabulary)
        else:
            encoding = _by_tokenizer(tokenizer)
        self.vocabulary = vocabulary
        self.padding = {"ids": encoding.padding}
        self.class_names = sorted(relations)
        self.num_classes = len(self.class_names)
        self.labels = np.repeat(np.arange(self.num_classes), [len(relations[name]) for name in self.class_names])
        encoded = [encoding.of(sentence) for name in self.class_names for sentence in relations[name]]
        self._ids = np.concatenate([ids for ids, _ in encoded])
        self._starts = np.cumsum([0, *(len(ids) for ids, _ in encoded)])
        self._entities = np.array([entities for _, entities in encoded], np.int64)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], int]:
        index = range(len(self))[index]
        start, end = self._starts[index : index + 2]
        head, tail = self._entities[index]
        x = {"ids": self._ids[start:end], "lengths": np.int64(end - start), "head": head, "tail": tail}
        return x, int(self.labels[index])


class _Encoding:
    """How a sentence becomes ids."""

    def __init__(self, of_word: Callable[[str], list[int]], padding: int, before: list[int], after: list[int]) -> None:
        self._of_word, self._known, self.padding = of_word, {}, padding
        self._before, self._after = before, after

    def of(self, sentence: dict) -> tuple[np.ndarray, list[list[int]]]:
        """The ids, and of head and tail the first and the one after the last."""
        words = [self._ids(word) for word in sentence["tokens"]]
        starts = np.cumsum([len(self._before), *map(len, words)]).tolist()
        places = [sentence[entity][2][0] for entity in ("h", "t")]
        ids = [*self._before, *(i for word in words for i in word), *self._after]
        return np.array(ids, np.int64), [[starts[min(place)], starts[max(place) + 1]] for place in places]

    def _ids(self, word: str) -> list[int]:
        if word not in self._known:
            self._known[word] = self._of_word(word)
        return self._known[word]


def _by_vocabulary(vocabulary: Mapping[str, int]) -> _Encoding:
    unknown = vocabulary.get(UNKNOWN)

    def of_word(word: str) -> list[int]:
        number = vocabulary.get(word, vocabulary.get(word.lower(), unknown))
        if number is None:
            raise ValueError(f'FewRel: vocabulary: expected an id for "{word}", or for "{UNKNOWN}"')
        return [number]

    return _Encoding(of_word, vocabulary.get(PADDING, 0), [], [])


def _by_tokenizer(tokenizer: Any) -> _Encoding:
    if not all(hasattr(tokenizer, method) for method in ("tokenize", "convert_tokens_to_ids")):
        raise TypeError(
            f"FewRel: tokenizer: expected an object with tokenize and convert_tokens_to_ids, got {tokenizer!r}"
        )
    first, last, padding = (getattr(tokenizer, f"{kind}_token_id", None) for kind in ("cls", "sep", "pad"))
    return _Encoding(
        lambda word: list(tokenizer.convert_tokens_to_ids(tokenizer.tokenize(word))),
        0 if padding is None else padding,
        [] if first is None else [first],
        [] if last is None else [last],
    )


def _checked(vocabulary: Any) -> Mapping[str, int]:
    if not isinstance(vocabulary, Mapping):
        raise TypeError(f"FewRel: vocabulary: expected a mapping of words to ids, got {vocabulary!r}")
    return vocabulary


def _words_of_training(root: Path, mode: str, relations: dict) -> dict[str, int]:
    training = relations if mode == "train" else _sentences(root, _SPLITS["train"])
    words = (word.lower() for sentences in training.values() for sentence in sentences for word in sentence["tokens"])
    return _numbered(Counter(words))


def _numbered(counts: Counter) -> dict[str, int]:
    frequent = sorted((word for word, count in counts.items() if count > 1), key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate([PADDING, UNKNOWN, *frequent])}


def _sentences(root: Path, split: _Split) -> dict[str, list[dict]]:
    path = _found(root, f"{split.name}.json")
    try:
        relations = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not the complete FewRel: it cannot be read ({error})") from error
    reason = _why_not(relations, split)
    if reason is not None:
        raise ValueError(f"{path} is not the complete FewRel: {reason}")
    return relations


def _found(root: Path, name: str) -> Path:
    folders = [root, *(root / below for below in _FOLDERS)]
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"FewRel's {name} is not in {' or '.join(map(str, folders))}. Get it from {_URL}")
    return path


def _why_not(relations: Any, split: _Split) -> str | None:
    """Why it is not what it should be; None if it is."""
    if not isinstance(relations, dict) or not all(isinstance(sentences, list) for sentences in relations.values()):
        return "it is no object with a list of sentences for each relation"
    if len(relations) != split.relations:
        return f"it holds {len(relations)} relations, expected {split.relations}"
    for name, sentences in relations.items():
        if len(sentences) != _SENTENCES:
            return f"it holds {len(sentences)} sentences of {name}, expected {_SENTENCES}"
        wrong = next((number for number, sentence in enumerate(sentences) if not _is_sentence(sentence)), None)
        if wrong is not None:
            return f'number {wrong} of {name} is no sentence with "tokens", and with the places of "h" and "t" in it'
    return None


def _is_sentence(sentence: Any) -> bool:
    try:
        places = [sentence[entity][2][0] for entity in ("h", "t")]
        count = len(sentence["tokens"])
        return _are(str, sentence["tokens"]) and all(
            _are(int, place) and min(place) >= 0 and max(place) < count for place in places
        )
    except (KeyError, IndexError, TypeError):
        return False


def _are(kind: type, values: Iterable) -> bool:
    return isinstance(values, list) and len(values) > 0 and all(type(value) is kind for value in values)
