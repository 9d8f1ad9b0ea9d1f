import faulthandler
import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("GLOG_minloglevel", "2")

# The scripts beside the tests are also run by themselves.
sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "double_grad")]
sys.path += [str(Path(__file__).parent / "vmap"), str(Path(__file__).parent / "meta_batch")]


#: Longer than any test takes, and than those wait that end what hangs by themselves.
SECONDS = 900


def pytest_configure(config):
    config.own_stderr = os.dup(2)  # while a test runs, pytest keeps what goes there


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A test that hangs ends its process with the stack of every thread, and so fails by its name; pytest's own option
    for that, faulthandler_exit_on_timeout, came with pytest 9, which does without Python 3.9."""
    faulthandler.dump_traceback_later(SECONDS, exit=True, file=item.config.own_stderr)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def float64():
    """float64 is the default type, and random numbers are the same in each run."""
    import paddle

    paddle.set_default_dtype("float64")
    paddle.seed(3)
    yield
    paddle.set_default_dtype("float32")


@pytest.fixture
def net():
    """A small convolutional net for images of three classes."""
    import paddle

    import paddle_metaopt as metaopt

    paddle.seed(5)
    return metaopt.models.OmniglotNet(ways=3, filters=4)


@pytest.fixture
def opt(net):
    """Its optimizer."""
    import paddle_metaopt as metaopt

    return metaopt.MAMLOptimizer(1e-2, parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
