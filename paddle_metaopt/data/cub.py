"""CUB, photographs of birds, whose classes are close to each other."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path, PurePosixPath

from paddle_metaopt.arguments import whole_number
from paddle_metaopt.data.archive_files import ArchiveError, Unpacked
from paddle_metaopt.data.few_shot_pictures import FewShotPictures
from paddle_metaopt.data.picture_files import cropped_pixels
from paddle_metaopt.data.picture_layouts import archived, by_folder, is_picture, of_labels, pickled
from paddle_metaopt.data.picture_sources import PictureFiles
from paddle_metaopt.data.published_pictures import Layout, Published, Split

_SPECIES, _PHOTOGRAPHS = 200, 11_788
_LARGEST_PHOTOGRAPH = 4 << 20  # bytes
_FOLDER = "CUB_200_2011"


def _find_original(folder: Path, split: Split) -> PictureFiles | None:
    tar = folder / f"{_FOLDER}.tgz"
    if tar.is_file():
        files = archived(tar)
    else:
        places = [place for place in (folder / _FOLDER, folder) if any(place.glob("images/001.*"))]
        if not places:
            return None
        files = Unpacked(places[0])
    return PictureFiles(files, _is_photograph, partial(_of_split, split), cropped_pixels, _LARGEST_PHOTOGRAPH)


def _is_photograph(path: str) -> bool:
    """Whether it is like ``CUB_200_2011/images/001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg``."""
    parts = PurePosixPath(path).parts
    return len(parts) >= 3 and parts[-3] == "images" and is_picture(path)


def _of_split(split: Split, _, paths: list[str]) -> dict[str, list[str]]:
    """Of the species in their order, every other one is for training; the rest go to validation and test by turns."""
    species = by_folder(paths)
    if len(species) != _SPECIES or len(paths) != _PHOTOGRAPHS:
        raise ArchiveError(
            f"it holds {len(paths)} photographs of {len(species)} species, expected {_PHOTOGRAPHS} of {_SPECIES}"
        )
    first, step = {"train": (0, 2), "val": (1, 4), "test": (3, 4)}[split.name]
    return {name: species[name] for name in sorted(species)[first::step]}


CUB_200 = Published(
    title="CUB",
    key="cub",
    side=84,
    splits={
        "train": Split("train", 100, pictures=None),
        "valid": Split("val", 50, pictures=None),
        "test": Split("test", 50, pictures=None),
    },
    layouts=(
        Layout(f"{_FOLDER}.tgz, or {_FOLDER}/ unpacked from it", _find_original),
        pickled(["cub_{split}.pkl"], partial(of_labels, key="label"), ["cubfs.zip"]),
    ),
    folders=("cub", "CUB", "cubfs", "cubirds200"),
    where="Get CUB_200_2011.tgz from https://www.vision.caltech.edu/datasets/cub_200_2011",
)


class CUB(FewShotPictures):
    """Caltech-UCSD Birds-200-2011: 11,788 photographs of 200 species [1]_, split in 100, 50 and 50 as in [2]_.

    What it takes, gives and raises is `FewShotPictures`'s.

    The photographs are of many sizes. As for evaluation in [2]_, each is made a square of 1.15 times `image_size`, and
    what is in its middle is taken.

    Layouts, in `root`, or in ``cub``, ``CUB``, ``cubfs`` or ``cubirds200`` in it:

    - ``CUB_200_2011.tgz``, or the folder unpacked from it.
    - ``cub_train.pkl``, ``cub_val.pkl`` and ``cub_test.pkl``, of 84 x 84 pixels, loose or in ``cubfs.zip`` (PaddleFSL);
      cropped and split by its authors, and the classes are known by number only.

    Parameters
    ----------
    image_size : int, default 84
        Pixels a side.

    References
    ----------
    .. [1] Wah et al., "The Caltech-UCSD Birds-200-2011 Dataset", Caltech 2011.
    .. [2] Chen et al., "A Closer Look at Few-shot Classification", ICLR 2019, and its code,
       github.com/wyharveychen/CloserLookFewShot.
    """

    published = CUB_200

    def __init__(self, root: str | os.PathLike[str], mode: str = "train", image_size: int = 84) -> None:
        image_size = whole_number(self, "image_size", image_size, least=1)
        self.published = CUB_200._replace(side=image_size, key=f"cub-{image_size}")
        super().__init__(root, mode)
