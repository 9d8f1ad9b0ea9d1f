"""Omniglot, the handwritten characters on which few-shot classification is measured."""

from __future__ import annotations

import os

import numpy as np
from paddle.io import Dataset

from paddle_metaopt.arguments import checked_folder, flag, one_of, whole_number
from paddle_metaopt.data.omniglot_archive import (
    BACKGROUND,
    DRAWINGS_PER_CHARACTER,
    EVALUATION,
    Drawings,
)

_QUARTER_TURNS = 4
_MAML_CHARACTERS = {
    "train": slice(0, 1100),
    "valid": slice(1100, 1200),
    "test": slice(1200, None),
}
_OFFICIAL_ARCHIVE = {"train": BACKGROUND, "test": EVALUATION}


class Omniglot(Dataset):
    """1623 characters of 50 alphabets, each drawn by 20 people [1]_.

    Items are ``(image, label)``: a float32 image [1, image_size, image_size] with ink 1.0 on
    background 0.0, and an int label.

    The first use decodes all drawings (seconds) and stores them for the next, where `FewShotPictures`
    does it and as safely.

    Parameters
    ----------
    root : path
        Where ``images_background.zip`` and ``images_evaluation.zip`` are, or the folders unpacked
        from them; ``root/omniglot`` is looked into as well. Archives zipped anew will do, stored or
        deflated.
    mode : {"train", "valid", "test"}, default "train"
        Which characters. No character, in whatever rotation, is in two modes of one split.
    split : {"maml", "official"}, default "maml"
        "maml": 1100, 100 and 423 characters as in [2]_, which doesn't say which ones; here they
        are the runs of ``numpy.random.RandomState(0).permutation(1623)`` over the names, sorted
        within the background archive first, then within the evaluation archive.
        "official": the 964 characters of the background archive for "train", the 659 of the
        evaluation archive for "test"; there is no "valid".
    image_size : int, default 28
        Pixels a side. The 105 x 105 drawings are made greyscale and resized by Lanczos' filter.
    rotations : bool, optional
        Whether a character turned by 90, 180 and 270 degrees anticlockwise counts as three more
        classes, as in [3]_ and [4]_. By default so for "train" alone.
    download : bool, default False
        Fetch an archive that is missing into `root`.

    Attributes
    ----------
    labels : numpy.ndarray
        int64 [len(dataset)], the label of every item.
    num_classes : int
        Labels are 0 … num_classes-1.
    class_names : list of str
        By label: "Latin/character01", or with rotations "Latin/character01/rot090".

    Raises
    ------
    FileNotFoundError
        If an archive is missing.
    ValueError
        If an argument is none of the above, or an archive is damaged or incomplete, or holds
        something else in a drawing's place: names the archive, the drawing, and what is wrong. No
        more than 64 KiB of a drawing are read.
    OSError
        If the system does not open an archive.

    References
    ----------
    .. [1] Lake, Salakhutdinov, Tenenbaum, "Human-level concept learning through probabilistic
       program induction", Science 2015.
    .. [2] Finn, Abbeel, Levine, "Model-Agnostic Meta-Learning for Fast Adaptation of Deep
       Networks", ICML 2017.
    .. [3] Santoro et al., "Meta-Learning with Memory-Augmented Neural Networks", ICML 2016.
    .. [4] Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        mode: str = "train",
        split: str = "maml",
        image_size: int = 28,
        rotations: bool | None = None,
        download: bool = False,
    ) -> None:
        one_of(self, "mode", mode, ("train", "valid", "test"))
        one_of(self, "split", split, ("maml", "official"))
        image_size = whole_number(self, "image_size", image_size, least=1)
        flag(self, "download", download)
        if rotations is not None:
            flag(self, "rotations", rotations)
        if split == "official" and mode == "valid":
            raise ValueError(
                'split="official" has no mode "valid": use "train" or "test", or split="maml", '
                "which holds out 100 characters for validation"
            )
        folder = checked_folder(self, "root", root)
        archives = (BACKGROUND, EVALUATION) if split == "maml" else (_OFFICIAL_ARCHIVE[mode],)
        sources = [Drawings(archive, folder, download) for archive in archives]

        characters = [name for source in sources for name in source.names]
        images = np.concatenate([source.images(image_size) for source in sources])
        if split == "maml":
            chosen = _maml_characters(mode, len(characters))
            characters, images = [characters[i] for i in chosen], images[chosen]

        self._images = images
        if rotations is None:
            rotations = mode == "train"
        self._turns = _QUARTER_TURNS if rotations else 1
        self.num_classes = len(characters) * self._turns
        self.labels = np.repeat(np.arange(self.num_classes), DRAWINGS_PER_CHARACTER)
        self.class_names = characters
        if rotations:
            turned = [f"rot{90 * turn:03}" for turn in range(_QUARTER_TURNS)]
            self.class_names = [f"{name}/{turn}" for name in characters for turn in turned]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        label = int(self.labels[index])
        character, turn = divmod(label, self._turns)
        image = np.rot90(self._images[character, index % DRAWINGS_PER_CHARACTER], turn)
        return np.ascontiguousarray(image[np.newaxis], dtype=np.float32) / 255, label


def _maml_characters(mode: str, count: int) -> np.ndarray:
    shuffled = np.random.RandomState(0).permutation(count)
    return np.sort(shuffled[_MAML_CHARACTERS[mode]])
