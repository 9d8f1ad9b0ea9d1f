"""What several test files use: nets and tasks, Paddle's optimizers, gradients, and processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.base.framework import EagerParamBase

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

ROOT = Path(__file__).parents[1]

#: What some of the tests' own programs need came with Paddle 3.3.
OLDER_PADDLE = not paddle.__version__.startswith("3.3")

# Paddle's optimizers

OUTER = [
    paddle.optimizer.SGD, paddle.optimizer.Momentum, paddle.optimizer.Adam, paddle.optimizer.AdamW,
    paddle.optimizer.Adamax, paddle.optimizer.Adagrad, paddle.optimizer.RMSProp, paddle.optimizer.Adadelta,
    paddle.optimizer.Lamb, paddle.optimizer.NAdam, paddle.optimizer.RAdam, paddle.optimizer.Rprop,
    paddle.optimizer.ASGD,
]  # fmt: skip


def options_of(outer):
    return {"rho": 0.95} if outer is paddle.optimizer.Adadelta else {}




class Doubled(paddle.autograd.PyLayer):
    """A user's own PyLayer, of which nobody has said that it can be differentiated twice."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


# Nets and tasks


class Net(nn.Layer):
    """With tied, frozen and unused parameters, and BatchNorm."""

    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1D(4)
        self.there, self.back = nn.Linear(4, 4), nn.Linear(4, 4)
        self.back.weight = self.there.weight
        self.frozen = nn.Linear(4, 4)
        for p in self.frozen.parameters():
            p.stop_gradient = True
        self.unused = nn.Linear(2, 2)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        h = F.tanh(self.norm(self.enter(x)))
        h = F.tanh(self.back(F.tanh(self.there(h))))
        return self.head(h + self.frozen(h))


def make_net():
    paddle.seed(8)
    net = Net()
    net.to(dtype="float64")
    return net


def small_net(seed=3, dtype="float64"):
    paddle.seed(seed)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    net.to(dtype=dtype)
    return net


class Smooth(nn.Layer):
    """With a scale between body and head."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.scale = self.create_parameter([4])

    def forward(self, x):
        return self.head(F.tanh(self.body(x)) * self.scale)


def norm_net():
    paddle.seed(3)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1D(4), nn.Linear(4, 2))


def drawn_part():
    """Six inputs and targets for one of these nets."""
    return paddle.randn([6, 3], "float64"), paddle.randn([6, 2], "float64")


def part(seed=1):
    paddle.seed(seed)
    return drawn_part()


def episode():
    paddle.seed(9)
    return metaopt.Episode(drawn_part(), drawn_part())


def loss_of(net, data):
    return F.mse_loss(net(data[0]), data[1])


def maml(net, way="unrolled", **options):
    given = {"learning_rate": 0.05, "parameters": net.parameters(), "inner_lr": 0.1, "meta_gradient": way, **options}
    return metaopt.MAMLOptimizer(**given)


# Classification: a net with statistics in float32, arrays as users have them


class Normed(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body, self.norm, self.head = nn.Linear(3, 4), nn.BatchNorm1D(4), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(paddle.tanh(self.norm(self.body(x))))


def normed_net():
    paddle.seed(0)
    return Normed()


def array_episode(seed=0, dtype="float32"):
    random = np.random.default_rng(seed)
    return tuple((random.standard_normal((5, 3)).astype(dtype), np.array([0, 1, 0, 1, 1])) for _ in range(2))


def as_tensors(episode):
    return tuple((paddle.to_tensor(x), paddle.to_tensor(y)) for x, y in episode)


def rate_of_shape(*shape):
    return paddle.create_parameter(shape, "float32")


# Classification in float64, and its meta-gradient against differences


def complex_parameter(values):
    """Layers can't make one by themselves."""
    return EagerParamBase.from_tensor(paddle.to_tensor(values, dtype="complex128"))


class Classifier(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 4), nn.Tanh())
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.body(x))


def in_double(net):
    net.to(dtype="float64")
    return net


def labelled_episode(seed=2):
    paddle.seed(seed)
    labels = paddle.to_tensor([0, 1, 2, 0, 1, 2, 2])
    return metaopt.Episode((paddle.randn([7, 3], "float64"), labels), (paddle.randn([7, 3], "float64"), labels))


#: The ways back whose meta-gradient equals differences of the whole procedure.
EXACT = ["unrolled", "checkpointed"]


def error_of_meta_gradient(net, opt, task, directions: int = 5) -> float:
    """The relative error, for all that is learned."""
    tensors = [*trainable(net), *opt.learned.values()]
    opt.meta_loss(net, [task], F.cross_entropy).backward()
    gradients = gradients_of(tensors)
    opt.clear_grad()
    found = compare_with_differences(
        lambda: float(opt.meta_loss(net, [task], F.cross_entropy)), gradients, tensors, directions
    )
    assert any(g is not None and np.abs(g).max() > 1e-4 for g in gradients)
    return found.error


# Images


def image_part(count=6):
    """Images of three classes."""
    return paddle.randn([count, 1, 28, 28]), paddle.arange(3).tile([count // 3])


# Tensors


def parameter(value, shape=(), dtype="float64"):
    return paddle.create_parameter(shape, dtype, default_initializer=nn.initializer.Constant(value))


def leaf(*shape):
    return live(paddle.randn(shape, "float64"))


def live(x):
    """The same values as a leaf that a gradient is taken for."""
    x = x.detach()
    x.stop_gradient = False
    return x


def trainable(net):
    return [p for p in net.parameters() if not p.stop_gradient]


def gradients_of(tensors):
    """What a ``backward()`` left in them, each None where that is nothing."""
    return [None if t.grad is None else t.grad.numpy().copy() for t in tensors]


def holdings(net):
    """(layer, name, tensor) for all parameters and buffers, in the places where they are held."""
    return [
        (layer, name, tensor)
        for layer in net.sublayers(include_self=True)
        for held in (layer._parameters, layer._buffers)
        for name, tensor in held.items()
    ]


def assert_unchanged(net, before, values):
    """The `holdings` are the same objects as before, and have these values."""
    after = holdings(net)
    assert [(id(layer), key, id(tensor)) for layer, key, tensor in after] == [
        (id(layer), key, id(tensor)) for layer, key, tensor in before
    ]
    for (_, _, tensor), value in zip(after, values):
        np.testing.assert_array_equal(tensor.numpy(), value)


# Processes of their own


def start_program(program: str, *arguments, **options) -> subprocess.Popen:
    """A process that runs the program text with this checkout's package; its output is piped."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **options)


def output_of(program: str, *arguments) -> str:
    """What the program text prints until its successful end."""
    process = start_program(program, *arguments)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return output


def run_pair(folder: Path, script: Path, *arguments, seconds: float = 400.0) -> tuple[int, str]:
    """Start a script as two processes by Paddle's launcher; what that returned, and what they printed.

    The script writes its processes' numbers into ``folder/pid.*``, to be ended by if they take too long.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    logs = folder / "log"
    command = [sys.executable, "-W", "ignore", "-m", "paddle.distributed.launch", "--nproc_per_node", "2"]
    command += ["--log_dir", str(logs), str(script), *map(str, arguments)]
    launcher = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        launcher.communicate(timeout=seconds)
    finally:
        launcher.kill()
        launcher.wait()
        for file in folder.glob("pid.*"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)
            file.unlink()
    return launcher.returncode, "\n".join(log.read_text() for log in sorted(logs.glob("workerlog.*")))


def in_a_fork(function, seconds: float = 120.0) -> dict:
    """The dict that ``function()`` returns in a child; {"verdict": "died", "why": ...} if that ends otherwise.

    What the child has started is ended with it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.unraisablehook = sys.__unraisablehook__  # pytest's keeps the error, and so what its frames hold
        try:
            os.write(writing, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    found, until, done = b"", time.time() + seconds, False
    try:
        while not done and select.select([reading], [], [], max(0.0, until - time.time()))[0]:
            chunk = os.read(reading, 65536)
            found, done = found + chunk, not chunk
        if done:
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # not reaped yet: its group's number stays its own
    finally:
        for end in (os.kill, os.killpg):  # the group, unless it was interrupted before there was one
            with contextlib.suppress(ProcessLookupError):
                end(child, signal.SIGKILL)
        os.close(reading)
    _, status = os.waitpid(child, 0)
    if found and done:
        return json.loads(found)
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "without an answer"
    return {"verdict": "died", "why": ended if done else f"not done in {seconds:.0f} s"}


def with_workers(number: int) -> dict:
    """Options of a DataLoader whose thread ends within a second of its last batch."""
    return {"num_workers": number, "timeout": 1 if number else 0}


def read_to_its_end(loader) -> list:
    """What a DataLoader gives, once its threads are gone.

    Each thread of Paddle's takes a lock as its very last act, after Python says that it has ended. A worker that a next
    loader forks in that moment has the lock closed, and waits for ever; and for the worker waits its loader, whatever
    the `timeout`.
    """
    started = set()

    def note(*_):
        started.add(threading.get_native_id())
        sys.setprofile(None)

    threading.setprofile(note)  # calls it in each new thread
    try:
        given = list(loader)
    finally:
        threading.setprofile(None)
    while any(os.path.exists(f"/proc/self/task/{thread}") for thread in started):
        time.sleep(0.001)
    return given
