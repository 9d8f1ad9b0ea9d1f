"""Random graphs of ops against finite differences: what is right alone can be wrong together.

``python tests/double_grad/random_graphs.py [--count 5000] [--first 0]``; one graph again, with what it consists of:
``--only SEED``.

A graph is 1 to 8 functions and layers out of the case tables, in chains and branches, on leaves of which some are
frozen and some left out of the gradient. Each is checked in a process forked for it: the gradient of its loss, then
that of a penalty on this gradient, then the meta-gradient of a MAML step on it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from cases import all_cases

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers import in_a_fork  # noqa: E402

TOLERANCE = 1e-6
DIRECTIONS = 2

#: How often each name of the table occurs at least.
EACH = 20

#: A graph of larger tensors takes too long.
LARGEST = 4000

#: What glues the others together, and is drawn as often as all the others.
GLUE = {
    "abs": paddle.abs,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "tanh": paddle.tanh,
    "sigmoid": F.sigmoid,
    "exp": lambda x: paddle.exp(x * 0.3),
    "square": paddle.square,
    "clip": lambda x: paddle.clip(x, -1.3, 1.1),
    "scale": lambda x: 0.7 - 1.3 * x,
    "power": lambda x: x**3,
    "maximum": lambda x, y: paddle.maximum(x, y),
    "minimum": lambda x, y: paddle.minimum(x, y),
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / (y * y + 1.0),
    "where": lambda x, y: paddle.where(x > 0.1, x, y),
    "reshape": lambda x: paddle.reshape(x, [-1]),
    "transpose": lambda x: paddle.transpose(x, list(range(x.ndim))[::-1]),
    "unsqueeze": lambda x: paddle.unsqueeze(x, 0),
    "squeeze": lambda x: paddle.squeeze(paddle.unsqueeze(x, 0), 0),
    "slice": lambda x: x[: max(1, x.shape[0] - 1)],
    "index": lambda x: x[0],
    "concat": lambda x, y: paddle.concat([x, y]),
    "stack": lambda x, y: paddle.stack([x, y]),
    "split": lambda x: paddle.split(paddle.concat([x, x]), 2),
    "sum": lambda x: paddle.sum(x, -1),
    "mean": lambda x: paddle.mean(x, 0),
    "expand": lambda x: paddle.expand(x, [2, *x.shape]),
    "matmul": lambda x, y: paddle.matmul(x.flatten().unsqueeze(0), y.flatten().unsqueeze(1)),
    "cast": lambda x: x.astype("float64"),
    "assign": paddle.assign,
}

#: Not drawn: numbers as large as there are; layers of which Paddle does not count some weights among the parameters;
#: whose singular vectors count as constants, which differences see move; and those that keep a weight among their
#: buffers, which a case puts back in place, behind the back of the graph of the call before.
WITHOUT = (
    "paddle.nan_to_num", "nn.AdaptiveLogSoftmaxWithLoss", "nn.SpectralNorm", "with spectral_norm", "with weight_norm"
)  # fmt: skip

#: How a graph's output becomes a loss; those in front give it a constant cotangent.
LOSSES = {
    "sum": paddle.sum,
    "mean": paddle.mean,
    "l1": lambda y: F.l1_loss(y, paddle.full_like(y, 0.173)),
    "hinge": lambda y: F.relu(1 - y).mean(),
    "policy": lambda y: -(y * paddle.cos(paddle.arange(y.size, dtype=y.dtype)).reshape(y.shape)).sum(),
    "squares": lambda y: (y * y).mean(),
    "smooth": lambda y: (paddle.sin(y) + 0.5 * y * y).sum(),
}


@lru_cache(maxsize=None)
def cases() -> dict:
    return all_cases()


@lru_cache(maxsize=None)
def names() -> dict:
    """Public name to its cases."""
    found: dict = {}
    for name in cases():
        if not any(word in name for word in WITHOUT) and not name.endswith("gradient") and " gradient," not in name:
            found.setdefault(name.split()[0], []).append(name)
    return found


@dataclass
class Step:
    """A function in a graph: where its operands come from, and the operands of its own."""

    name: str
    function: object
    sources: list  # for each operand: None for its own, or the number of a tensor before
    own: list
    scales: list


class Graph:
    """A random graph: `leaves`, and a `loss` of them.

    Drawn again with another `attempt`, it has the same functions on other numbers. A public name of the table may be
    given that it shall begin with.
    """

    def __init__(self, seed: int, attempt: int = 0, name: str | None = None):
        self.random = np.random.default_rng(seed)
        self.values = np.random.default_rng((seed, attempt))
        self.leaves, self.steps, self.layers = [], [], []
        self._built = [self._leaf(shape) for shape in self._shapes()]
        listed = list(names())  # in turn, so that each occurs
        self._due = [listed[(8 * seed + i) % len(listed)] for i in range(8)] + [name] * (name is not None)
        for _ in range(self.random.integers(1, 9)):
            self._add_step()
        self.loss_name = self._choice(list(LOSSES))
        self.outputs = sorted({len(self._built) - 1, int(self.random.integers(0, len(self._built)))})
        live = [leaf for leaf in self.leaves if self.random.random() < 0.75] or self.leaves[:1]
        for leaf in self.leaves:
            leaf.stop_gradient = not any(leaf is other for other in live)
        self.live = live
        self.inner = [leaf for leaf in live if self.random.random() < 0.7] or live[:1]
        self.penalty = self._choice(["squares", "along"])

    def _choice(self, options):
        return options[int(self.random.integers(0, len(options)))]

    def _shapes(self):
        shapes = [[3, 4], [2, 3, 4], [4], [1, 2, 4, 4], [2, 2], [6]]
        return [self._choice(shapes) for _ in range(self.random.integers(1, 4))]

    def _leaf(self, shape):
        leaf = paddle.to_tensor(self.values.standard_normal(shape), "float64")
        self.leaves.append(leaf)
        return leaf

    def _add_step(self):
        for _ in range(20):
            step = self._glue() if self.random.random() < 0.4 else self._case()
            if step is None:
                continue
            try:
                with paddle.no_grad():
                    made = self._run(step, self._built)
            except Exception:  # numbers or a shape that Paddle's op itself does not take
                continue
            if made is not None and made.size <= LARGEST and made.ndim < 6 and bool((paddle.abs(made) < 100).all()):
                self.steps.append(step)
                self._built.append(made)
                return

    def _number(self):
        """A tensor before: most often the last one."""
        last = len(self._built) - 1
        return last if self.random.random() < 0.6 else int(self.random.integers(0, last + 1))

    def _glue(self):
        name = self._choice(list(GLUE))
        function = GLUE[name]
        count = function.__code__.co_argcount if function.__name__ == "<lambda>" else 1
        sources = [self._number() for _ in range(count)]
        shape = self._built[sources[0]].shape
        if 0 in shape or (name in ("slice", "index", "mean", "sum", "concat", "transpose") and not shape):
            return None
        own = [paddle.zeros(shape, "float64")] * count
        return Step(f"glue.{name}", function, sources, own, [self._scale(s) for s in sources])

    def _case(self):
        name = self._choice(names()[self._due.pop() if self._due else self._choice(list(names()))])
        problem = cases()[name].problem(seed=int(self.values.integers(1, 1000)))
        layer = _layer_in(problem.function)
        if not problem.tensors or any(t.size > LARGEST or t.size == 0 for t in problem.tensors):
            return None
        chances = [0.8] + [0.35] * len(problem.tensors)
        fed = [p < problem.inputs and self.random.random() < chances[p] for p in range(len(problem.tensors))]
        made_by_hand = [not isinstance(spec, tuple) for spec in cases()[name].operands]
        sources, scales, own = [], [], []
        for position, tensor in enumerate(problem.tensors):
            source = self._number() if fed[position] else None
            by_hand = position >= len(made_by_hand) or made_by_hand[position]
            sources.append(source)
            scales.append(None if source is None else (0.02 if by_hand else self._scale(source)))
            own.append(tensor if source is None or by_hand else paddle.zeros_like(tensor))
            tensor.stop_gradient = True
            if source is None and self.random.random() < 0.5:
                self.leaves.append(tensor)
        if layer is not None:
            self.layers.append(layer)
        return Step(name, problem.function, sources, own, scales)

    def _scale(self, source):
        """Keeps values of the order of one."""
        largest = float(paddle.max(paddle.abs(self._built[source]))) if self._built[source].size else 1.0
        return 1.0 if largest < 2 else (1.4 + 0.2 * self.values.random()) / largest  # never the same: no ties

    def _run(self, step, built):
        operands = [
            own if source is None else own + _fitted(built[source], own.shape) * scale
            for own, source, scale in zip(step.own, step.sources, step.scales)
        ]
        outputs = [
            y
            for y in paddle.utils.flatten(step.function(*operands))
            if isinstance(y, paddle.Tensor) and y.is_floating_point() and y.size
        ]
        if not outputs:
            return None
        return outputs[0] if len(outputs) == 1 else paddle.concat([y.reshape([-1]) for y in outputs[:3]])

    def tensors(self, leaves):
        swapped = dict(zip(map(id, self.leaves), leaves))
        built = [swapped.get(id(t), t) for t in self._built[: len(self._built) - len(self.steps)]]
        for step in self.steps:
            own = [swapped.get(id(t), t) for t in step.own]
            built.append(self._run(Step(step.name, step.function, step.sources, own, step.scales), built))
        return built

    def loss(self, leaves=None):
        built = self.tensors(self.leaves if leaves is None else leaves)
        return sum(LOSSES[self.loss_name](built[number]) for number in self.outputs)

    def __str__(self):
        lines = [
            f"leaf {i}: {leaf.shape}{' frozen' if leaf.stop_gradient else ''}" for i, leaf in enumerate(self.leaves)
        ]
        base = len(self._built) - len(self.steps)
        lines += [f"{base + i}: {step.name} of {step.sources}" for i, step in enumerate(self.steps)]
        inner = [i for i, leaf in enumerate(self.leaves) if any(leaf is t for t in self.inner)]
        return "\n".join([*lines, f"{self.loss_name} of {self.outputs}; gradient for leaves {inner}, {self.penalty}"])


def _layer_in(function):
    """The layer that a case's function calls, or None."""
    for cell in function.__closure__ or ():
        if isinstance(cell.cell_contents, paddle.nn.Layer):
            return cell.cell_contents
        if getattr(cell.cell_contents, "__closure__", None):
            found = _layer_in(cell.cell_contents)
            if found is not None:
                return found
    return None


def along(tensors):
    """A linear function of order one: added to what is differentiated, it keeps rounding in the differences small
    beside the derivative."""
    return sum((t * paddle.sin(paddle.arange(t.size, dtype=t.dtype) + 1).reshape(t.shape)).sum() for t in tensors)


def _fitted(tensor, shape):
    """The tensor's numbers in another shape, repeated or cut."""
    if tensor.shape == shape:
        return tensor
    size = int(np.prod(shape))
    flat = tensor.reshape([-1])
    if flat.shape[0] < size:
        flat = paddle.tile(flat, [-(-size // flat.shape[0])])
    return (flat if flat.shape[0] == size else flat[:size]).reshape(shape)


class Net(paddle.nn.Layer):
    """A graph whose live leaves are parameters."""

    def __init__(self, graph):
        super().__init__()
        self._graph = graph
        self.layers = paddle.nn.LayerList(graph.layers)
        of_layers = {id(p) for p in self.layers.parameters()}
        live = {id(leaf) for leaf in graph.live} - of_layers
        self.names = [f"leaf{i}" if id(leaf) in live else None for i, leaf in enumerate(graph.leaves)]
        for name, leaf in zip(self.names, graph.leaves):
            if name is not None:
                constant = paddle.nn.initializer.Assign(leaf.numpy())
                setattr(self, name, self.create_parameter(leaf.shape, dtype="float64", default_initializer=constant))

    def forward(self):
        leaves = [t if name is None else getattr(self, name) for name, t in zip(self.names, self._graph.leaves)]
        return self._graph.loss(leaves)


class Wrong(Exception):
    pass


def check(graph: Graph) -> None:
    """Raise unless the three gradients of a graph are right."""

    def first(create_graph):
        with metaopt.twice_differentiable():
            loss = graph.loss() + along(graph.inner)
            return paddle.grad(loss, graph.inner, create_graph=create_graph, allow_unused=True)

    def penalty(gradients):
        if graph.penalty == "squares":
            return sum((g * g).sum() for g in gradients) + along(graph.live)
        return along(gradients) + along(graph.live)

    def value():
        with metaopt.twice_differentiable():  # Paddle's own lp_pool is less precise
            return float(graph.loss() + along(graph.inner))

    compared("first", value, first(False), graph.inner)
    gradients = paddle.grad(penalty(first(True)), graph.live, allow_unused=True)
    compared("penalty", lambda: float(penalty(first(False))), gradients, graph.live)
    _check_maml(graph)


def _check_maml(graph):
    net = Net(graph)
    parameters = [p for p in net.parameters() if not p.stop_gradient]
    opt = metaopt.MAMLOptimizer(1e-3, parameters=parameters, inner_lr=0.03, adapt_steps=1)

    def meta_loss():
        learner = opt.adapter(net).clone()
        try:
            learner.adapt(lambda: learner() + along(learner.fast_weights.values()))
            return learner.meta_loss(lambda: learner() + along(learner.fast_weights.values()))
        finally:
            learner.end()

    meta_loss().backward()
    gradients = [None if p.grad is None else p.grad.numpy() for p in parameters]
    compared("maml", lambda: float(meta_loss()), gradients, parameters)


class NearAKink(Exception):
    pass


class OutOfRange(Exception):
    """A difference reached beyond what Paddle's op takes, such as a probability above one."""


def compared(what, value, gradients, tensors):
    try:
        found = compare_with_differences(value, gradients, tensors, directions=DIRECTIONS)
    except ValueError as error:
        outside = any(word in str(error) for word in ("Illegal input", "must be greater"))
        kind = OutOfRange if outside else NearAKink
        raise kind(f"{what}: {error}") from None
    if not found.error < TOLERANCE:
        raise Wrong(f"{what}: relative error {found.error:.2g}")


#: How often a graph is drawn on other numbers until no kink is near.
ATTEMPTS = 4


def judge(seed: int, name: str | None = None) -> dict:
    """The verdict on one graph."""
    redrawn, ops = 0, []
    for attempt in range(ATTEMPTS):
        try:
            graph = Graph(seed, attempt, name)
            ops = [step.name for step in graph.steps]
            check(graph)
            return {"verdict": "right", "redrawn": redrawn, "ops": ops}
        except (NearAKink, OutOfRange) as error:
            redrawn += 1
            why = str(error)
        except metaopt.NotTwiceDifferentiableError as error:
            return {"verdict": "refused", "redrawn": redrawn, "ops": ops, "why": str(error)}
        except Wrong as error:
            return {"verdict": "wrong", "redrawn": redrawn, "ops": ops, "why": str(error)}
        except Exception as error:
            why = f"{type(error).__name__}: {error}"[:600]
            return {"verdict": "raised", "redrawn": redrawn, "ops": ops, "why": why}
    return {"verdict": "kink", "redrawn": redrawn, "ops": ops, "why": why}


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", type=int, help="check the graph of this seed alone, in this process")
    options = parser.parse_args(arguments)
    if options.only is not None:
        print(Graph(options.only))
        print(judge(options.only))
        return 0
    verdicts, ops, refused, redrawn = Counter(), Counter(), Counter(), 0
    began, seed = time.time(), options.first

    def run(name=None):
        nonlocal redrawn, seed
        found = in_a_fork(lambda: judge(seed, name))
        verdicts[found["verdict"]] += 1
        redrawn += found.get("redrawn", 0) > 0
        ops.update(op.split()[0] for op in found.get("ops", ()))
        if found["verdict"] == "refused":
            refused[found["why"].split("through ")[-1].split(". Ways out")[0][:90]] += 1
        elif found["verdict"] != "right":
            print(f"\r{found['verdict']} {seed}: {found.get('ops')} {found.get('why', '')[:300]}", flush=True)
        seed += 1
        total = sum(verdicts.values())
        print(f"\r{total} graphs in {time.time() - began:.0f} s   ", end="", file=sys.stderr, flush=True)

    judge(0)
    for _ in range(options.count):
        run()
    for name in names() if options.count >= 1000 else ():
        for _ in range(2 * EACH):
            if ops[name] >= EACH:
                break
            run(name)
    total = sum(verdicts.values())
    print(f"\n{total} graphs:", ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    print(f"drawn anew near a kink: {redrawn} ({100 * redrawn / total:.1f} %)")
    never = [name for name in [*names(), *(f"glue.{g}" for g in GLUE)] if ops[name] < EACH]
    print(f"{len(ops)} ops, the rarest {min(ops.values())} times; fewer than {EACH} times: {len(never)} {never[:30]}")
    print("occurrences:", ", ".join(f"{name} {count}" for name, count in sorted(ops.items())))
    print("refused:", dict(refused.most_common()))
    return int(sum(verdicts[v] for v in ("wrong", "died", "raised")) > 0)


if __name__ == "__main__":
    sys.exit(main())
