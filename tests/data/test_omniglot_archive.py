"""Omniglot's archives: found, checked, decoded once, downloaded."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from drawings import forbid_decoding, png
from paddle.utils import download as downloader
from PIL import Image

from paddle_metaopt.data.omniglot_archive import BACKGROUND, EVALUATION, Archive, Drawings

SMALL = Archive("images_background", 3, "an md5", side=6)


def drawing(character: int, number: int, size: int = 6) -> np.ndarray:
    return np.random.default_rng([character, number]).integers(0, 256, (size, size), np.uint8)


def small_files() -> dict[str, bytes]:
    return {
        f"images_background/Latin/character{c + 1:02}/{c:04}_{d + 1:02}.png": png(drawing(c, d))
        for c in range(3)
        for d in range(20)
    }


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)


def write_folder(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def small_drawings() -> np.ndarray:
    return np.array([[drawing(c, d) for d in range(20)] for c in range(3)])


@pytest.mark.parametrize("below", ["", "omniglot"])
@pytest.mark.parametrize("unpacked", [False, True])
def test_drawings_are_found_zipped_or_unpacked(tmp_path, below, unpacked):
    if unpacked:
        write_folder(tmp_path / below, small_files())
    else:
        write_zip(tmp_path / below / "images_background.zip", small_files())
    found = Drawings(SMALL, tmp_path)
    assert found.names == [f"Latin/character{c:02}" for c in (1, 2, 3)]
    np.testing.assert_array_equal(found.images(6), small_drawings())


def test_order_in_the_archive_does_not_matter(tmp_path):
    write_zip(tmp_path / "images_background.zip", dict(reversed(list(small_files().items()))))
    np.testing.assert_array_equal(Drawings(SMALL, tmp_path).images(6), small_drawings())


def test_rubbish_in_the_archive_is_ignored(tmp_path):
    rubbish = {
        "images_background/.DS_Store": b"",
        "__MACOSX/images_background/Latin/character01/._0000_01.png": b"",
        "images_background/Latin/character01/Thumbs.db": b"",
    }
    write_zip(tmp_path / "images_background.zip", {**rubbish, **small_files()})
    np.testing.assert_array_equal(Drawings(SMALL, tmp_path).images(6), small_drawings())


def test_resizing_filters_by_lanczos(tmp_path):
    write_zip(tmp_path / "images_background.zip", small_files())
    smaller = Drawings(SMALL, tmp_path).images(3)
    by_hand = Image.fromarray(drawing(2, 19)).resize((3, 3), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(smaller[2, 19], np.asarray(by_hand))


def test_truncated_zip(tmp_path):
    path = tmp_path / "images_background.zip"
    write_zip(path, small_files())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="cannot be opened .*Delete it, then get https.*download"):
        Drawings(SMALL, tmp_path)


def test_wrong_number_of_characters(tmp_path):
    write_zip(tmp_path / "images_background.zip", small_files())
    with pytest.raises(ValueError, match="background.zip .*holds 3 characters, expected 964"):
        Drawings(BACKGROUND, tmp_path)


def test_contents_of_the_other_archive(tmp_path):
    write_zip(tmp_path / "images_evaluation.zip", small_files())
    with pytest.raises(ValueError, match="evaluation.zip .*holds 0 characters, expected 659"):
        Drawings(EVALUATION, tmp_path)


@pytest.mark.parametrize("unpacked", [False, True])
def test_wrong_number_of_drawings(tmp_path, unpacked):
    files = small_files()
    del files["images_background/Latin/character02/0001_07.png"]
    if unpacked:
        write_folder(tmp_path, files)
    else:
        write_zip(tmp_path / "images_background.zip", files)
    with pytest.raises(ValueError, match="19 drawings of Latin/character02, expected 20"):
        Drawings(SMALL, tmp_path)


@pytest.mark.parametrize("keep", [0, 30, 60])
def test_damaged_drawing_is_named_and_nothing_is_cached(tmp_path, keep):
    files, name = small_files(), "images_background/Latin/character02/0001_07.png"
    files[name] = files[name][:keep]
    write_zip(tmp_path / "images_background.zip", files)
    with pytest.raises(ValueError, match=f"{name} in it cannot be read"):
        Drawings(SMALL, tmp_path).images(6)
    assert os.listdir(tmp_path) == ["images_background.zip"]


def test_flipped_bit_in_the_zip(tmp_path):
    path = tmp_path / "images_background.zip"
    write_zip(path, small_files())
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="character01/0000_01.png in it cannot be read .*CRC"):
        Drawings(SMALL, tmp_path).images(6)


def test_decodes_once(tmp_path, monkeypatch):
    write_zip(tmp_path / "images_background.zip", small_files())
    Drawings(SMALL, tmp_path).images(6)
    forbid_decoding(monkeypatch)
    np.testing.assert_array_equal(Drawings(SMALL, tmp_path).images(6), small_drawings())
    with pytest.raises(AssertionError, match="decoded again"):
        Drawings(SMALL, tmp_path).images(5)


@pytest.mark.parametrize("unpacked", [False, True])
def test_changed_drawing_is_decoded_anew(tmp_path, unpacked):
    def write(files):
        if unpacked:
            write_folder(tmp_path, files)
        else:
            write_zip(tmp_path / "images_background.zip", files)

    files, name = small_files(), "images_background/Latin/character02/0001_07.png"
    write(files)
    Drawings(SMALL, tmp_path).images(6)
    other = drawing(99, 0)
    write({**files, name: png(other)})
    images = Drawings(SMALL, tmp_path).images(6)
    np.testing.assert_array_equal(images[1, 6], other)
    np.testing.assert_array_equal(images[[0, 2]], small_drawings()[[0, 2]])


def test_zipped_anew_is_not_decoded_anew(tmp_path, monkeypatch):
    write_zip(tmp_path / "images_background.zip", small_files())
    Drawings(SMALL, tmp_path).images(6)
    forbid_decoding(monkeypatch)
    with zipfile.ZipFile(tmp_path / "images_background.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in reversed(list(small_files().items())):
            file.writestr(name, content)
    np.testing.assert_array_equal(Drawings(SMALL, tmp_path).images(6), small_drawings())


def test_read_only_data_is_cached_for_the_user(tmp_path, user_cache, monkeypatch):
    root = tmp_path / "data"
    write_zip(root / "images_background.zip", small_files())
    root.chmod(0o555)
    Drawings(SMALL, root).images(6)
    assert os.listdir(root) == ["images_background.zip"]
    assert len(os.listdir(user_cache)) == 1
    forbid_decoding(monkeypatch)
    np.testing.assert_array_equal(Drawings(SMALL, root).images(6), small_drawings())


def test_damaged_cache_is_rebuilt(tmp_path):
    write_zip(tmp_path / "images_background.zip", small_files())
    Drawings(SMALL, tmp_path).images(6)
    (cache,) = tmp_path.glob("*.npz")
    cache.write_bytes(cache.read_bytes()[:-50])
    np.testing.assert_array_equal(Drawings(SMALL, tmp_path).images(6), small_drawings())


def test_downloads_what_is_missing_with_paddles_downloader(tmp_path, monkeypatch):
    calls = []

    def get_path_from_url(url, root_dir, md5sum=None, check_exist=True, decompress=True):
        calls.append((url, root_dir, md5sum, decompress))
        write_zip(Path(root_dir) / url.rsplit("/", 1)[1], small_files())
        return os.path.join(root_dir, url.rsplit("/", 1)[1])

    monkeypatch.setattr(downloader, "get_path_from_url", get_path_from_url)
    for _ in range(2):
        found = Drawings(SMALL, tmp_path / "new", download=True)
        np.testing.assert_array_equal(found.images(6), small_drawings())
    assert calls == [(SMALL.url, str(tmp_path / "new"), "an md5", False)]


def test_knows_the_official_archives():
    base = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
    assert (BACKGROUND.url, BACKGROUND.md5) == (
        base + "images_background.zip",
        "68d2efa1b9178cc56df9314c21c6e718",
    )
    assert (EVALUATION.url, EVALUATION.md5) == (
        base + "images_evaluation.zip",
        "6b91aef0f799c5bb55b94e3f2daec811",
    )
