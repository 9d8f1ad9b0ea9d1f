"""miniImageNet, the photographs on which few-shot classification is measured."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from paddle.io import Dataset

from paddle_metaopt.arguments import one_of
from paddle_metaopt.data.mini_imagenet_archive import SPLITS, Photographs


class MiniImageNet(Dataset):
    """100 classes of ImageNet, 600 photographs each [1]_, split as in [2]_.

    Items are ``(image, label)``: a float32 image [3, 84, 84] of red, green and blue from 0.0 to 1.0, and an int label.

    The first use of a mode decodes its photographs (half a minute for "train") and stores them as uint8 (813 MB for
    "train", 203 for "valid", 254 for "test") beside the archive or, if that place is read-only, in
    ``$PADDLE_METAOPT_CACHE``, by default ``paddle_metaopt`` in ``$XDG_CACHE_HOME`` or ``~/.cache``. From there they are
    mapped into memory, which processes share. The stored file is used only for the very photographs that it was made
    from.

    Parameters
    ----------
    root : path
        Where ``mini-imagenet.zip`` is, or the folder ``mini-imagenet`` unpacked from it, or its content: ``images/``
        with JPEG files of 84 x 84 pixels, and ``train.csv``, ``val.csv`` and ``test.csv`` with a line
        ``filename,label`` for each; ``root/mini-imagenet`` is looked into as well.
    mode : {"train", "valid", "test"}, default "train"
        The 64, 16 or 20 classes of [2]_.

    Attributes
    ----------
    labels : numpy.ndarray
        int64 [len(dataset)], the label of every item.
    num_classes : int
        Labels are 0 … num_classes-1.
    class_names : list of str
        By label, sorted: "n01532829".

    Raises
    ------
    FileNotFoundError
        If there is no archive.
    ValueError
        If `mode` is none of the above, or the archive is damaged or incomplete, or holds something else in a
        photograph's place: names the archive, the photograph, and what is wrong.
    OSError
        If the system does not open the archive.

    References
    ----------
    .. [1] Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016.
    .. [2] Ravi, Larochelle, "Optimization as a Model for Few-Shot Learning", ICLR 2017.
    """

    def __init__(self, root: str | os.PathLike[str], mode: str = "train") -> None:
        one_of(self, "mode", mode, tuple(SPLITS))
        if not isinstance(root, (str, os.PathLike)):
            raise TypeError(f"MiniImageNet: root: expected a path, got {root!r}")
        photographs = Photographs(SPLITS[mode], Path(root).expanduser())
        self._images = photographs.images()
        self.class_names = photographs.names
        self.num_classes = len(self.class_names)
        self.labels = np.repeat(np.arange(self.num_classes), len(self._images) // self.num_classes)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        image = self._images[index].transpose(2, 0, 1)
        return np.ascontiguousarray(image, dtype=np.float32) / 255, int(self.labels[index])
