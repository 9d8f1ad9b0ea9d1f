"""Writes what type checkers and the reference read of the optimizers, whose signatures are made when their classes are:
``python docs/make_stubs.py`` writes ``__init__.pyi`` and ``combined.pyi`` in paddle_metaopt/algorithms.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import inspect
import textwrap
from functools import lru_cache
from pathlib import Path

import paddle

from paddle_metaopt import algorithms
from paddle_metaopt.outer import groups

FOLDER = Path(algorithms.__file__).parent

OPTIMIZERS = [getattr(algorithms, name) for name in algorithms.__all__]

#: The outer optimizers whose arguments are known, those with most of them first. mypy does not see Paddle's class
#: Optimizer and so takes each of these for any other: what tells them apart is what they are called with.
OUTERS = sorted(
    (getattr(paddle.optimizer, name) for name in sorted({*paddle.optimizer.__all__} - {"Optimizer", "LBFGS"})),
    key=lambda outer: -len(inspect.signature(outer).parameters),
)

HEADER = '''\
"""Made by docs/make_stubs.py of the signatures that the classes have at run time."""

# mypy: disable-error-code="overload-overlap, override, misc"

'''


class Stub:
    """The classes of one file, and the names that they need."""

    def __init__(self):
        self.classes: list[str] = []
        self.needed: dict[str, str] = {}

    def need(self, name: str, module: str) -> str:
        module = {"collections.abc": "typing"}.get(module, module)
        if self.needed.setdefault(name, module) != module:
            raise ValueError(f"{name} is of {self.needed[name]}, and of {module}")
        return name

    def add_class(self, name: str, bases: tuple, parameters: list[str], members: list[str], docstring: str = ""):
        named = ", ".join(self.need(base.__name__, public_module(base)) for base in bases)
        head = f"class {name}({named}):\n{docstring}    def __init__(\n"
        self.classes.append("".join([head, filled(["self", *parameters], 8), "    ) -> None: ...\n", *members]))

    def add_protocol(self, outer: type):
        """Of the class itself, by what it is called with."""
        parameters = [
            f"{name}: {self.need('Any', 'typing')}{'' if parameter.default is parameter.empty else ' = ...'}"
            for name, parameter in inspect.signature(outer).parameters.items()
        ]
        head = f"class {outer.__name__}Class({self.need('Protocol', 'typing')}):\n    def __call__(\n"
        given = self.need(outer.__name__, public_module(outer))
        self.classes.append("".join([head, filled(["self", *parameters], 8), f"    ) -> {given}: ...\n"]))

    def text(self, listed: list[str]) -> str:
        modules = sorted(set(self.needed.values()))
        imports = [imported(module, sorted(n for n, m in self.needed.items() if m == module)) for module in modules]
        names = [f"__all__ = [\n{filled([repr(name) for name in listed], 4)}]\n"] if listed else []
        return HEADER + "\n".join(["".join(imports), *names, *self.classes])

    def parameters_of(self, cls: type, outer_too: bool = True) -> list[str]:
        """Those of its signature, without those of the outer optimizer if they are not known."""
        signature = inspect.signature(cls).parameters.values()
        if not outer_too:
            ours = [self.parameter(cls, p) for p in signature if p.kind is p.KEYWORD_ONLY]
            anything = self.need("Any", "typing")
            return [f"*args: {anything}", *ours, f"**kwargs: {anything}"]
        found = [self.parameter(cls, p) for p in signature]
        return [*found[: first_keyword(signature)], "*", *found[first_keyword(signature) :]]

    def parameter(self, cls: type, parameter: inspect.Parameter) -> str:
        shown = ast.unparse(ast.parse(parameter.annotation, mode="eval"))
        known = origins(scope_of(cls, parameter.name))
        for node in ast.walk(ast.parse(shown)):
            if isinstance(node, ast.Name) and (node.id in known or not hasattr(builtins, node.id)):
                self.need(node.id, defining(known[node.id], node.id))
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        return f"{parameter.name}: {shown}{default}"


def imported(module: str, names: list[str]) -> str:
    if not module:
        return "".join(f"import {name}\n" for name in names)
    line = f"from {module} import {', '.join(names)}\n"
    return line if len(line) <= 120 else f"from {module} import (\n{filled(names, 4)})\n"


def first_keyword(parameters) -> int:
    return [p.kind is p.KEYWORD_ONLY for p in parameters].index(True)


def public_module(cls: type) -> str:
    return "paddle.optimizer" if cls.__module__.startswith("paddle.optimizer.") else cls.__module__


def scope_of(cls: type, argument: str) -> str:
    """The module in which an argument's annotation was written."""
    _, algorithm, outer = cls.combination
    if argument == "parameters":
        return groups.__name__
    fields = [base for base in algorithm.__mro__ if argument in vars(base).get("__annotations__", {})]
    return (fields or [base for base in outer.__mro__ if "__init__" in vars(base)])[0].__module__


@lru_cache(maxsize=None)
def origins(module: str) -> dict[str, str]:
    """From each name that a module defines or imports, for type checkers too, to where it is from; "" for a module."""
    spec = importlib.util.find_spec(module)
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({name.name: "" for name in node.names})
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            source = importlib.util.resolve_name(source, spec.parent)
            found.update({name.name: source for name in node.names})
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found[node.name] = module
        elif isinstance(node, ast.Assign):
            found.update({target.id: module for target in node.targets if isinstance(target, ast.Name)})
    return found


def defining(module: str, name: str) -> str:
    """The module of ours that defines what a module of ours imports; another's as it is."""
    while module.startswith("paddle_metaopt") and origins(module)[name] != module:
        module = origins(module)[name]
    return module


def filled(items: list[str], indent: int) -> str:
    """Items with a comma behind each, in lines of at most 120 characters."""
    joined = " ".join(item.replace(" ", "\0") + "," for item in items)
    lines = textwrap.wrap(joined, 120 - indent, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{' ' * indent}{line}\n" for line in lines).replace("\0", " ")


def name_over(cls: type, outer: type | None) -> str:
    return f"{cls.__name__[: -len('Optimizer')]}Over{outer.__name__ if outer else ''}"


def over(stub: Stub, cls: type) -> list[str]:
    """The overloads of ``cls.over``."""
    stub.need("overload", "typing")
    combined = stub.need("combined", algorithms.__name__)
    given = {outer: f"{combined}.{outer.__name__}Class" for outer in OUTERS}
    given[None] = f"type[{stub.need('Optimizer', 'paddle.optimizer')}]"
    made = {outer: f"{combined}.{name_over(cls, outer)}" for outer in given}
    made[cls.combination.outer] = cls.__name__
    head = "    @overload\n    @classmethod\n"
    return [f"{head}    def over(cls, outer: {given[outer]}) -> type[{made[outer]}]: ...\n" for outer in given]


def stubs() -> dict[Path, str]:
    """The files and their content."""
    public, combined = Stub(), Stub()
    for outer in OUTERS:
        combined.add_protocol(outer)
    for cls in OPTIMIZERS:
        docstring = f'    """{cls.__doc__.strip()}\n    """\n\n'
        public.add_class(cls.__name__, cls.__bases__, public.parameters_of(cls), over(public, cls), docstring)
        for outer in OUTERS:
            made = cls.over(outer)
            if made is not cls:
                combined.add_class(name_over(cls, outer), made.__bases__, combined.parameters_of(made), [])
        own = cls.combination.outer
        bases = tuple(paddle.optimizer.Optimizer if base is own else base for base in cls.__bases__)
        combined.add_class(name_over(cls, None), bases, combined.parameters_of(cls, outer_too=False), [])
    return {FOLDER / "__init__.pyi": public.text(algorithms.__all__), FOLDER / "combined.pyi": combined.text([])}


if __name__ == "__main__":
    for path, content in stubs().items():
        path.write_text(content, encoding="utf-8")
