"""What Paddle's CPU build needs to be fast, in one call."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path

import paddle

from .arguments import whole_number

#: Settings of glibc's ``mallopt``, by their numbers in malloc.h, and what they are set to.
_MALLOC = {"M_MMAP_THRESHOLD": (-3, 1 << 30), "M_TRIM_THRESHOLD": (-1, 1 << 30), "M_TOP_PAD": (-2, 64 << 20)}

#: MKL's numbers for its paths, the best one first, and what a processor needs for them.
_PATHS = {"7": {"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"}, "5": {"avx2", "fma"}}


def tune_cpu(threads: int | None = None) -> dict:
    """Set up this process for Paddle's CPU kernels; to be called before the first of them runs.

    * The MKL that Paddle brings takes a slow path on AMD processors; it is told to take that of the AVX-512 or AVX2
      which they have: matrix products are two to ten times as fast.
    * MKL's own threads are set to `threads`.
    * glibc gives each large buffer back to the system at once, and gets it again page by page; it is told to keep up to
      a gigabyte: element by element work on large tensors is up to five times as fast, and the process stays larger.

    It does nothing where it can't know: on other systems, with another BLAS, or where an environment variable
    (``MKL_DEBUG_CPU_TYPE``, ``MKL_NUM_THREADS``, ``MALLOC_...``) has decided already. Importing the package changes
    nothing.

    Parameters
    ----------
    threads : int, optional
        For matrix products; as it is by default, 1 in most of Paddle's builds. On a CPU, two processes of one thread
        are faster than one of two: ``python -m paddle.distributed.launch``.

    Returns
    -------
    dict
        What was set, by name, to what.

    Raises
    ------
    ValueError
        If `threads` is no whole number of at least 1.
    """
    if threads is not None:
        whole_number("tune_cpu", "threads", threads, least=1)
    if platform.system() != "Linux":
        return {}
    return {**_fast_path_of_mkl(), **_threads_of_mkl(threads), **_keep_memory()}


def _fast_path_of_mkl() -> dict:
    path = _path_on_amd()
    if path is None or _mkl() is None or "MKL_DEBUG_CPU_TYPE" in os.environ:
        return {}
    os.environ["MKL_DEBUG_CPU_TYPE"] = path
    return {"MKL_DEBUG_CPU_TYPE": path}


def _threads_of_mkl(threads: int | None) -> dict:
    if threads is None or _mkl() is None or "MKL_NUM_THREADS" in os.environ:
        return {}
    ctypes.CDLL(str(_mkl())).MKL_Set_Num_Threads(threads)
    return {"MKL_NUM_THREADS": threads}


def _keep_memory() -> dict:
    if any(name.startswith("MALLOC_") for name in os.environ) or platform.libc_ver()[0] != "glibc":
        return {}
    libc = ctypes.CDLL(None)
    return {name: value for name, (number, value) in _MALLOC.items() if libc.mallopt(number, value) == 1}


def _mkl() -> Path | None:
    """The library that Paddle brings, if it does."""
    path = Path(paddle.__file__).parent / "libs" / "libmklml_intel.so"
    return path if path.exists() else None


def _path_on_amd() -> str | None:
    try:
        described = Path("/proc/cpuinfo").read_text()
    except OSError:
        return None
    flags = next((line for line in described.splitlines() if line.startswith("flags")), "").split()
    able = (path for path, needed in _PATHS.items() if needed.issubset(flags))
    return next(able, None) if "AuthenticAMD" in described else None
