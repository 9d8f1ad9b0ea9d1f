"""`tune_cpu` says what it set, leaves alone what the environment decided, and asks for sensible threads."""

import json
import os
import re

import pytest
from helpers import output_of

import paddle_metaopt as metaopt

PROGRAM = """
import json, os, sys
import paddle, paddle_metaopt as metaopt
before = dict(os.environ)
assert dict(os.environ) == before
found = metaopt.tune_cpu(threads=1)
(paddle.ones([64, 64]) @ paddle.ones([64, 64])).sum().item()
print(json.dumps([found, metaopt.tune_cpu(threads=1)]))
"""


def run(monkeypatch, **environment):
    for name in list(os.environ):
        if name.startswith(("MKL_", "MALLOC_")):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return json.loads(output_of(PROGRAM).splitlines()[-1])


def test_it_says_what_it_set_and_a_second_call_does_no_harm(monkeypatch):
    first, second = run(monkeypatch)
    assert set(first) <= {"MKL_DEBUG_CPU_TYPE", "MKL_NUM_THREADS", "M_MMAP_THRESHOLD", "M_TRIM_THRESHOLD", "M_TOP_PAD"}
    assert {key: value for key, value in first.items() if key != "MKL_DEBUG_CPU_TYPE"} == second


def test_what_the_environment_decided_stays(monkeypatch):
    first, _ = run(monkeypatch, MKL_DEBUG_CPU_TYPE="4", MKL_NUM_THREADS="2", MALLOC_TOP_PAD_="1000")
    assert first == {}


PROCESSOR = """
import pathlib
pathlib.Path.read_text = lambda path: {described!r}
"""


@pytest.mark.parametrize(
    "described, path",
    [
        ("vendor_id : AuthenticAMD\nflags : fma avx2 avx512f avx512cd avx512dq avx512bw avx512vl\n", "7"),
        ("vendor_id : AuthenticAMD\nflags : fma avx2 avx512f\n", "5"),
        ("vendor_id : AuthenticAMD\nflags : fma avx\n", None),
        ("vendor_id : GenuineIntel\nflags : fma avx2\n", None),
        ("", None),
    ],
)
def test_mkl_is_told_what_an_amd_processor_has(monkeypatch, described, path):
    for name in list(os.environ):
        if name.startswith(("MKL_", "MALLOC_")):
            monkeypatch.delenv(name)
    program = PROCESSOR.format(described=described) + "import paddle_metaopt as metaopt\nprint(metaopt.tune_cpu())"
    told = re.findall(r"'MKL_DEBUG_CPU_TYPE': '(\d)'", output_of(program))
    assert told == ([] if path is None else [path])


def test_threads_have_to_be_a_number():
    with pytest.raises(ValueError, match="tune_cpu: threads: expected an integer of at least 1"):
        metaopt.tune_cpu(threads=0)
