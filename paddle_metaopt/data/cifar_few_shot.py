"""CIFAR-FS and FC100, CIFAR-100's pictures split for few-shot learning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paddle_metaopt.data.few_shot_pictures import FewShotPictures
from paddle_metaopt.data.pickle_files import text
from paddle_metaopt.data.picture_layouts import class_folders, listed_classes, of_labels, pickled
from paddle_metaopt.data.picture_sources import Rows
from paddle_metaopt.data.published_pictures import Layout, Published, Split

#: CIFAR-FS's classes for validation and test by their names in CIFAR-100; all others are for training.
#: From the assets of github.com/tristandeleu/pytorch-meta.
_CIFAR_FS = {
    "val": [
        "beaver", "beetle", "butterfly", "camel", "cattle", "crab", "crocodile", "flatfish", "lamp",
        "maple_tree", "motorcycle", "otter", "sea", "shark", "television", "tractor",
    ],
    "test": [
        "baby", "bed", "bicycle", "chimpanzee", "fox", "leopard", "man", "pickup_truck", "plain", "poppy",
        "rocket", "rose", "snail", "sweet_pepper", "table", "telephone", "wardrobe", "whale", "woman", "worm",
    ],
}  # fmt: skip

#: FC100's superclasses for validation and test by their numbers in CIFAR-100; all others are for training.
#: From the authors' github.com/ElementAI/TADAM, datasets/create_dataset_cifar100.py.
_FC100 = {"val": [8, 11, 13, 16], "test": [0, 7, 12, 14]}

_SIDE = 32
_ORIGINAL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"


def _original(is_in: Callable[[str, str, int], bool]) -> Layout:
    """CIFAR-100 as its author gives it out, in "python version"; its classes in the split given."""

    def take(split: Split, train: dict, test: dict, meta: dict) -> Rows:
        train, test, names = text(train), text(test), [text(name) for name in text(meta)["fine_label_names"]]
        fine, coarse = (np.concatenate([train[key], test[key]]) for key in ("fine_labels", "coarse_labels"))
        superclass = dict(zip(fine.tolist(), coarse.tolist()))
        chosen = sorted((n for n in superclass if is_in(split.name, names[n], superclass[n])), key=names.__getitem__)
        rows = np.flatnonzero(np.isin(fine, chosen))
        images = np.concatenate([train["data"], test["data"]])[rows].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
        label_of = {number: label for label, number in enumerate(chosen)}
        return Rows(np.array([label_of[number] for number in fine[rows].tolist()]), [names[n] for n in chosen], images)

    return pickled(["train", "test", "meta"], take, ["cifar-100-python.tar.gz"], "cifar-100-python")


def _is_in_cifar_fs(split: str, name: str, _: int) -> bool:
    return name in _CIFAR_FS[split] if split in _CIFAR_FS else all(name not in names for names in _CIFAR_FS.values())


def _is_in_fc100(split: str, _: str, superclass: int) -> bool:
    if split in _FC100:
        return superclass in _FC100[split]
    return all(superclass not in superclasses for superclasses in _FC100.values())


CIFAR_FS = Published(
    title="CIFAR-FS",
    key="cifar-fs",
    side=_SIDE,
    splits={"train": Split("train", 64), "valid": Split("val", 16), "test": Split("test", 20)},
    layouts=(
        listed_classes("cifar100", "bertinetto", (".png",)),
        pickled(["CIFAR_FS_{split}.pickle"], of_labels, ["CIFAR-FS.zip"]),
        class_folders(str, "meta-"),
        _original(_is_in_cifar_fs),
    ),
    folders=("cifar-fs", "cifarfs", "cifar_fs", "CIFAR-FS"),
    where=f"Get {_ORIGINAL}",
)

FC_100 = Published(
    title="FC100",
    key="fc100",
    side=_SIDE,
    splits={"train": Split("train", 60), "valid": Split("val", 20), "test": Split("test", 20)},
    layouts=(
        pickled(["FC100_{split}.pickle"], of_labels, ["FC100.zip", "fc100.zip"]),
        _original(_is_in_fc100),
    ),
    folders=("fc100", "FC100"),
    where=f"Get {_ORIGINAL}",
)


class CIFARFS(FewShotPictures):
    """CIFAR-100's 100 classes, 600 pictures of 32 x 32 pixels each, split at random in 64, 16 and 20 [1]_.

    What it takes, gives and raises is `FewShotPictures`'s.

    Layouts, in `root`, or in ``cifar-fs``, ``cifarfs``, ``cifar_fs`` or ``CIFAR-FS`` in it:

    - ``cifar100.zip`` or what is in it: ``data/`` with a folder a class, and the names of the classes in
      ``splits/bertinetto/train.txt``, ``val.txt`` and ``test.txt`` (github.com/bertinetto/r2d2, the authors';
      learn2learn, PaddleFSL).
    - ``CIFAR_FS_train.pickle``, ``CIFAR_FS_val.pickle`` and ``CIFAR_FS_test.pickle``, loose or in ``CIFAR-FS.zip``
      (github.com/kjunelee/MetaOptNet); the classes are known by number only.
    - ``meta-train/``, ``meta-val/`` and ``meta-test/`` with a folder a class (github.com/icoz69/DeepEMD).
    - ``cifar-100-python.tar.gz``, or the folder unpacked from it, as `paddle.vision.datasets.Cifar100` has it.

    References
    ----------
    .. [1] Bertinetto et al., "Meta-learning with differentiable closed-form solvers", ICLR 2019.
    """

    published = CIFAR_FS


class FC100(FewShotPictures):
    """CIFAR-100's 100 classes, 600 pictures of 32 x 32 pixels each, split by superclass in 60, 20 and 20 [1]_.

    What it takes, gives and raises is `FewShotPictures`'s.

    Layouts, in `root`, or in ``fc100`` or ``FC100`` in it:

    - ``FC100_train.pickle``, ``FC100_val.pickle`` and ``FC100_test.pickle``, loose or in ``FC100.zip``
      (github.com/kjunelee/MetaOptNet, learn2learn, PaddleFSL); the classes are known by number only.
    - ``cifar-100-python.tar.gz``, or the folder unpacked from it, as `paddle.vision.datasets.Cifar100` has it.

    References
    ----------
    .. [1] Oreshkin, Rodríguez López, Lacoste, "TADAM: Task dependent adaptive metric for improved few-shot learning",
       NeurIPS 2018.
    """

    published = FC_100
