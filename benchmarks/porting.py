"""Runs docs/porting.md on both sides: on equal weights and tasks, a library's block and ours give equal meta-gradients.

    python benchmarks/porting.py --torchmeta DIR --paddlefsl DIR

The torch libraries run in the environment of benchmarks/peers. torchmeta wants a torch of 2021, and PaddleFSL's package
has no metaopt, so their files are taken from DIR: a clone of https://github.com/tristandeleu/pytorch-meta, and the
folder PaddleFSL in one of https://github.com/tata1661/FSL-Mate. Without its DIR, a library is left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "porting.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torchmeta", help="a clone of torchmeta's repository")
    parser.add_argument("--paddlefsl", help="the folder PaddleFSL in a clone of FSL-Mate")
    folders = vars(parser.parse_args())
    page = Ours()
    theirs, library = None, None
    print("| against | block | largest entry | largest difference |\n| --- | --- | --- | --- |")
    for title, source in re.findall(r'^```python(?: title="(\w+)")?\n(.*?)^```$', PAGE.read_text("utf-8"), re.S | re.M):
        if title:
            library, folder = title, folders.get(title.lower(), "")
            theirs = None if folder is None else page.theirs(title, source, folder)
        elif "meta_batches:" in source:
            ours = page.gradients(source)
            if theirs is not None:
                print(row(library, page.algorithm(), source, ours, theirs))
        else:
            page.run(source)


def row(library: str, algorithm: str, source: str, ours: dict, theirs: dict) -> str:
    assert ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
    largest = max(abs(gradient).max() for gradient in theirs.values())
    difference = max(abs(ours[name] - gradient).max() for name, gradient in theirs.items())
    form = "short" if "meta_loss" in source else "line by line"
    learned = ", learned rate" if "rate" in theirs else ""
    return f"| {library} | {algorithm}{learned}, {form} | {largest:.2f} | {difference:.0e} |"


class Ours:
    """The page's own blocks, in one namespace, in float64."""

    def __init__(self):
        import paddle

        paddle.set_default_dtype("float64")
        paddle.seed(0)
        self.names: dict = {}

    def run(self, source: str) -> None:
        exec(source.replace('"float32"', '"float64"'), self.names)
        if "net" in self.names and not hasattr(self, "start"):
            self.start = {name: value.numpy() for name, value in self.names["net"].state_dict().items()}

    def gradients(self, source: str) -> dict:
        net = self.names["net"]
        net.set_state_dict(self.start)
        net.clear_gradients()
        self.run(source)
        found = {name: p.grad.numpy() for name, p in net.named_parameters() if not p.stop_gradient}
        rate = self.names.get("rate") if "inner_lr=rate" in source else None
        return found if rate is None else {**found, "rate": rate.grad.numpy()}

    def algorithm(self) -> str:
        algorithm = self.names["opt"].algorithm
        name, rule = type(algorithm).__name__, algorithm.inner_rule
        return ("first-order " if algorithm.first_order else "") + name + ("" if rule == "sgd" else f" with {rule}")

    def theirs(self, library: str, source: str, folder: str) -> dict:
        """The gradients of a library's block on the same weights and tasks."""
        if library == "PaddleFSL":
            paddlefsl_at(folder)
            learner = __import__("paddlefsl.metaopt.maml", fromlist=["MAMLLearner"]).MAMLLearner
            kept, self.names = self.names, {**self.names, "MAMLLearner": learner}
            try:
                return self.gradients(source)
            finally:
                self.names = kept
        (tasks,) = self.names["meta_batches"]
        arrays = {f"task.{i}": part.numpy() for i, part in enumerate(flat(tasks))}
        sys.path.insert(0, str(HERE / "peers"))
        import environment

        with tempfile.TemporaryDirectory() as place:
            np.savez(f"{place}/given.npz", **arrays, **{f"net.{name}": value for name, value in self.start.items()})
            Path(place, "block.json").write_text(json.dumps([library, source, folder]))
            subprocess.run([environment.build(), "-W", "ignore", __file__, "--peer", place], check=True)
            return dict(np.load(f"{place}/found.npz"))


def flat(tasks) -> list:
    return [part for task in tasks for pair in task for part in pair]


def paddlefsl_at(folder: str) -> None:
    """Makes its metaopt importable without its __init__, which wants packages that it does not need for this."""
    for name in ("paddlefsl", "paddlefsl.metaopt", "paddlefsl.utils"):
        module = types.ModuleType(name)
        module.__path__ = [str(Path(folder, *name.split(".")))]
        sys.modules[name] = module


def peer(place: str) -> None:
    """In the peers' environment: runs a block on a net and tasks in torch."""
    import torch

    library, source, folder = json.loads(Path(place, "block.json").read_text())
    given = dict(np.load(f"{place}/given.npz"))
    torch.set_default_dtype(torch.float64)
    net = torch_net(library, folder)
    net.load_state_dict(in_torch({n[4:]: array for n, array in given.items() if n.startswith("net.")}), strict=False)
    parts = [torch.from_numpy(given[f"task.{i}"]) for i in range(sum(n.startswith("task.") for n in given))]
    tasks = [((xs, ys), (xq, yq)) for xs, ys, xq, yq in zip(*[iter(parts)] * 4)]
    names = {"torch": torch, "net": net, "loss_fn": torch.nn.functional.cross_entropy, "meta_batches": [tasks]}
    names.update(entrances(library))
    exec(source, names)
    found = {name: p.grad.numpy() for name, p in net.named_parameters()}
    found = {name: array.T if name == "classifier.weight" else array for name, array in found.items()}
    if "rate" in names:
        found["rate"] = names["rate"].grad.numpy()
    np.savez(f"{place}/found.npz", **found)


def in_torch(arrays: dict) -> dict:
    import torch

    renamed = {n.replace("._mean", ".running_mean").replace("._variance", ".running_var"): a for n, a in arrays.items()}
    return {n: torch.from_numpy(a.T.copy() if n == "classifier.weight" else a) for n, a in renamed.items()}


def torch_net(library: str, folder: str):
    from collections import OrderedDict

    from torch import nn

    if library == "torchmeta":
        for name in ("torchmeta", "torchmeta.utils"):
            module = types.ModuleType(name)
            module.__path__ = [str(Path(folder, *name.split(".")))]
            sys.modules[name] = module
        from torchmeta import modules

        sequential, conv, norm = modules.MetaSequential, modules.MetaConv2d, modules.MetaBatchNorm2d
        linear = modules.MetaLinear
    else:
        sequential, conv, norm, linear = nn.Sequential, nn.Conv2d, nn.BatchNorm2d, nn.Linear
    features = sequential(conv(1, 8, 3, stride=2, padding=1, bias=False), norm(8), nn.ReLU(), nn.Flatten())
    return sequential(OrderedDict(features=features, classifier=linear(8 * 7 * 7, 5)))


def entrances(library: str) -> dict:
    """What a script imports."""
    if library == "learn2learn":  # its __init__ wants gym; see benchmarks/peers/environment.py
        from learn2learn.algorithms.maml import MAML

        return {"l2l": types.SimpleNamespace(algorithms=types.SimpleNamespace(MAML=MAML))}
    if library == "torchmeta":
        from torchmeta.utils.gradient_based import gradient_update_parameters

        return {"gradient_update_parameters": gradient_update_parameters}
    return {library.lower(): __import__(library.lower())}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2])
    else:
        main()
