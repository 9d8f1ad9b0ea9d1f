"""Exceptions and interrupts in any place: their type stays, nothing is left behind, and the next number is the same.

``python tests/faults.py [--ops 1000] [--lines 1000] [--signals 500] [--first 0]``; one again, with its traceback:
``--only KIND SEED``

Each fault strikes in a process forked for it: an exception at a call of an op, an exception at a line of the library,
or a SIGINT from outside at any time. One that strikes where things are being put back may leave what the next call
repairs.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from helpers import holdings, in_a_fork
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad import activity, passes, primitive, undo
from paddle_metaopt.paddle_optimizers import parameters_of

LIBRARY = str(Path(metaopt.__file__).parent)
KINDS = ("op", "line", "signal")
#: A batching rule whose operands are refused, by a ValueError say, leaves the tasks to the loop.
EXCEPTIONS = {error.__name__: error for error in (ZeroDivisionError, KeyboardInterrupt, MemoryError)}


class Convolutional(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2D(1, 2, 3), nn.BatchNorm2D(2), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten())
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.body(x))


class Attentive(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.1, activation="gelu")
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.body(x.reshape([x.shape[0], 9, 4])).mean(1))


class Recurrent(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.GRU(6, 3)
        self.drop, self.head = nn.Dropout(0.3), nn.Linear(3, 3)

    def forward(self, x):
        return self.head(self.drop(self.body(x.reshape([x.shape[0], 6, 6]))[0].mean(1)))


NETS = (Convolutional, Attentive, Recurrent)

ALGORITHMS = {
    "maml": lambda net, **kw: metaopt.MAMLOptimizer(1e-3, inner_rule="momentum", **kw),
    "first_order": lambda net, **kw: metaopt.MAMLOptimizer(1e-3, first_order=True, **kw),
    "checkpointed": lambda net, **kw: metaopt.MAMLOptimizer(1e-3, meta_gradient="checkpointed", **kw),
    "hessian_free": lambda net, **kw: metaopt.MAMLOptimizer(
        1e-3, meta_gradient=metaopt.meta_gradients.HessianFree(allow_float32=True), **kw
    ),
    "anil": lambda net, **kw: metaopt.ANILOptimizer(1e-3, head=net.head, **kw),
    "boil": lambda net, **kw: metaopt.BOILOptimizer(1e-3, head=net.head, **kw),
    "meta_sgd": lambda net, **kw: metaopt.MetaSGDOptimizer(1e-3, **{**kw, "inner_lr": (0.01, 0.1)}),
    "maml++": lambda net, **kw: metaopt.MAMLPlusPlusOptimizer(1e-3, **kw),
    "meta_curvature": lambda net, **kw: metaopt.MetaCurvatureOptimizer(1e-3, **kw),
    "alfa": lambda net, **kw: metaopt.ALFAOptimizer(1e-3, **kw),
    "cavia": lambda net, **kw: metaopt.CAVIAOptimizer(1e-3, context=net.head.bias, **kw),
    "t_net": lambda net, **kw: metaopt.TNetOptimizer(1e-3, warp=net.head, **kw),
    "evolution": lambda net, **kw: metaopt.MAMLOptimizer(
        1e-3, meta_gradient=metaopt.meta_gradients.Evolution(directions=1), **kw
    ),
    "reptile": lambda net, **kw: metaopt.ReptileOptimizer(1e-3, **kw),
    "imaml": lambda net, **kw: metaopt.IMAMLOptimizer(1e-3, **kw),
}

STYLES = ("meta_loss", "clone", "task", "evaluate")


class Scene:
    """A net, an optimizer, and one way to use them."""

    def __init__(self, net: type, algorithm: str, style: str):
        paddle.seed(5)
        self.net, self.style = net(), style
        self.opt = ALGORITHMS[algorithm](self.net, parameters=self.net.parameters(), inner_lr=0.05, adapt_steps=2)
        labels = paddle.to_tensor([0, 1, 2, 0]), paddle.to_tensor([1, 2, 0, 1])
        self.episodes = [[(paddle.randn([4, 1, 6, 6]), y) for y in labels] for _ in range(2)]

    def run(self) -> list:
        """Numbers that every random draw and every weight enters."""
        paddle.seed(11), np.random.seed(11), random.seed(11)
        self.net.train()
        for p in parameters_of(self.opt):
            p.clear_gradient(False)
        scores = getattr(self, f"_{self.style}")()
        return [float(s).hex() for s in scores] + [
            None if p.grad is None else p.grad.numpy().tobytes().hex() for p in parameters_of(self.opt)
        ]

    def _meta_loss(self):
        loss = self.opt.meta_loss(self.net, self.episodes, F.cross_entropy)
        loss.backward()
        return [loss]

    def _clone(self):
        scores = []
        for (x, y), (xq, yq) in self.episodes:
            learner = self.opt.adapter(self.net).clone()
            learner.adapt(lambda: F.cross_entropy(learner(x), y))  # noqa: B023
            loss = learner.meta_loss(lambda: F.cross_entropy(learner(xq), yq))  # noqa: B023
            loss.backward()
            scores.append(loss.detach())
        return scores

    def _task(self):
        scores = []
        for (x, y), (xq, yq) in self.episodes:
            with self.opt.adapter(self.net).task() as task:
                task.adapt(lambda: F.cross_entropy(self.net(x), y))  # noqa: B023
                loss = task.meta_loss(lambda: F.cross_entropy(self.net(xq), yq))  # noqa: B023
                loss.backward()
            scores.append(loss.detach())
        return scores

    def _evaluate(self):
        return metaopt.evaluate(self.net, self.opt, self.episodes, F.cross_entropy, steps=3).values


def scene_of(seed):
    rng = random.Random(seed)
    return rng, (rng.choice(NETS), rng.choice(list(ALGORITHMS)), rng.choice(STYLES))


class Surroundings:
    """What has to be the same afterwards."""

    def __init__(self, scene):
        gc.collect()
        self._scene = scene
        self._attributes = self._of_paddle()
        self._tensors = holdings(self._scene.net)
        self._modes = self._flags()

    def _of_paddle(self):
        owners = (paddle, paddle.Tensor, paddle.autograd, paddle._C_ops, paddle._legacy_C_ops, nn.functional)
        return [(owner, dict(vars(owner))) for owner in owners]

    def _flags(self):
        return [
            (layer, layer.training, "forward" in vars(layer)) for layer in self._scene.net.sublayers(include_self=True)
        ]

    def what_changed(self) -> list:
        gc.collect()
        changed = []
        for owner, before in self._attributes:
            changed += [
                f"{getattr(owner, '__name__', owner)}.{n}" for n, v in before.items() if vars(owner).get(n) is not v
            ][:3]
        now = holdings(self._scene.net)
        if len(now) != len(self._tensors) or any(a[2] is not b[2] for a, b in zip(now, self._tensors)):
            changed.append("the net's tensors")
        if [f[1:] for f in self._flags()] != [f[1:] for f in self._modes]:
            changed.append("modes or forward")
        kinds = ("TaskGraph", "_Recorded", "Learner", "Pass")
        types = [type(o) for o in gc.get_objects()]
        alive = Counter(t.__name__ for t in types if t.__name__ in kinds and t.__module__.startswith("paddle_metaopt"))
        changed += [f"{count} {name} alive" for name, count in alive.items()]
        if undo._open:
            changed.append("something to be put back")
        if activity.is_active() or passes.current() is not None:
            changed.append("rules on")
        if not paddle.is_grad_enabled():
            changed.append("gradients off")
        if paddle.base.framework._dygraph_tracer()._amp_level != paddle.base.core.AmpLevel.O0:
            changed.append("autocast")
        if signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, signal.SIG_IGN):
            changed.append("the handler of SIGINT")
        return changed


class AtAnOp:
    """Raises at the n-th call of an op of Paddle's."""

    def __init__(self, at, exception):
        self.count, self.at, self.exception = 0, at, exception
        self._ops = {id(f) for f in vars(paddle._C_ops).values() if not hasattr(f, "__code__")}
        self.place = None

    def __enter__(self):
        sys.setprofile(self._event)
        return self

    def __exit__(self, *exception):
        sys.setprofile(None)

    def _met(self, frame):
        self.count += 1
        if self.count == self.at:
            self.place = _place(frame)
            raise self.exception("injected")

    def _event(self, frame, event, function):
        if event == "c_call" and id(function) in self._ops:
            self._met(frame)


class AtALine(AtAnOp):
    """Raises at the n-th line of the library that is run."""

    def __enter__(self):
        sys.settrace(self._call)
        return self

    def __exit__(self, *exception):
        sys.settrace(None)

    def _call(self, frame, event, argument):
        return self._line if frame.f_code.co_filename.startswith(LIBRARY) else None

    def _line(self, frame, event, argument):
        if event == "line" and not (frame.f_code in ENTRIES and frame.f_lineno == frame.f_code.co_firstlineno + 2):
            self._met(frame)
        return self._line


def _place(frame):
    """Where the fault strikes: the functions of the library on the stack, innermost first, with the line."""
    found = [f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"]
    while frame is not None and len(found) < 12:
        if frame.f_code.co_filename.startswith(LIBRARY):
            found.append(frame.f_code.co_name)
        frame = frame.f_back
    return " < ".join(found)


#: What Paddle's C++ calls. Before the `try` in their first line takes hold, an exception has to pass through it;
#: Ctrl-C, the only one that can come there, is kept back in a backward, and comes out of a forward as it is.
ENTRIES = {primitive.MetaOptRule.forward.__code__, primitive.MetaOptRule.backward.__code__}

#: Functions in which things are put back, or a ``with`` statement ends.
CLEANING = (
    "__exit__", "__del__", "_finish", "_do", "_put_back", "_settle", "drop", "end", "_end", "leave_behind",
    "repair", "_let_through", "restore", "_go_back_to", "_remove", "_set_grad_mode", "_in_child", "__call__",
    "outer_step",
)  # fmt: skip


@lru_cache(maxsize=None)
def undisturbed(scene_key, kind) -> tuple:
    """The numbers of a run without a fault, how many places it has, and how long it takes."""
    scene = Scene(*scene_key)
    numbers = scene.run()
    counter = {"op": AtAnOp, "line": AtALine}.get(kind, AtAnOp)(-1, None)
    with counter:
        scene.run()
    began = time.perf_counter()
    scene.run()
    return numbers, counter.count, time.perf_counter() - began


def judge(kind, seed, expected, places, duration, verbose=False) -> dict:
    """The verdict on one fault, in a process that may end of it."""
    rng, key = scene_of(seed)
    name = rng.choice(list(EXCEPTIONS))
    scene = Scene(*key)
    at = rng.randint(1, places)
    before = Surroundings(scene)
    told = {"scene": f"{key[0].__name__} {key[1]} {key[2]}", "exception": name}
    if kind == "signal":
        name, injector = "KeyboardInterrupt", None
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has a job in the background ignore it
    else:
        injector = {"op": AtAnOp, "line": AtALine}[kind](at, EXCEPTIONS[name])
    caught = None
    try:
        if injector is None:
            child = os.getpid()
            if not os.fork():  # sends the signal
                time.sleep(rng.random() * duration * 1.1)
                os.kill(child, signal.SIGINT)
                os._exit(0)
            scene.run()
        else:
            with injector:
                scene.run()
    except BaseException as error:
        sys.settrace(None), sys.setprofile(None)
        caught = type(error).__name__
        if verbose:
            traceback.print_exc()
    signal.signal(signal.SIGINT, signal.SIG_IGN) if kind == "signal" else None
    told["place"] = place = (injector.place if injector else "") or "not met"
    in_cleaning = any(word in CLEANING for word in place.replace(":", " ").split())
    if caught is None and not (kind == "signal" or in_cleaning or place == "not met"):
        return dict(verdict="swallowed", **told)
    if caught is not None and caught != name:
        return dict(verdict="type", why=caught, **told)
    changed = before.what_changed()
    if verbose:
        print("at first:", changed)
    for p in parameters_of(scene.opt):
        p.clear_gradient(False)
    try:
        after = scene.run()
    except Exception as error:
        return dict(verdict="left", why=f"{type(error).__name__}: {error}"[:200], **told)
    still = before.what_changed()
    if still:
        return dict(verdict="left", why=str(still), **told)
    if after != expected:
        return dict(verdict="wrong", why="the next meta-gradient is another one", **told)
    if changed:
        return dict(verdict="repaired" if in_cleaning else "left at first", why=str(changed), **told)
    return dict(verdict="clean" if caught else "not met", **told)


def strike(kind, seed):
    _, key = scene_of(seed)
    expected, places, duration = undisturbed(key, kind)
    return in_a_fork(lambda: judge(kind, seed, expected, places, duration))


#: The outcomes that keep the promise.
KEPT = ("clean", "not met", "repaired")


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--signals", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", nargs=2, metavar=("KIND", "SEED"))
    options = parser.parse_args(arguments)
    if options.only:
        kind, seed = options.only[0], int(options.only[1])
        _, key = scene_of(seed)
        print(judge(kind, seed, *undisturbed(key, kind), verbose=True))
        return 0
    failures = 0
    for kind, count in zip(KINDS, (options.ops, options.lines, options.signals)):
        verdicts, began = Counter(), time.time()
        for seed in range(options.first, options.first + count):
            found = strike(kind, seed)
            verdicts[found["verdict"]] += 1
            if found["verdict"] not in KEPT:
                failures += 1
                print(f"\r{kind} {seed}: {found}", flush=True)
            print(
                f"\r{kind} {sum(verdicts.values())}, {time.time() - began:.0f} s  ", end="", file=sys.stderr, flush=True
            )
        print(
            f"\n{kind}: {count} faults:",
            ", ".join(f"{number} {name}" for name, number in verdicts.most_common()),
            flush=True,
        )
    print(f"{failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
