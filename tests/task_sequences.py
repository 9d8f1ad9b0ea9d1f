"""What users do with one or two learners, in every order: the right number or an error that helps, and no crash.

``python tests/task_sequences.py [--random 5000] [--way WAY]``; one of them, in this process:
``--only WAY STYLE LOSSES EVENTS``.

Each sequence runs in a process forked for it. A number is right if it is that of a new task after as many inner steps.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter

import numpy as np
import paddle
import paddle.nn.functional as F
from helpers import in_a_fork
from paddle import nn

import paddle_metaopt as metaopt

#: adapt(closure), adapt(loss), query backward(), backward(retain_graph=True), paddle.grad, meta_loss, step, end
EVENTS = "AabrgmSe"
WAYS = ("unrolled", "first_order", "checkpointed", "hessian_free", "implicit", "reptile")
STYLES = ("clone", "task")
#: Whether a pass takes a loss computed for it, or the last one again.
LOSSES = ("new", "same")
LONGEST = 6


class Scene:
    """A net, its optimizer, and what has happened so far."""

    def __init__(self, way: str):
        paddle.seed(3)
        self.net = nn.Sequential(
            nn.Conv2D(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 3)
        )
        self.net.to(dtype="float64")
        self.x, self.xq = (paddle.randn([4, 1, 3, 3], "float64") for _ in range(2))
        self.y, self.yq = paddle.to_tensor([0, 1, 2, 0]), paddle.to_tensor([2, 1, 0, 1])
        options = {"parameters": self.net.parameters(), "inner_lr": 0.3, "adapt_steps": 1}
        if way == "reptile":
            self.opt = metaopt.ReptileOptimizer(1e-2, **options)
        else:
            self.opt = metaopt.MAMLOptimizer(1e-2, meta_gradient=way, **options)
        self.adapter = self.opt.adapter(self.net)

    def gradient(self):
        return flat([p.grad for p in self.net.parameters()])


def flat(tensors):
    return np.concatenate([np.zeros(0) if t is None else np.asarray(t.numpy()).ravel() for t in tensors])


def expected(way: str) -> list:
    """The meta-gradient of a new task after each number of inner steps."""
    found = []
    for steps in range(LONGEST + 1):
        scene = Scene(way)
        learner = scene.adapter.clone()
        learner.adapt(lambda: F.cross_entropy(learner(scene.x), scene.y), steps=steps)  # noqa: B023
        learner.meta_loss(lambda: F.cross_entropy(learner(scene.xq), scene.yq)).backward()  # noqa: B023
        found.append(scene.gradient())
        learner.end()
    return found


def helps(error: Exception) -> bool:
    """Whether an error is of ours, perhaps with Paddle's frame round it outside of tasks, or Paddle's own advice."""
    text = str(error)
    if isinstance(error, (metaopt.MetaOptError, ValueError, RuntimeError)) and "(at /" not in text:
        return True
    ours = ("StaleTaskError: ", "NeedsMetaLossError: ", "RuntimeError: backward() went")
    return any(name in text for name in ours) or "Please set retain_graph" in text


class Actor:
    """One learner of a scene."""

    def __init__(self, scene, learner, forward, same_loss):
        self.scene, self.learner, self.forward, self.same_loss = scene, learner, forward, same_loss
        self.steps = 0
        self.query = self.query_steps = None

    def do(self, event):
        """Take part in an event; the number of steps whose meta-gradient was added or returned, and what was
        returned."""
        scene = self.scene
        if event == "A":
            self.learner.adapt(lambda: F.cross_entropy(self.forward(scene.x), scene.y))
            self.steps += 1
        elif event == "a":
            self.learner.adapt(F.cross_entropy(self.forward(scene.x), scene.y))
            self.steps += 1
        elif event == "S":
            scene.opt.step()
        elif event == "e":
            self.learner.end()
        elif event == "m":
            self.learner.meta_loss(lambda: F.cross_entropy(self.forward(scene.xq), scene.yq)).backward()
            return self.steps, None
        else:
            if self.query is None or not self.same_loss:
                self.query = F.cross_entropy(self.forward(scene.xq), scene.yq)
                self.query_steps = (scene.innermost or self).steps
            if event == "g":
                parameters = scene.net.parameters() if self.forward is self.learner else scene.own
                return self.query_steps, flat(paddle.grad(self.query, parameters, allow_unused=True))
            self.query.backward(retain_graph=event == "r")
            return self.query_steps, None
        return None


def judge(way, style, losses, events, numbers) -> dict:
    """The verdict on a sequence: events as in EVENTS, those of a second learner marked by a 2 behind."""
    scene = Scene(way)
    scene.own = scene.net.parameters()
    outcome = {"verdict": "right", "why": ""}

    def play():
        actors = []
        for learner in [scene.adapter.clone() for _ in range(1 + any(e.endswith("2") for e in events))]:
            if style == "task":
                stack.append(learner.__enter__())
            actors.append(Actor(scene, learner, learner if style == "clone" else scene.net, losses == "same"))
        scene.innermost = actors[-1] if style == "task" else None  # whose weights the net runs on
        moved = False
        for event in events:
            before = scene.total = flat([p.grad if p.grad is not None else paddle.zeros_like(p) for p in scene.own])
            actor = actors[len(event) - 1]
            try:
                done = actor.do(event[0])
            except Exception as error:
                if not helps(error):
                    return {"verdict": "raw", "why": f"{event}: {type(error).__name__}: {error}"[:300]}
                continue
            moved = moved or event[0] == "S"
            if done is None:
                continue
            steps, returned = done
            after = flat([p.grad if p.grad is not None else paddle.zeros_like(p) for p in scene.own])
            found = after - before if returned is None else returned
            if moved and steps is not None:
                return {"verdict": "stale", "why": f"{event}: a number after an outer step"}
            error = np.abs(found - numbers[steps]).max()
            if not error < 1e-9:
                return {"verdict": "wrong", "why": f"{event}: off by {error:.2g} after {steps} steps"}
        return outcome

    stack = []
    try:
        outcome = play()
    finally:
        for learner in reversed(stack):
            learner.__exit__(None, None, None)
    if outcome["verdict"] == "right" and any(p is not own for p, own in zip(scene.net.parameters(), scene.own)):
        return {"verdict": "swapped", "why": "the net does not hold its own parameters"}
    return outcome


def sequences(rng: random.Random, drawn: int):
    """All of up to three events with one learner and of up to two with two, then random ones."""
    for length in (1, 2, 3):
        yield from map(list, itertools.product(EVENTS, repeat=length))
    both = [*EVENTS, *(event + "2" for event in EVENTS)]
    for length in (1, 2):
        yield from (list(s) for s in itertools.product(both, repeat=length) if any(e.endswith("2") for e in s))
    for _ in range(drawn):
        yield [rng.choice(both if rng.random() < 0.5 else EVENTS) for _ in range(rng.randint(4, LONGEST))]


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, default=5000, help="random sequences, over all ways and styles together")
    parser.add_argument("--way", choices=WAYS, help="this way back alone")
    parser.add_argument("--every", type=int, default=1, help="take one of so many")
    parser.add_argument(
        "--only", nargs=4, metavar=("WAY", "STYLE", "LOSSES", "EVENTS"), help="events divided by commas"
    )
    options = parser.parse_args(arguments)
    if options.only:
        way, style, losses, events = options.only
        print(judge(way, style, losses, events.split(","), expected(way)))
        return 0
    counts, began = Counter(), time.time()
    for way in [options.way] if options.way else WAYS:
        numbers = expected(way)
        for style, losses in itertools.product(STYLES, LOSSES):
            rng = random.Random(f"{way} {style} {losses}")
            for number, events in enumerate(sequences(rng, options.random // (len(WAYS) * 4) + 1)):
                if number % options.every:
                    continue
                found = in_a_fork(lambda: judge(way, style, losses, events, numbers))  # noqa: B023
                counts[found["verdict"]] += 1
                if found["verdict"] != "right":
                    print(f"\r{found['verdict']}: {way} {style} {losses} {','.join(events)} {found['why']}", flush=True)
                print(f"\r{sum(counts.values())} in {time.time() - began:.0f} s  ", end="", file=sys.stderr, flush=True)
    print(f"\n{sum(counts.values())} sequences:", ", ".join(f"{count} {name}" for name, count in counts.most_common()))
    return int(counts["right"] < sum(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
