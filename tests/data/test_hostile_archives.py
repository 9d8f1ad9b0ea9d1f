"""Whatever an archive holds, it is read within limits or refused by the documented error, which names what is wrong."""

from __future__ import annotations

import errno
import io
import os
import random
import re
import shutil
import stat
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_metaopt.data import archive_files, omniglot_archive
from paddle_metaopt.data.omniglot_archive import Archive, Drawings

SIDE = 8
SMALL = Archive("images_background", 1, "an md5", side=SIDE)
FOLDER = "images_background/Latin/character01"
NAME = f"{FOLDER}/0001_07.png"
PLAIN = np.zeros((SIDE, SIDE), np.uint8)


def encoded(image: np.ndarray | Image.Image, kind: str = "png") -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind)
    return file.getvalue()


def files(**changed) -> dict[str, bytes]:
    """The drawings of one character, the seventh of them as given."""
    drawings = {f"{FOLDER}/0001_{d + 1:02}.png": encoded(PLAIN + d) for d in range(20)}
    drawings[NAME] = changed.get("seventh", drawings[NAME])
    return drawings


def write_zip(root: Path, members, compression=zipfile.ZIP_STORED) -> Path:
    path = root / "images_background.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as file:
        warnings.simplefilter("ignore")  # of duplicates
        for name, content in members:
            file.writestr(name, content)
    return path


def write_folder(root: Path) -> Path:
    for name, content in files().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root / NAME


def change_seventh(path: Path, offset_in_local: int, offset_in_central: int, value: bytes) -> None:
    """Overwrite a field of both of its headers in the zip."""
    content = bytearray(path.read_bytes())
    local, central = content.index(NAME.encode()) - 30, content.rindex(NAME.encode()) - 46
    for start in (local + offset_in_local, central + offset_in_central):
        content[start : start + len(value)] = value
    path.write_bytes(content)


def assert_refused(root: Path, reason: str, archive: Archive = SMALL) -> None:
    source = r"images_background(\.zip)? is not the complete images_background of Omniglot: "
    with pytest.raises(ValueError, match=source + reason) as raised:
        Drawings(archive, root).images(4)
    assert str(raised.value).endswith(f"Delete it, then get {archive.url} or pass download=True")
    assert not list(root.glob("*.npz"))


def peak_of(function) -> int:
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_archive_itself_is_fine(tmp_path):
    write_zip(tmp_path, files().items())
    assert Drawings(SMALL, tmp_path).images(SIDE)[0, 3, 0, 0] == 255 - 3


# --- what can't be unpacked ------------------------------------------------------------------


def test_encrypted(tmp_path):
    change_seventh(write_zip(tmp_path, files().items()), 6, 8, b"\x01\x00")
    assert_refused(tmp_path, f"{NAME} in it cannot be read .*encrypted")


def test_unknown_compression(tmp_path):
    change_seventh(write_zip(tmp_path, files().items()), 8, 10, struct.pack("<H", 67))
    assert_refused(tmp_path, rf"{NAME} in it cannot be read \(it is compressed by method 67, expected 0 .* or 8")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_cannot_be_bounded(tmp_path, method):
    write_zip(tmp_path, files().items(), method)
    assert_refused(tmp_path, f"{FOLDER}/0001_01.png in it cannot be read .*compressed by method {method}")


@pytest.mark.parametrize("content", [b"", b"PK", b"Not Found", b"PK\5\6" + b"\0" * 17, os.urandom(70_000)])
def test_no_zip(tmp_path, content):
    (tmp_path / "images_background.zip").write_bytes(content)
    assert_refused(tmp_path, "it cannot be opened")


def test_a_version_of_the_format_from_the_future(tmp_path):
    change_seventh(write_zip(tmp_path, files().items()), 4, 6, b"\xff\x00")
    assert_refused(tmp_path, r"it cannot be opened \(zip file version 25.5\)")


def test_another_zip(tmp_path):
    write_zip(tmp_path, [("mini-imagenet/n01532829/1.jpg", b"")])
    assert_refused(tmp_path, "it holds 0 characters, expected 1")


def test_a_zip_that_the_system_does_not_open_keeps_its_error(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    write_zip(tmp_path, files().items())
    monkeypatch.setattr(archive_files, "_BoundedFile", refuse)
    with pytest.raises(PermissionError, match="images_background.zip"):
        Drawings(SMALL, tmp_path)


def test_no_memory_is_not_called_damage(tmp_path, monkeypatch):
    write_zip(tmp_path, files().items())
    drawings = Drawings(SMALL, tmp_path)

    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(omniglot_archive, "PngImageFile", no_memory)
    with pytest.raises(MemoryError):
        drawings.images(4)


# --- bombs -----------------------------------------------------------------------------------


def claiming(side: int) -> bytes:
    """A drawing whose header says that it is larger."""
    png = bytearray(encoded(PLAIN))
    png[16:24] = struct.pack(">II", side, side)
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    return bytes(png)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("side", [9, 11_000, 20_000])  # the last two are more than Pillow allows
def test_an_image_that_claims_to_be_large(tmp_path, side):
    write_zip(tmp_path, files(seventh=claiming(side)).items())
    drawings = Drawings(SMALL, tmp_path)

    reason = rf"{NAME} in it cannot be read \(it is {side} x {side} of mode L, expected 8 x 8"

    def refused():
        with pytest.raises(ValueError, match=reason):
            drawings.images(4)

    assert peak_of(refused) < 1 << 20


def test_a_member_that_unpacks_to_far_more_than_a_drawing(tmp_path):
    write_zip(tmp_path, files(seventh=bytes(64 << 20)).items(), zipfile.ZIP_DEFLATED)

    def refused():
        assert_refused(tmp_path, rf"{NAME} in it cannot be read \(it holds more than 65536 bytes\)")

    assert peak_of(refused) < 1 << 20


@pytest.mark.parametrize("claimed", [0, 100, 2**32 - 2])
def test_a_member_that_lies_about_its_size(tmp_path, claimed):
    path = write_zip(tmp_path, files(seventh=bytes(64 << 20)).items(), zipfile.ZIP_DEFLATED)
    change_seventh(path, 22, 24, struct.pack("<I", claimed))
    assert peak_of(lambda: assert_refused(tmp_path, f"{NAME} in it cannot be read")) < 1 << 20


def test_a_zip_of_very_many_members(tmp_path):
    path = write_zip(tmp_path, files().items())
    content = path.read_bytes()
    start = content.index(b"PK\1\2")
    directory = content[start : content.index(b"PK\5\6")]
    copies = archive_files.LARGEST_READ // len(directory) + 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, copies * len(directory), start, 0)
    path.write_bytes(content[:start] + copies * directory + end)

    def refused():
        assert_refused(tmp_path, r"it cannot be opened \(its directory has \d+ bytes, expected 8388608 at most\)")

    assert peak_of(refused) < 1 << 20


def test_a_folder_of_very_many_files(tmp_path, monkeypatch):
    write_folder(tmp_path)
    monkeypatch.setattr(archive_files, "MOST_FILES", 15)
    assert_refused(tmp_path, "it holds more than 15 files")


def test_a_large_file_in_a_folder(tmp_path):
    write_folder(tmp_path).write_bytes(bytes(16 << 20))

    def refused():
        assert_refused(tmp_path, rf"{NAME} in it cannot be read \(it holds more than 65536 bytes\)")

    assert peak_of(refused) < 1 << 20


@pytest.mark.parametrize("form", [archive_files.Zipped, archive_files.Unpacked])
def test_a_stream_ends_at_its_limit_however_much_is_asked_for(tmp_path, form):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as file:
        file.writestr("a/pickle", bytes(16 << 20))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "pickle").write_bytes(bytes(16 << 20))
    archive = form(tmp_path / ("a.zip" if form is archive_files.Zipped else "a"))

    def read(largest: int) -> int:
        with archive.stream("a/pickle", largest) as file:
            return sum(len(piece) for piece in iter(lambda: file.read(100_000), b""))

    def refused():
        with pytest.raises(archive_files.ArchiveError, match="a/pickle in it cannot be read .*more than 2000000 bytes"):
            read(2_000_000)

    assert read(16 << 20) == 16 << 20
    assert peak_of(refused) < 8 << 20
    with archive.stream("a/pickle", 16 << 20) as file:  # a whole array at once
        assert len(file.read(16 << 20)) == 16 << 20


# --- what is no drawing ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(PLAIN[:, 1:]), "it is 7 x 8 of mode L, expected 8 x 8, black and white or grey"),
        (encoded(np.zeros((SIDE, SIDE, 3), np.uint8)), "it is 8 x 8 of mode RGB, expected"),
        (encoded(np.zeros((SIDE, SIDE, 2), np.uint8)), "it is 8 x 8 of mode LA, expected"),
        (encoded(Image.new("P", (SIDE, SIDE))), "it is 8 x 8 of mode P, expected"),
        (encoded(np.zeros((SIDE, SIDE), np.uint16)), "it is 8 x 8 of mode I;16, expected"),
        (encoded(PLAIN, "jpeg"), "not a PNG file"),
        (encoded(PLAIN, "gif"), "not a PNG file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", "not a PNG file"),
        (encoded(PLAIN)[:-30], ""),
        (b"", "not a PNG file"),
    ],
)
def test_an_image_of_another_size_or_kind(tmp_path, content, reason):
    write_zip(tmp_path, files(seventh=content).items())
    assert_refused(tmp_path, rf"{NAME} in it cannot be read \({reason}")


@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_and_white_and_grey_are_fine(tmp_path, mode):
    write_zip(tmp_path, files(seventh=encoded(Image.new(mode, (SIDE, SIDE)))).items())
    assert (Drawings(SMALL, tmp_path).images(4)[0, 6] == 255).all()


def test_a_real_drawing_has_105_pixels_a_side(tmp_path):
    archive = SMALL._replace(side=Archive("images_background", 1, "an md5").side)
    write_zip(tmp_path, files().items())
    assert_refused(tmp_path, ".*it is 8 x 8 of mode L, expected 105 x 105", archive)


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("same", [True, False])
def test_a_name_that_is_there_twice(tmp_path, same):
    members = files()
    again = members[NAME] if same else encoded(PLAIN + 99)
    write_zip(tmp_path, [*members.items(), (NAME, again)])
    assert_refused(tmp_path, f"{NAME} is in it twice")


@pytest.mark.parametrize("name", [f"/{NAME}", f"../{NAME}", f"a/../../{NAME}", f"//{NAME}"])
@pytest.mark.parametrize("instead", [True, False])
def test_a_path_out_of_the_archive(tmp_path, name, instead):
    members = files()
    content = members.pop(NAME) if instead else members[NAME]
    write_zip(tmp_path, [*members.items(), (name, content)])
    assert_refused(tmp_path, re.escape(name) + " in it is not a path within it")


def test_a_directory_and_a_link_in_place_of_a_drawing(tmp_path):
    link = zipfile.ZipInfo(NAME)
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    for special, content in ((zipfile.ZipInfo(f"{NAME}/"), b""), (link, b"/etc/passwd")):
        write_zip(tmp_path, [(special if name == NAME else name, content) for name, content in files().items()])
        assert_refused(tmp_path, f"{special.filename} in it is no regular file")


def test_what_a_folder_holds_in_place_of_a_drawing(tmp_path):
    seventh = write_folder(tmp_path)
    seventh.unlink()
    seventh.mkdir()
    assert_refused(tmp_path, f"{NAME} in it is no regular file")
    seventh.rmdir()
    os.mkfifo(seventh)
    assert_refused(tmp_path, f"{NAME} in it is no regular file")
    seventh.unlink()
    seventh.symlink_to("/dev/zero")
    assert_refused(tmp_path, f"{NAME} in it is no regular file")
    seventh.unlink()
    seventh.symlink_to("nowhere.png")
    assert_refused(tmp_path, f"{NAME} in it cannot be read .*No such file")
    seventh.unlink()
    seventh.symlink_to("0001_08.png")  # as git-annex and others keep data
    assert Drawings(SMALL, tmp_path).images(4).shape == (1, 20, 4, 4)


def test_a_folder_with_a_name_that_is_no_text(tmp_path):
    write_folder(tmp_path)
    os.rename(tmp_path / "images_background" / "Latin", os.fsencode(tmp_path / "images_background") + b"/L\xff")
    assert Drawings(SMALL, tmp_path).images(4).shape == (1, 20, 4, 4)


def test_rubbish_beside_the_drawings_may_be_anything(tmp_path):
    write_folder(tmp_path)
    (tmp_path / FOLDER / ".DS_Store").symlink_to("nowhere")
    os.mkfifo(tmp_path / FOLDER / "pipe")
    assert Drawings(SMALL, tmp_path).images(4).shape == (1, 20, 4, 4)


# --- damage at random ------------------------------------------------------------------------


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_anywhere_it_is_read_or_refused(tmp_path, compression):
    rng = random.Random(0)
    whole = write_zip(tmp_path, files().items(), compression).read_bytes()
    good = Drawings(SMALL, tmp_path).images(4)
    outcomes = {"read": 0, "refused": 0}
    for number in range(int(os.environ.get("FUZZ", 200))):
        content = bytearray(whole)
        kind = number % 4
        if kind == 0:
            del content[rng.randrange(len(content)) :]
        elif kind == 1:
            start = rng.randrange(len(content))
            del content[start : start + rng.randrange(1, 40)]
        else:
            # Two in three in the directory, where the lengths and places stand.
            first = 0 if kind == 2 else whole.index(b"PK\1\2")
            for _ in range(rng.choice([1, 1, 2, 8])):
                content[rng.randrange(first, len(content))] = rng.randrange(256)
        root = tmp_path / str(number)
        root.mkdir()
        (root / "images_background.zip").write_bytes(content)
        try:
            images = Drawings(SMALL, root).images(4)
        except ValueError as error:
            assert "images_background.zip is not the complete images_background of Omniglot: " in str(error)
            outcomes["refused"] += 1
        else:
            # The checksums of the zip let nothing else through; a changed name may change the order.
            assert sorted(map(bytes, images[0])) == sorted(map(bytes, good[0]))
            outcomes["read"] += 1
        shutil.rmtree(root)
    print(outcomes)
    assert outcomes["refused"] > outcomes["read"] > 0
