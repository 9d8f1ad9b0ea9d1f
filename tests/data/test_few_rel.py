from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import paddle_metaopt as metaopt
from paddle_metaopt.data import EpisodeLoader, EpisodeSampler, FewRel, few_rel

REAL = Path(os.environ.get("FEWREL_ROOT", "/work/shared/data/fewrel"))


def sentence(*tokens: str, head: list, tail: list) -> dict:
    """As github.com/thunlp/FewRel has them: h and t are a name, Wikidata's number, and each place it is named at."""
    return {"tokens": list(tokens), "h": ["the head", "Q1", head], "t": ["the tail", "Q2", tail]}


SENTENCES = {
    "P2": [
        sentence("The", "old", "bridge", "crosses", "Rhine", head=[[1, 2]], tail=[[4]]),
        sentence("Rhine", "the", "bridge", head=[[2], [0]], tail=[[0]]),
    ],
    "P1": [
        sentence("A", "bridge", head=[[0]], tail=[[1]]),
        sentence("A", "the", "Rhine", "Oberrhein", head=[[3]], tail=[[0, 1, 2]]),
    ],
}


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Two relations of two sentences for training, and the same for validation."""
    monkeypatch.setattr(few_rel, "_SENTENCES", 2)
    for mode, split in few_rel._SPLITS.items():
        monkeypatch.setitem(few_rel._SPLITS, mode, split._replace(relations=2))
    write(tmp_path, "train_wiki", SENTENCES)
    write(tmp_path, "val_wiki", SENTENCES)
    return tmp_path


def write(root: Path, name: str, relations) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{name}.json").write_text(relations if isinstance(relations, str) else json.dumps(relations))


def words(dataset: FewRel, index: int) -> list[str]:
    name_of = {number: word for word, number in dataset.vocabulary.items()}
    return [name_of[number] for number in dataset[index][0]["ids"].tolist()]


def test_items_are_ids_lengths_and_the_places_of_the_entities(small):
    dataset = FewRel(small)
    assert len(dataset) == 4 and dataset.num_classes == 2 and dataset.class_names == ["P1", "P2"]
    assert dataset.labels.tolist() == [0, 0, 1, 1]
    x, label = dataset[2]
    assert label == 1 and type(label) is int
    assert x["ids"].dtype == np.int64 and x["lengths"] == 5
    assert words(dataset, 2) == ["the", "[UNK]", "bridge", "[UNK]", "rhine"]
    assert x["head"].tolist() == [1, 3] and x["tail"].tolist() == [4, 5]
    x, _ = dataset[-1]
    assert x["head"].tolist() == [2, 3], "the first place it is named at"
    with pytest.raises(IndexError):
        dataset[4]


def test_words_are_numbered_by_how_often_training_has_them(small):
    # bridge, rhine and the: three times; a: twice; all others once.
    assert FewRel(small).vocabulary == {"[PAD]": 0, "[UNK]": 1, "bridge": 2, "rhine": 3, "the": 4, "a": 5}
    write(small, "val_wiki", {"P3": SENTENCES["P1"], "P4": [sentence("new", "new", head=[[0]], tail=[[1]])] * 2})
    assert FewRel(small, "valid").vocabulary == FewRel(small).vocabulary
    assert words(FewRel(small, "valid"), 2) == ["[UNK]", "[UNK]"]


def test_a_vocabulary_is_taken_as_it_is(small):
    dataset = FewRel(small, vocabulary={"The": 7, "the": 8, "rhine": 9, "[UNK]": 3, "[PAD]": 5})
    assert dataset[2][0]["ids"].tolist() == [7, 3, 3, 3, 9]
    assert dataset.padding == {"ids": 5}
    with pytest.raises(ValueError, match=r'FewRel: vocabulary: expected an id for "A", or for "\[UNK\]"'):
        FewRel(small, vocabulary={"the": 8})


class Letters:
    """A tokenizer whose tokens are letters."""

    cls_token_id, sep_token_id, pad_token_id = 100, 101, 102

    def tokenize(self, word):
        return list(word)

    def convert_tokens_to_ids(self, tokens):
        return [ord(token) for token in tokens]


def test_a_tokenizer_moves_the_places_of_the_entities(small):
    dataset = FewRel(small, tokenizer=Letters())
    x, _ = dataset[2]
    text = "Theoldbridgecrosses" + "Rhine"
    assert x["ids"].tolist() == [100, *map(ord, text), 101]
    assert x["lengths"] == len(text) + 2
    for entity, named in (("head", "oldbridge"), ("tail", "Rhine")):
        start, end = x[entity].tolist()
        assert "".join(map(chr, x["ids"][start:end])) == named
    assert dataset.padding == {"ids": 102} and dataset.vocabulary is None


def test_a_tokenizer_without_special_tokens(small):
    class Plain(Letters):
        cls_token_id = sep_token_id = pad_token_id = None

    dataset = FewRel(small, tokenizer=Plain())
    assert dataset[0][0]["ids"].tolist() == list(map(ord, "Abridge"))
    assert dataset.padding == {"ids": 0}


def test_an_episode_has_padded_ids_and_lengths(small):
    dataset = FewRel(small, vocabulary={"[UNK]": 1, "[PAD]": 9})
    sampler = EpisodeSampler(dataset, ways=2, shots=1, queries=1, episodes=3, tasks_per_batch=3)
    (batch,) = EpisodeLoader(dataset, sampler)
    for (xs, ys), (xq, _) in batch:
        assert list(xs) == ["ids", "lengths", "head", "tail"]
        assert xs["head"].shape == xs["tail"].shape == [2, 2] and ys.tolist() == [0, 1]
        for x in (xs, xq):
            assert x["ids"].shape == [2, 5], "of all tasks of the batch"
            after = np.arange(5) >= x["lengths"].numpy()[:, None]
            np.testing.assert_array_equal(x["ids"].numpy(), np.where(after, 9, 1))


def test_a_net_adapts_on_it(small):
    import paddle

    class Net(paddle.nn.Layer):
        def __init__(self, words):
            super().__init__()
            self.embedding, self.classifier = paddle.nn.Embedding(words, 4), paddle.nn.Linear(12, 2)

        def forward(self, ids, lengths, head, tail):
            words = self.embedding(ids)
            places = paddle.arange(ids.shape[1])
            mask = (places < lengths.unsqueeze(-1)).astype(words.dtype)
            parts = [(words * mask.unsqueeze(-1)).sum(1)]
            for start, end in ((head[:, :1], head[:, 1:]), (tail[:, :1], tail[:, 1:])):
                inside = ((places >= start).astype(words.dtype) * (places < end).astype(words.dtype)).unsqueeze(-1)
                parts.append((words * inside).sum(1))
            return self.classifier(paddle.concat(parts, -1))

    train, valid, test = metaopt.data.episodes(
        "fewrel", small, ways=2, shots=1, queries=1, tasks_per_batch=2, episodes=4, eval_episodes=3
    )
    assert test is None
    net = Net(len(train.dataset.vocabulary))
    opt = metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    loss_fn = paddle.nn.CrossEntropyLoss()
    for episodes in train:
        opt.meta_loss(net, episodes, loss_fn).backward()
        assert float(net.embedding.weight.grad.abs().sum()) > 0
        opt.step()
        opt.clear_grad()
    assert len(metaopt.evaluate(net, opt, valid, loss_fn).values) == 3


# --- what is wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "fewrel", "few-rel", "data", "FewRel/data"])
def test_it_is_found_below_the_root(small, below, tmp_path):
    root = tmp_path / "elsewhere"
    write(root / below, "train_wiki", SENTENCES)
    assert len(FewRel(root)) == 4


def test_a_missing_file_says_where_it_was_looked_for_and_where_one_gets_it(small, tmp_path):
    looked_for = "train_wiki.json is not in .*/none or .*/none/fewrel .*github.com/thunlp"
    with pytest.raises(FileNotFoundError, match=looked_for):
        FewRel(tmp_path / "none")
    (small / "train_wiki.json").unlink()
    with pytest.raises(FileNotFoundError, match="train_wiki.json is not in"):
        FewRel(small, "valid")
    assert len(FewRel(small, "valid", vocabulary={"[UNK]": 1})) == 4


def changed(**entries) -> dict:
    return {**SENTENCES, "P1": [SENTENCES["P1"][0], {**SENTENCES["P1"][1], **entries}]}


NO_SENTENCE = 'number 1 of P1 is no sentence with "tokens", and with the places of "h" and "t" in it'
BROKEN = {
    "no JSON": ("{", r"it cannot be read \("),
    "very deep": ("[" * 100_000, r"it cannot be read \("),
    "a list": ("[]", "it is no object with a list of sentences for each relation"),
    "no lists": ('{"P1": 3, "P2": []}', "it is no object with a list of sentences for each relation"),
    "a relation too few": ({"P1": SENTENCES["P1"]}, "it holds 1 relations, expected 2"),
    "a sentence too few": ({**SENTENCES, "P1": SENTENCES["P1"][:1]}, "it holds 1 sentences of P1, expected 2"),
    "numbers": (changed(tokens=[1, 2, 3, 4]), NO_SENTENCE),
    "no words": (changed(tokens=[]), NO_SENTENCE),
    "a string": (changed(tokens="A the Rhine"), NO_SENTENCE),
    "an entity after the end": (changed(h=["", "", [[4]]]), NO_SENTENCE),
    "an entity before the start": (changed(t=["", "", [[-1]]]), NO_SENTENCE),
    "an entity nowhere": (changed(t=["", "", [[]]]), NO_SENTENCE),
    "an entity without places": (changed(t=["", "", []]), NO_SENTENCE),
    "no entity": (changed(t=None), NO_SENTENCE),
}


@pytest.mark.parametrize("relations, reason", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_what_it_should_be(small, relations, reason):
    write(small, "train_wiki", relations)
    with pytest.raises(ValueError, match=f"train_wiki.json is not the complete FewRel: {reason}"):
        FewRel(small)


def test_wrong_arguments(small):
    with pytest.raises(ValueError, match="FewRel: mode: expected one of 'train', 'valid', got 'val'"):
        FewRel(small, "val")
    with pytest.raises(ValueError, match="got 'test': the relations for test are not published"):
        FewRel(small, "test")
    with pytest.raises(TypeError, match="FewRel: root: expected a path, got 3"):
        FewRel(3)
    with pytest.raises(TypeError, match=r"FewRel: vocabulary: expected a mapping of words to ids, got \['a'\]"):
        FewRel(small, vocabulary=["a"])
    with pytest.raises(TypeError, match="FewRel: tokenizer: expected an object with tokenize and convert"):
        FewRel(small, tokenizer=str.split)
    with pytest.raises(ValueError, match="FewRel: expected a vocabulary or a tokenizer, got both"):
        FewRel(small, vocabulary={}, tokenizer=Letters())


# --- the real thing --------------------------------------------------------------------------


def test_the_real_sentences_are_read_whole():
    if not (REAL / "val_wiki.json").is_file():
        pytest.skip(f"no FewRel in {REAL}; set FEWREL_ROOT")
    relations = json.loads((REAL / "val_wiki.json").read_text(encoding="utf-8"))
    counted = sorted({word for all_ in relations.values() for s in all_ for word in s["tokens"]})
    dataset = FewRel(REAL, "valid", vocabulary={word: number for number, word in enumerate(counted, 1)})
    assert len(dataset) == 16 * 700 and dataset.class_names == sorted(relations)
    for index in range(0, len(dataset), 97):
        x, label = dataset[index]
        given = relations[dataset.class_names[label]][index % 700]
        assert [counted[number - 1] for number in x["ids"]] == given["tokens"]
        for entity, key in (("head", "h"), ("tail", "t")):
            assert list(range(*x[entity].tolist())) == given[key][2][0]
