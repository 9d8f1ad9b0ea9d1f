import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("GLOG_minloglevel", "2")

# The scripts beside the tests are also run by themselves.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "double_grad")]
sys.path.append(str(Path(__file__).parent / "vmap"))


@pytest.fixture
def float64():
    """float64 is the default type, and random numbers are the same in each run."""
    import paddle

    paddle.set_default_dtype("float64")
    paddle.seed(3)
    yield
    paddle.set_default_dtype("float32")
