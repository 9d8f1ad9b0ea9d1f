"""What several test files use: nets and tasks, Paddle's optimizers, gradients, and processes of their own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import paddle
import paddle.nn.functional as F
from paddle import nn

import paddle_metaopt as metaopt

ROOT = Path(__file__).parents[1]

# Paddle's optimizers

OUTER = [
    paddle.optimizer.SGD, paddle.optimizer.Momentum, paddle.optimizer.Adam, paddle.optimizer.AdamW,
    paddle.optimizer.Adamax, paddle.optimizer.Adagrad, paddle.optimizer.RMSProp, paddle.optimizer.Adadelta,
    paddle.optimizer.Lamb, paddle.optimizer.NAdam, paddle.optimizer.RAdam, paddle.optimizer.Rprop,
    paddle.optimizer.ASGD,
]  # fmt: skip


def options_of(outer):
    return {"rho": 0.95} if outer is paddle.optimizer.Adadelta else {}


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


def drawn_part():
    """Six inputs and targets for one of these nets."""
    return paddle.randn([6, 3], "float64"), paddle.randn([6, 2], "float64")


def part(seed=1):
    paddle.seed(seed)
    return drawn_part()


def episode():
    paddle.seed(9)
    return metaopt.Episode(drawn_part(), drawn_part())


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


def in_a_fork(function, seconds: float = 120.0) -> dict:
    """The dict that ``function()`` returns in a child; {"verdict": "died", "why": ...} if that ends otherwise."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.unraisablehook = sys.__unraisablehook__  # pytest's keeps the error, and so what its frames hold
        try:
            os.write(writing, json.dumps(function()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    found, until, done = b"", time.time() + seconds, False
    while not done and select.select([reading], [], [], max(0.0, until - time.time()))[0]:
        chunk = os.read(reading, 65536)
        found, done = found + chunk, not chunk
    if not done:
        os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if found and done:
        return json.loads(found)
    ended = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "without an answer"
    return {"verdict": "died", "why": ended if done else f"not done in {seconds:.0f} s"}
