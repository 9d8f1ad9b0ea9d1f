"""What the data sets of pictures for few-shot learning have in common."""

from __future__ import annotations

import os

import numpy as np
from paddle.io import Dataset

from paddle_metaopt.arguments import checked_folder, one_of
from paddle_metaopt.data.published_pictures import Pictures, Published


class FewShotPictures(Dataset):
    """A data set of pictures by class, whose classes are split in three.

    Items are ``(image, label)``: a float32 image [3, side, side] of red, green and blue from 0.0 to 1.0, and an int
    label.

    The first use of a mode decodes its pictures and stores them as uint8 beside the archive or, if that place is
    read-only, in ``$PADDLE_METAOPT_CACHE``, by default ``paddle_metaopt`` in ``$XDG_CACHE_HOME`` or ``~/.cache``. From
    there they are mapped into memory, which processes share. The stored file is used only for the very pictures that it
    was made from. Pickles are read without running anything that they carry: one that asks for more than numbers, text,
    containers and numpy arrays is refused.

    Parameters
    ----------
    root : path
        Where the data are, in one of the layouts that the data set names.
    mode : {"train", "valid", "test"}, default "train"
        Which classes.

    Attributes
    ----------
    labels : numpy.ndarray
        int64 [len(dataset)], the label of every item.
    num_classes : int
        Labels are 0 … num_classes-1.
    class_names : list of str
        By label.

    Raises
    ------
    FileNotFoundError
        If the data are in none of the layouts: names all of them, where they were looked for, and where to get them.
    ValueError
        If `mode` is none of the above, or what is there is damaged or incomplete, or holds something else in a
        picture's place: names the archive, the picture, and what is wrong.
    OSError
        If the system does not open the archive.
    """

    published: Published

    def __init__(self, root: str | os.PathLike[str], mode: str = "train") -> None:
        one_of(self, "mode", mode, tuple(self.published.splits))
        pictures = Pictures(self.published, self.published.splits[mode], checked_folder(self, "root", root))
        self._images = pictures.images()
        self.class_names = pictures.names
        self.num_classes = len(self.class_names)
        self.labels = np.repeat(np.arange(self.num_classes), pictures.counts)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        image = self._images[index].transpose(2, 0, 1)
        return np.ascontiguousarray(image, dtype=np.float32) / 255, int(self.labels[index])
