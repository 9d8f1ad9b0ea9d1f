"""Which build of Paddle there is: none, one that is too old, or one that nothing was verified with."""

from __future__ import annotations

import re
import warnings

#: What the tests were run with, from and to.
OLDEST, NEWEST = (3, 1), (3, 3)

_HOW = (
    'on the CPU: python -m pip install "paddle_metaopt[cpu]", or paddlepaddle by itself; on a GPU: paddlepaddle-gpu, '
    "by the command for your CUDA at https://www.paddlepaddle.org.cn/en/install/quick"
)


def require_paddle() -> None:
    """Raise an ImportError without a Paddle that is new enough; warn if it is newer than those that were verified."""
    try:
        import paddle
    except ModuleNotFoundError as error:
        if error.name != "paddle":
            raise
        raise ImportError(f"paddle_metaopt: expected a build of Paddle, got none; install one, {_HOW}") from None
    found = getattr(paddle, "__version__", None)
    if found is None:  # a folder of that name, or PyPI's package paddle
        where = ", ".join(getattr(paddle, "__path__", [paddle.__name__]))
        raise ImportError(f"paddle_metaopt: expected PaddlePaddle, got another paddle, {where}; install it, {_HOW}")
    version = _version(found)
    if (0, 0) < version < OLDEST:
        oldest = _dotted(OLDEST)
        raise ImportError(f"paddle_metaopt: expected Paddle {oldest} or newer, got {found}; install it, {_HOW}")
    if not OLDEST <= version <= NEWEST:
        kind = "" if version > NEWEST else ", a nightly build"
        warnings.warn(
            f"paddle_metaopt was verified with Paddle {_dotted(OLDEST)} to {_dotted(NEWEST)}, and this is {found}{kind}"
            ": ops that changed since may have other derivatives; tests/double_grad/sweep.py of the repository checks "
            "them",
            stacklevel=3,
        )


def _version(text: str) -> tuple:
    """Major and minor, which are (0, 0) for a nightly build."""
    numbers = re.match(r"(\d+)\.(\d+)", text)
    return tuple(map(int, numbers.groups())) if numbers else (0, 0)


def _dotted(version: tuple) -> str:
    return ".".join(map(str, version))
