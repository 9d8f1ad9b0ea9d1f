"""Small data sets in the published layouts. Each writer puts one split, or all of it, into a folder.

`pictures` of a split are a dict: the class's name to its pictures.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from pickles import by_python2, by_python3
from PIL import Image

from paddle_metaopt.data.published_pictures import Published, Split

WORDNET = [f"n{number:08}" for number in (3, 1, 2)]


def small(published: Published, classes: int = 3, pictures: int = 2, side: int = 8) -> Published:
    split = {mode: Split(name, classes, pictures) for mode, (name, *_) in published.splits.items()}
    return published._replace(side=side, splits=split)


def picture(seed: int, side: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def pictures_of(names: list[str], each: int = 2, side: int = 8, first: int = 0) -> dict[str, list[np.ndarray]]:
    return {n: [picture(first + 100 * c + i, side) for i in range(each)] for c, n in enumerate(names)}


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def write_files(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)


def write_tar(path: Path, files: dict[str, bytes], mode: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def class_folders(pictures, place: str, ending: str = ".png") -> dict[str, bytes]:
    return {
        f"{place}/{name}/{name}{i:08}{ending}": png(p) for name, all_ in pictures.items() for i, p in enumerate(all_)
    }


def listed_classes(pictures, split: str, lists: str, ending: str) -> dict[str, bytes]:
    """github.com/bertinetto/r2d2: ``data/CLASS/*``, ``splits/LISTS/train.txt``."""
    others = pictures_of(["of_another_split"], first=7000)
    list_ = "".join(f"{name}\n" for name in pictures).encode()
    return {**class_folders({**pictures, **others}, "data", ending), f"splits/{lists}/{split}.txt": list_}


def shuffled(pictures) -> tuple[np.ndarray, list[int]]:
    """All pictures with the number of the class of each, mixed; those of a class keep their order."""
    rows = [(p, number) for number, all_ in enumerate(pictures.values()) for p in all_]
    order = np.argsort([i % len(next(iter(pictures.values()))) for i in range(len(rows))], kind="stable")
    return np.stack([rows[i][0] for i in order]), [rows[i][1] for i in order]


def class_dict(pictures, pickler=by_python3) -> bytes:
    """github.com/renmengye/few-shot-ssl-public: mini-imagenet-cache-train.pkl."""
    data, labels = shuffled(pictures)
    rows = {name: [i for i, label in enumerate(labels) if label == n] for n, name in enumerate(pictures)}
    return pickler({"image_data": data, "class_dict": rows})


def data_and_labels(pictures, pickler=by_python2, key: str = "labels", first: int = 0) -> bytes:
    """github.com/kjunelee/MetaOptNet: CIFAR_FS_train.pickle; labels are numbers."""
    data, labels = shuffled(pictures)
    return pickler({"data": data, key: [first + label for label in labels]})


def tiered(pictures, split: str) -> dict[str, bytes]:
    """github.com/renmengye/few-shot-ssl-public: PNG files as OpenCV encodes them, and the labels by Python 2."""
    data, labels = shuffled(pictures)
    images = [np.frombuffer(png(p), np.uint8).reshape(-1, 1) for p in data]
    names = {
        "label_specific": np.array(labels, np.int32),
        "label_general": np.zeros(len(labels), np.int32),
        "label_specific_str": list(pictures),
        "label_general_str": {0: "of all"},
    }
    return {f"{split}_images_png.pkl": by_python2(images), f"{split}_labels.pkl": by_python2(names)}


def tiered_npz(pictures, split: str) -> dict[str, bytes]:
    """github.com/kjunelee/MetaOptNet."""
    data, labels = shuffled(pictures)
    file = io.BytesIO()
    np.savez(file, images=data)
    return {f"{split}_images.npz": file.getvalue(), f"{split}_labels.pkl": by_python3({"labels": labels})}


def cifar_100(pictures, superclass_of: dict[str, int]) -> dict[str, bytes]:
    """https://www.cs.toronto.edu/~kriz/cifar.html: the last picture of each class is among those for test."""
    names = sorted(pictures)

    def batch(rows) -> bytes:
        data = np.stack([p.transpose(2, 0, 1).ravel() for _, p in rows])
        fine = [names.index(name) for name, _ in rows]
        coarse = [superclass_of[name] for name, _ in rows]
        return by_python2({"data": data, "fine_labels": fine, "coarse_labels": coarse, "batch_label": "batch"})

    train = [(name, p) for i in range(len(pictures[names[0]]) - 1) for name in names for p in [pictures[name][i]]]
    test = [(name, pictures[name][-1]) for name in reversed(names)]
    meta = by_python2({"fine_label_names": names, "coarse_label_names": [f"superclass {i}" for i in range(20)]})
    files = {"train": batch(train), "test": batch(test), "meta": meta}
    return {f"cifar-100-python/{name}": content for name, content in files.items()}
