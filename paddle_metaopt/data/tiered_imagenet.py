"""tieredImageNet, photographs whose splits are far from each other in meaning."""

from __future__ import annotations

import numpy as np

from paddle_metaopt.data.few_shot_pictures import FewShotPictures
from paddle_metaopt.data.mini_imagenet import IMAGENET_TERMS, IS_WORDNET_ID
from paddle_metaopt.data.pickle_files import text
from paddle_metaopt.data.picture_layouts import class_folders, of_labels, pickled
from paddle_metaopt.data.picture_sources import Rows
from paddle_metaopt.data.published_pictures import Published, Split


def _of_encoded_pictures(_: Split, labels: dict, pictures: list) -> Rows:
    """The rows of a list of PNG files, with a number for each and the names of the numbers."""
    labels = text(labels)
    names = [text(name) for name in labels["label_specific_str"]]
    return Rows(np.asarray(labels["label_specific"]), names, pictures)


def _of_labels_apart(split: Split, labels: dict, pictures: dict) -> Rows:
    return of_labels(split, {"labels": text(labels)["labels"], "data": pictures["images"]})


TIERED_IMAGENET = Published(
    title="tieredImageNet",
    key="tiered-imagenet",
    side=84,
    splits={
        "train": Split("train", 351, pictures=None, total=448_695),
        "valid": Split("val", 97, pictures=None, total=124_261),
        "test": Split("test", 160, pictures=None, total=206_209),
    },
    layouts=(
        pickled(
            ["{split}_labels.pkl", "{split}_images_png.pkl"],
            _of_encoded_pictures,
            ["tiered-imagenet.tar", "tiered-imagenet.tar.xz"],
        ),
        pickled(["tiered-imagenet-{split}_labels.pkl", "tiered-imagenet-{split}_images_png.pkl"], _of_encoded_pictures),
        pickled(["{split}_labels.pkl", "{split}_images.npz"], _of_labels_apart),
        class_folders(IS_WORDNET_ID),
    ),
    folders=("tiered-imagenet", "tiered_imagenet"),
    where=IMAGENET_TERMS.format("tieredImageNet"),
)


class TieredImageNet(FewShotPictures):
    """608 classes of ImageNet in 34 categories, 779,165 photographs of 84 x 84 pixels [1]_.

    20, 6 and 8 categories, that is 351, 97 and 160 classes, are for training, validation and test. What it takes, gives
    and raises is `FewShotPictures`'s.

    The cached files have 9.5, 2.6 and 4.4 GB. Decoding "train" wants that much memory, and a pickle or npz its own size
    in addition; later uses want none.

    Layouts, in `root`, or in ``tiered-imagenet`` or ``tiered_imagenet`` in it:

    - ``train_images_png.pkl`` and ``train_labels.pkl``, and the same for "val" and "test", loose or in
      ``tiered-imagenet.tar`` (github.com/renmengye/few-shot-ssl-public, the authors') or ``tiered-imagenet.tar.xz``
      (PaddleFSL). Before the names there may be ``tiered-imagenet-``, as in zenodo.org/record/7978538 (learn2learn).
    - ``train_images.npz`` and ``train_labels.pkl`` with a list ``labels`` (github.com/kjunelee/MetaOptNet); the colours
      are taken in the order that they are stored in, and the classes are known by number only.
    - ``train/``, ``val/`` and ``test/`` with a folder a class (github.com/yaoyao-liu/tiered-imagenet-tools).

    References
    ----------
    .. [1] Ren et al., "Meta-Learning for Semi-Supervised Few-Shot Classification", ICLR 2018.
    """

    published = TIERED_IMAGENET
