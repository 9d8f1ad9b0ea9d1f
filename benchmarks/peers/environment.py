"""The peers' virtual environment, built once and outside the repository."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

LEARN2LEARN = "learn2learn==0.2.0"
# Its wheel needs C files that CPython 3.11 refuses, and its __init__ imports gym, torchvision and Lightning. MAML needs
# none of that: these files, unchanged, are importable without the packages' __init__.
LEARN2LEARN_FILES = ("algorithms/maml.py", "algorithms/base_learner.py", "utils/", "_version.py")
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def folder() -> Path:
    """``$PADDLE_METAOPT_PEERS``, or a folder of the user's cache: the environment's, and that of the results."""
    return Path(os.environ.get("PADDLE_METAOPT_PEERS") or Path.home() / ".cache" / "paddle_metaopt" / "peers")


def python() -> Path:
    return folder() / "venv" / "bin" / "python"


def is_built() -> bool:
    mark = folder() / "venv" / "built"
    return mark.exists() and mark.read_text() == _recipe()


def build() -> Path:
    """Builds what isn't there yet, and gives the environment's interpreter.

    PyPI's torch for Linux is a CUDA build of several GB: ``PIP_EXTRA_INDEX_URL`` or ``PIP_FIND_LINKS`` may name a place
    that holds the CPU build.
    """
    if not is_built():
        print(f"building the peers' environment in {folder()}", file=sys.stderr)
        venv.create(folder() / "venv", with_pip=True, clear=True)
        _pip("install", "--quiet", "--requirement", str(REQUIREMENTS))
        _take_learn2learn()
        (folder() / "venv" / "built").write_text(_recipe())
    return python()


def _recipe() -> str:
    text = REQUIREMENTS.read_text() + LEARN2LEARN + repr(LEARN2LEARN_FILES) + sys.version
    return hashlib.sha256(text.encode()).hexdigest()


def _pip(*arguments: str) -> None:
    subprocess.run([str(python()), "-m", "pip", *arguments], check=True, stdout=sys.stderr)


def _take_learn2learn() -> None:
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([str(python()), "-c", where], check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as downloads:
        _pip("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", downloads, LEARN2LEARN)
        (archive,) = Path(downloads).glob("*.tar.gz")
        with tarfile.open(archive) as source:
            for member in source.getmembers():
                path = member.name.partition("/")[2]  # without the archive's own folder
                if member.isfile() and path.startswith(tuple(f"learn2learn/{name}" for name in LEARN2LEARN_FILES)):
                    target = Path(packages) / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(source.extractfile(member).read())
