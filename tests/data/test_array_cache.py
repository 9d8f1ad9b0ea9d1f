from __future__ import annotations

import os
import random
import time
import tracemalloc
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest
from helpers import start_program

from paddle_metaopt.data.array_cache import cached_array, mapped_array, user_cache_dir

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def never():
    raise AssertionError("built although it is cached")


def test_is_built_once(tmp_path):
    first = cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
    again = cached_array("a", ARRAY.shape, [tmp_path], never)
    np.testing.assert_array_equal(first, ARRAY)
    np.testing.assert_array_equal(again, ARRAY)
    assert os.listdir(tmp_path) == ["a.npz"]


def test_another_name_is_another_array(tmp_path):
    cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
    other = cached_array("b", ARRAY.shape, [tmp_path], lambda: ARRAY + 1)
    np.testing.assert_array_equal(other, ARRAY + 1)


def test_unwritable_folder_is_passed_over_even_by_root(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    cached_array("a", ARRAY.shape, [closed, tmp_path / "new" / "folder"], lambda: ARRAY)
    assert os.listdir(closed) == []
    assert os.listdir(tmp_path / "new" / "folder") == ["a.npz"]
    cached_array("a", ARRAY.shape, [closed, tmp_path / "new" / "folder"], never)


def test_no_writable_folder_warns_and_still_answers(tmp_path):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="could not write a.npz to .*set PADDLE_METAOPT_CACHE"):
        array = cached_array("a", ARRAY.shape, [tmp_path / "file"], lambda: ARRAY)
    np.testing.assert_array_equal(array, ARRAY)


def flip_a_byte_of_data(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def hold_an_array_of_another_shape(path):
    np.savez_compressed(path, array=ARRAY[:1])


def hold_another_dtype(path):
    np.savez_compressed(path, array=ARRAY.astype(np.int32))


def hold_another_key(path):
    np.savez_compressed(path, images=ARRAY)


def be_empty(path):
    path.write_bytes(b"")


def be_a_bare_array(path):
    with open(path, "wb") as file:
        np.save(file, ARRAY)


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte_of_data,
        cut_in_half,
        hold_an_array_of_another_shape,
        hold_another_dtype,
        hold_another_key,
        be_empty,
        be_a_bare_array,
    ],
)
def test_damaged_file_is_rebuilt(tmp_path, damage):
    cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
    damage(tmp_path / "a.npz")
    rebuilt = cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
    np.testing.assert_array_equal(rebuilt, ARRAY)
    cached_array("a", ARRAY.shape, [tmp_path], never)


def test_interrupted_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
    before = (tmp_path / "a.npz").read_bytes()

    def write_a_bit_then_stop(file, **arrays):
        file.write(b"PK")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", write_a_bit_then_stop)
    with pytest.raises(KeyboardInterrupt):
        cached_array("a", (1,), [tmp_path], lambda: ARRAY)
    assert os.listdir(tmp_path) == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == before


def test_rebuilding_does_not_write_into_a_file_that_is_being_read(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"what another process is reading")
    with open(path, "rb") as reader:
        cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
        assert reader.read() == b"what another process is reading"
    cached_array("a", ARRAY.shape, [tmp_path], never)


def test_full_disk_falls_back_to_the_next_folder(tmp_path, monkeypatch):
    save = np.savez_compressed

    def first_disk_is_full(file, **arrays):
        if Path(file.name).parent == tmp_path / "full":
            file.write(b"PK")
            raise OSError(28, "No space left on device")
        save(file, **arrays)

    monkeypatch.setattr(np, "savez_compressed", first_disk_is_full)
    cached_array("a", ARRAY.shape, [tmp_path / "full", tmp_path / "free"], lambda: ARRAY)
    assert os.listdir(tmp_path / "full") == []
    assert os.listdir(tmp_path / "free") == ["a.npz"]


STORE = """
import sys
from pathlib import Path
import numpy as np
from paddle_metaopt.data.array_cache import cached_array
folder, times = Path(sys.argv[1]), int(sys.argv[2])
noise = np.random.default_rng(0).integers(0, 256, 2_000_000, np.uint8)
print("ready", flush=True)
sys.stdin.readline()
for number in range(times):
    array = cached_array(f"a{number}", noise.shape, [folder], lambda: noise)
    assert (array == noise).all()
    print(number, flush=True)
"""


def test_a_disk_that_is_really_full_leaves_an_uncached_run(tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    said, _ = start_program(limit + STORE, tmp_path, 1, stdin=PIPE).communicate("\n", timeout=60)
    assert said == "ready\n0\n"
    assert os.listdir(tmp_path) == []


def test_two_processes_that_build_at_once_are_fine(tmp_path):
    processes = [start_program(STORE, tmp_path, 4, stdin=PIPE) for _ in range(2)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert sorted(os.listdir(tmp_path)) == [f"a{number}.npz" for number in range(4)]


def test_killed_at_any_moment_the_next_run_removes_what_is_left(tmp_path):
    cached_array("whole", ARRAY.shape, [tmp_path], lambda: ARRAY)
    left = 0
    for _ in range(int(os.environ.get("KILLS", 3))):
        process = start_program(STORE, tmp_path, 10**6, stdin=PIPE)
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        time.sleep(random.uniform(0.05, 0.5))
        process.kill()
        process.communicate()
        left += sum(name.endswith(".partial") for name in os.listdir(tmp_path))
        cached_array("whole", ARRAY.shape, [tmp_path], never)
        for path in tmp_path.glob("a*.npz"):
            cached_array(path.stem, (2_000_000,), [tmp_path], never)
            path.unlink()
        assert os.listdir(tmp_path) == ["whole.npz"]
    print(f"{left} unfinished files were left, and removed")


def test_a_file_that_unpacks_to_more_than_the_array_is_not_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", array=np.zeros(64 << 20, np.uint8))
    tracemalloc.start()
    rebuilt = cached_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(rebuilt, ARRAY)
    assert peak < 4 << 20


def hold_another_dtype_as_it_is(path):
    np.save(path, ARRAY.astype(np.int32))


def hold_objects(path):
    np.save(path, np.array([{}], object), allow_pickle=True)


@pytest.mark.parametrize("damage", [cut_in_half, be_empty, hold_another_dtype_as_it_is, hold_objects])
def test_a_mapped_array_is_built_once_and_rebuilt_if_damaged(tmp_path, damage):
    np.testing.assert_array_equal(mapped_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY), ARRAY)
    assert os.listdir(tmp_path) == ["a.npy"]
    mapped = mapped_array("a", ARRAY.shape, [tmp_path], never)
    np.testing.assert_array_equal(mapped, ARRAY)
    assert not mapped.flags.writeable
    damage(tmp_path / "a.npy")
    np.testing.assert_array_equal(mapped_array("a", ARRAY.shape, [tmp_path], lambda: ARRAY), ARRAY)
    mapped_array("a", ARRAY.shape, [tmp_path], never)


def test_user_cache_dir_honours_the_environment(monkeypatch):
    monkeypatch.setenv("PADDLE_METAOPT_CACHE", "/ours")
    monkeypatch.setenv("XDG_CACHE_HOME", "/shared")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert user_cache_dir() == Path("/ours")
    monkeypatch.delenv("PADDLE_METAOPT_CACHE")
    assert user_cache_dir() == Path("/shared/paddle_metaopt")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache_dir() == Path("/home/somebody/.cache/paddle_metaopt")
