from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from layouts import write_tar

from paddle_metaopt.data.archive_files import ArchiveError
from paddle_metaopt.data.tar_files import Tarred

FILES = {"set/a": b"first", "./set/b": b"second" * 1000, "set/c": b""}
NAMES = ["set/a", "set/b", "set/c"]
MODES = {"plain": "w", "gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}


def anything(_):
    return True


def raw(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def member(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_members_are_read_however_it_is_compressed(tmp_path, mode):
    write_tar(tmp_path / "a.tar", FILES, mode)
    tar = Tarred(tmp_path / "a.tar")
    assert list(tar.stamps(anything)) == NAMES
    assert dict(tar.contents(["set/b", "set/a"])) == {"set/a": b"first", "set/b": b"second" * 1000}
    with tar.stream("set/b", 6000) as file:
        assert file.read(6) == b"second" and len(file.read()) == 5994


def test_what_is_not_wanted_is_not_looked_at(tmp_path):
    link = member("set/link", kind=tarfile.SYMTYPE, link="/etc/passwd")
    (tmp_path / "a.tar").write_bytes(raw((link, b""), (member("set", kind=tarfile.DIRTYPE), b""), (member("x"), b"")))
    assert list(Tarred(tmp_path / "a.tar").stamps(lambda name: name == "x")) == ["x"]
    with pytest.raises(ArchiveError, match="set/link in it is no regular file"):
        Tarred(tmp_path / "a.tar").stamps(anything)


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b"])
def test_a_path_out_of_the_archive(tmp_path, name):
    (tmp_path / "a.tar").write_bytes(raw((member(name), b"")))
    with pytest.raises(ArchiveError, match=f"{name} in it is not a path within it"):
        Tarred(tmp_path / "a.tar").stamps(anything)


def test_a_name_that_is_there_twice(tmp_path):
    (tmp_path / "a.tar").write_bytes(raw((member("a"), b""), (member("./a"), b"")))
    with pytest.raises(ArchiveError, match="a is in it twice"):
        Tarred(tmp_path / "a.tar").stamps(anything)


def test_a_member_that_is_missing(tmp_path):
    write_tar(tmp_path / "a.tar", FILES, "w")
    with pytest.raises(ArchiveError, match="set/d is not in it"), Tarred(tmp_path / "a.tar").stream("set/d", 10):
        pass


def read_through(tar: Tarred, name: str, largest: int):
    with tar.stream(name, largest) as file:
        while file.read(100_000):
            pass


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_bombs_take_no_memory(tmp_path, compress):
    size = 64 << 20
    content = raw((member("a", size), bytes(size)))
    claims = raw((member("long", size, tarfile.XHDTYPE), bytes(size)))
    (tmp_path / "a.tar").write_bytes(compress(content))
    (tmp_path / "claims.tar").write_bytes(compress(claims))
    del content, claims
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="a in it cannot be read .*it holds more than 1000 bytes"):
        list(Tarred(tmp_path / "a.tar").contents(["a"], 1000))
    with pytest.raises(ArchiveError, match="it holds more than 5000000 bytes"):
        read_through(Tarred(tmp_path / "a.tar"), "a", 5_000_000)
    with pytest.raises(ArchiveError, match="a header asks for .* bytes, expected 8388608 at most"):
        Tarred(tmp_path / "claims.tar").stamps(anything)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


def test_very_many_members_take_no_memory(tmp_path):
    (tmp_path / "a.tar").write_bytes(member("a").tobuf() * 20_000)
    tracemalloc.start()
    assert Tarred(tmp_path / "a.tar").stamps(lambda name: name == "b") == {}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_damaged_anywhere_it_is_read_or_refused(tmp_path, mode):
    write_tar(tmp_path / "whole.tar", FILES, mode)
    whole = (tmp_path / "whole.tar").read_bytes()
    rng, refused = random.Random(0), 0
    for _ in range(60):
        content = bytearray(whole)
        if rng.random() < 0.3:
            del content[rng.randrange(len(content)) :]
        else:
            for _ in range(rng.choice([1, 2, 8])):
                content[rng.randrange(min(len(content), 2048))] = rng.randrange(256)
        path = Path(tmp_path / "damaged.tar")
        path.write_bytes(content)
        try:
            Tarred(path).stamps(anything)
            dict(Tarred(path).contents(NAMES))
        except ArchiveError:
            refused += 1
    assert refused
