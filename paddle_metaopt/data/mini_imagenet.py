"""miniImageNet, the photographs on which few-shot classification is measured."""

from __future__ import annotations

import re

from paddle_metaopt.data.few_shot_pictures import FewShotPictures
from paddle_metaopt.data.picture_layouts import (
    class_folders,
    listed_classes,
    listed_pictures,
    of_class_dict,
    of_labels,
    pickled,
)
from paddle_metaopt.data.published_pictures import Published, Split

IS_WORDNET_ID = re.compile(r"n\d{8}").fullmatch

IMAGENET_TERMS = (
    "{} may not be passed on freely, so there is no download: get it from someone who may share it under ImageNet's "
    "terms"
)

MINI_IMAGENET = Published(
    title="miniImageNet",
    key="mini-imagenet",
    side=84,
    splits={"train": Split("train", 64), "valid": Split("val", 16), "test": Split("test", 20)},
    layouts=(
        listed_pictures("mini-imagenet.zip"),
        class_folders(IS_WORDNET_ID),
        listed_classes("miniimagenet", "ravi-larochelle", (".jpg",)),
        pickled(["mini-imagenet-cache-{split}.pkl"], of_class_dict, ["mini-imagenet.tar.gz"]),
        pickled(["mini-imagenet-cache-{split}.pkl"], of_class_dict, called={"val": "validation"}),
        pickled(["miniImageNet_category_split_{split}.pickle"], of_labels, called={"train": "train_phase_train"}),
    ),
    folders=("mini-imagenet", "miniimagenet"),
    where=IMAGENET_TERMS.format("miniImageNet"),
)


class MiniImageNet(FewShotPictures):
    """100 classes of ImageNet, 600 photographs of 84 x 84 pixels each [1]_, split as in [2]_ in 64, 16 and 20.

    What it takes, gives and raises is `FewShotPictures`'s.

    Decoding takes half a minute for "train"; the cached files have 813, 203 and 254 MB.

    Layouts, in `root`, or in ``mini-imagenet`` or ``miniimagenet`` in it:

    - ``mini-imagenet.zip``, or what is in it: ``images/`` with the JPEG files, and ``train.csv``, ``val.csv`` and
      ``test.csv`` with a line ``filename,label`` for each [2]_; the lists may be in ``split/``.
    - ``train/``, ``val/`` and ``test/`` with a folder a class (github.com/yaoyao-liu/meta-transfer-learning).
    - ``miniimagenet.zip`` or what is in it: ``data/`` with a folder a class, and the names of the classes in
      ``splits/ravi-larochelle/train.txt``, ``val.txt`` and ``test.txt`` (github.com/bertinetto/r2d2).
    - ``mini-imagenet-cache-train.pkl`` and the like, loose or in ``mini-imagenet.tar.gz``
      (github.com/renmengye/few-shot-ssl-public, PaddleFSL; learn2learn writes "validation" for "val").
    - ``miniImageNet_category_split_train_phase_train.pickle``, ``…_val.pickle`` and ``…_test.pickle``
      (github.com/gidariss/FewShotWithoutForgetting); its classes are known by number only.

    References
    ----------
    .. [1] Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016.
    .. [2] Ravi, Larochelle, "Optimization as a Model for Few-Shot Learning", ICLR 2017.
    """

    published = MINI_IMAGENET
