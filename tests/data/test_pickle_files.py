from __future__ import annotations

import io
import os
import pickle
import subprocess
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
from pickles import by_python2

from paddle_metaopt.data.pickle_files import text, unpickled

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
ARRAYS = {
    "bytes": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    "big endian": np.arange(5, dtype=">i8"),
    "floats": np.linspace(0, 1, 4, dtype=np.float32),
    "flags": np.array([True, False]),
    "text": np.array(["n01532829", "bär"]),
    "none": np.zeros((0, 84, 84, 3), np.uint8),
    "scalar": np.array(3),
    "a view": np.arange(20, dtype=np.uint8)[::2],
}


def read(content: bytes):
    return unpickled(io.BytesIO(content))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_arrays_are_read_as_they_were_written(array, protocol):
    found = np.asarray(read(pickle.dumps({"image_data": array}, protocol))["image_data"])
    assert found.dtype.newbyteorder("=") == array.dtype.newbyteorder("=") and type(found) is np.ndarray
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_are_read_as_they_were_written(protocol):
    value = {"labels": [1, 2, (3.5, None, True)], "class_dict": OrderedDict(a=[0]), "content": b"\xff\0" * 200}
    assert read(pickle.dumps(value, protocol)) == value
    assert read(pickle.dumps([np.int64(7), np.float32(0.5)], protocol)) == [7, 0.5]


def test_python_2s_strings_come_as_bytes():
    found = read(by_python2({"image_data": ARRAYS["bytes"], "class_dict": {"n01532829": [0, 1]}}))
    assert text(found)["class_dict"] == {b"n01532829": [0, 1]}
    np.testing.assert_array_equal(found[b"image_data"], ARRAYS["bytes"])


# --- what a pickle may carry ----------------------------------------------------------------


class Calling:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def touch(path):
    """A function of this very module, which exists when the pickle is read."""
    path.touch()


REFUSED = {
    "the shell": (Calling(os.system, "touch {}"), "asks for (posix|nt).system"),
    "a process": (
        Calling(subprocess.run, ["touch", "{}"]),
        "asks for .*, expected numbers, text, lists, tuples, dicts and numpy",
    ),
    "eval": (Calling(eval, "open('{}', 'w')"), r"asks for (__builtin__|builtins)\.eval"),
    "another of numpy's": (Calling(np.load, "{}"), "asks for numpy.load"),
    "attributes": (Calling(getattr, "", "join"), r"asks for (__builtin__|builtins)\.getattr"),
    "a class": (defaultdict(list), "asks for collections.defaultdict"),
    "objects": (np.array([{}, None], object), "an array of O8, expected numbers or text"),
    "records": (np.zeros(2, [("x", np.uint8)]), "an array of V1, expected numbers or text"),
    "times": (np.zeros(2, "datetime64[s]"), "an array of M8, expected numbers or text"),
}


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize("value, reason", REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused_and_nothing_is_run(tmp_path, monkeypatch, value, reason, protocol):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"image_data": ARRAYS["bytes"], "class_dict": value}, protocol)
    with pytest.raises(pickle.UnpicklingError, match=reason):
        read(content)
    assert os.listdir(tmp_path) == []


def by_hand(*opcodes: bytes) -> bytes:
    return b"\x80\x02" + b"".join(opcodes) + b"."


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\nK\0\x85U\x01b\x87R"
UINT8 = b"cnumpy\ndtype\nU\x02u1K\0K\1\x87R"

MISFITS = {
    "more than there is": by_hand(RECONSTRUCT, b"(K\1M\xff\xff\x85", UINT8, b"K\0U\x01xtb"),
    "less than nothing": by_hand(RECONSTRUCT, b"(K\1J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86", UINT8, b"K\0U\x01xtb"),
    "no shape": by_hand(RECONSTRUCT, b"(K\1]", UINT8, b"K\0U\x01xtb"),
    "no type": by_hand(RECONSTRUCT, b"(K\1K\1\x85U\x02u1K\0U\x01xtb"),
}
CRAFTED = {
    "text of no letters": by_hand(RECONSTRUCT, b"(K\1J\xff\xff\xff\x7f\x85", UINT8.replace(b"u1", b"S0"), b"K\0U\0tb"),
    "a type with fields": by_hand(UINT8, b"(K\3U\1|N}}J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"),
    "an array of its own making": by_hand(b"cnumpy\nndarray\nJ\0\0\0\x7f\x85R"),
    "a change to what rebuilds": by_hand(b"cnumpy.core.multiarray\n_reconstruct\n}U\x08__code__Nsb"),
    "something outside": by_hand(b"U\x01xQ"),
    "an extension": by_hand(b"\x82\x01"),
    "nothing": b"",
    "half of it": pickle.dumps(ARRAYS["bytes"])[:-20],
    "no pickle": b"PK\3\4",
}


@pytest.mark.parametrize("content", MISFITS.values(), ids=MISFITS)
def test_an_array_that_does_not_fit_its_shape(content):
    with pytest.raises(pickle.UnpicklingError, match="shape, type and content do not fit each other"):
        read(content)


@pytest.mark.parametrize("content", CRAFTED.values(), ids=CRAFTED)
def test_what_no_pickler_writes_is_an_error(content):
    with pytest.raises((pickle.UnpicklingError, TypeError, ValueError, EOFError, AttributeError, KeyError)):
        read(content)
    np.testing.assert_array_equal(read(pickle.dumps(ARRAYS["bytes"], 2)), ARRAYS["bytes"])
