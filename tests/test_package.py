"""What installing and importing the package does, and what it does not do."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PathDistribution

import pytest
from helpers import ROOT

import paddle_metaopt

_IMPORT_AND_COMPARE = """
import paddle

def identities():
    watched = {("grad",): paddle.grad, ("backward",): paddle.autograd.backward}
    for owner in (paddle._C_ops, paddle.Tensor):
        watched.update({(owner.__name__, name): getattr(owner, name) for name in dir(owner)})
    return {key: (id(value), value) for key, value in watched.items()}  # held, so that no id is used again

def rebinds(owner, name):  # a descriptor that makes a new object for every look
    return getattr(owner, name) is not getattr(owner, name)

before = identities()
import sys
sys.stdout.write("[")
sys.stderr.write("[")
import paddle_metaopt
sys.stdout.write("]")
sys.stderr.write("]")
after = identities()

owners = {owner.__name__: owner for owner in (paddle._C_ops, paddle.Tensor)}
changed = [
    key
    for key in before.keys() | after.keys()
    if before.get(key, (0,))[0] != after.get(key, (0,))[0] and not (len(key) == 2 and rebinds(owners[key[0]], key[1]))
]
assert len(before) > 1000, len(before)
assert not changed, changed
"""


def test_importing_prints_nothing_and_changes_nothing_in_paddle():
    ran = subprocess.run([sys.executable, "-c", _IMPORT_AND_COMPARE], cwd=ROOT, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("[]")
    assert ran.stderr.endswith("[]")


@pytest.mark.parametrize(
    "module",
    [paddle_metaopt, paddle_metaopt.data, paddle_metaopt.double_grad, paddle_metaopt.inner_rules],
    ids=lambda module: module.__name__,
)
def test_every_public_name_exists_and_is_listed_once(module):
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.fixture(scope="module")
def metadata(tmp_path_factory):
    """The metadata that setuptools makes of this checkout."""
    folder = tmp_path_factory.mktemp("metadata")
    command = [sys.executable, "setup.py", "--quiet", "egg_info", "--egg-base", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return PathDistribution(folder / "paddle_metaopt.egg-info")


def test_the_core_requires_numpy_only_so_that_any_build_of_paddle_stays(metadata):
    core = [requirement for requirement in metadata.requires if "extra ==" not in requirement]

    assert core == ["numpy>=1.21"]


def test_the_extra_cpu_alone_brings_a_build_of_paddle(metadata):
    named = [re.split(r"\s*;\s*", requirement) for requirement in metadata.requires if "paddlepaddle" in requirement]

    assert [[wanted, marker.replace("'", '"')] for wanted, marker in named] == [
        ["paddlepaddle<3.4,>=3.1", 'extra == "cpu"']
    ]


def test_the_metadata_states_version_licence_and_pythons(metadata):
    stated = metadata.metadata

    assert stated["Version"] == paddle_metaopt.__version__
    assert stated["License"] == "Apache-2.0" or stated["License-Expression"] == "Apache-2.0"
    assert stated["Requires-Python"] == ">=3.9"


def test_the_version_is_that_of_the_changes_and_of_the_citation():
    version, date = re.search(r"^## (\S+), (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE).groups()
    citation = (ROOT / "CITATION.cff").read_text().splitlines()

    assert version == paddle_metaopt.__version__
    assert f"version: {version}" in citation and f"date-released: {date}" in citation


def test_the_description_has_no_link_into_the_repository(metadata):
    description = metadata.metadata.get_payload() or metadata.metadata["Description"]

    assert "# paddle_metaopt" in description and "one short file" in description
    assert re.findall(r"\]\((?!https://)[^)]*\)", description) == [] and "简体中文" not in description


_PACKAGED = {".py", ".pyi", ".typed", ".checkpoint"}


def test_every_module_is_packaged_and_the_weights_and_what_type_checkers_read(metadata):
    packaged = {name for name in metadata.read_text("SOURCES.txt").splitlines() if name.startswith("paddle_metaopt/")}
    there = [path for path in (ROOT / "paddle_metaopt").rglob("*") if path.suffix in _PACKAGED]

    assert packaged == {path.relative_to(ROOT).as_posix() for path in there}
    assert any(name.endswith(".checkpoint") for name in packaged)
    assert {"paddle_metaopt/py.typed", "paddle_metaopt/algorithms/__init__.pyi"} <= packaged
