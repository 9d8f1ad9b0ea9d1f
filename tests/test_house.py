"""How the package is built: short files, classes with few names, imports that run one way, privates kept private."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from functools import lru_cache
from pathlib import Path

import paddle_metaopt

PACKAGE = Path(paddle_metaopt.__file__).parent

#: Each imports only what stands below it; those of one line don't import each other. None has to exist.
CHAIN = (
    {"algorithms"},
    {"outer"},
    {"meta_batch"},
    {"task"},
    {"meta_gradients", "inner_rules"},
    {"vmap"},
    {"double_grad"},
)

#: Above the chain: nothing there imports them.
FACE = {"", "evaluate", "model"}

#: Beside the chain: they know nothing of it.
APART = {"data", "models"}

#: Below all: they import only each other.
LEAVES = {
    *("errors", "tensors", "arguments", "random_states", "atomic_file", "checkpoint", "paddle_optimizers"),
    *("tune_cpu", "paddle_build", "callers"),
}

#: Those of the chain that are useful by themselves, and know nothing of meta-learning.
ALONE = {"vmap", "double_grad"}

MOST_LINES = 250
MOST_NAMES = 15

#: What does not hold yet. Who mends it deletes it here; nothing is to be added.
NOT_YET: dict[str, set] = {
    "places": set(),
    "imports": set(),
    "circles": set(),
    "lines": set(),
    "names": set(),
    "privates": set(),
}


def judge(what: str, found: dict[str, str]):
    """Nothing was found but what is known not to hold yet: `found` has a message for each."""
    new = [f"{key}: {message}" for key, message in sorted(found.items()) if key not in NOT_YET[what]]
    assert not new, "\n".join([f"{len(new)} broken:", *new])
    by_now = sorted(NOT_YET[what] - found.keys())
    assert not by_now, f"these hold by now; delete them in NOT_YET[{what!r}]: {by_now}"


def modules() -> dict[str, Path]:
    """Name within the package to file: ``data.episode``; ``data`` and the empty one for an ``__init__``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def part_of(module: str) -> str:
    """The folder or file at the top of the package that the module is, or is in."""
    return module.partition(".")[0]


def is_in_the_top_half(module: str) -> bool:
    return part_of(module) not in {"double_grad", "data"}


def file_of(module: str) -> str:
    return MODULES[module].relative_to(PACKAGE).as_posix()


# What imports what


def imports_of(module: str) -> set[str]:
    """The modules of the package that it imports, wherever in its file."""
    found = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {within(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = source_of(module, node)
            if source is not None:
                members = {f"{source}.{alias.name}".lstrip(".") for alias in node.names}
                found |= {member if member in MODULES else source for member in members}
    return found - {None, module}


def source_of(module: str, node: ast.ImportFrom) -> str | None:
    """The module of the package that a ``from ... import`` names, or None."""
    if not node.level:
        return within(node.module)
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module or ''}".strip(".")


def within(name: str) -> str | None:
    top, _, rest = name.partition(".")
    return rest if top == "paddle_metaopt" else None


def rank(part: str) -> int | None:
    """How far down the chain; None beside it."""
    return next((at for at, parts in enumerate(CHAIN) if part in parts), None)


def why_not(importing: str, imported: str) -> str | None:
    """Why one part of the package must not import another; None if it may."""
    if importing == imported or importing in FACE:
        return None
    if imported in FACE:
        return "that stands above"
    if importing in LEAVES:
        return None if imported in LEAVES else "a leaf module imports only leaf modules"
    if importing in APART:
        return None if imported in LEAVES | APART else "data and models know nothing of the chain"
    if importing in ALONE and imported in APART:
        return f"{importing} knows nothing of meta-learning"
    if rank(imported) is not None and rank(imported) <= rank(importing):
        return "that stands above or beside it in the chain"
    return None


PLACES = set().union(*CHAIN, FACE, APART, LEAVES)


def test_every_module_has_its_place():
    strangers = {part_of(module) for module in MODULES} - PLACES
    judge("places", dict.fromkeys(strangers, "in no place of the chain, nor above, beside or below it"))


def test_imports_run_down_the_chain():
    found = {}
    for module in MODULES:
        for imported in imports_of(module):
            parts = part_of(module), part_of(imported)
            why = why_not(*parts) if PLACES.issuperset(parts) else None
            if why:
                found[f"{module} -> {imported}"] = why
    judge("imports", found)


def test_no_imports_run_in_a_circle():
    judge("circles", {", ".join(circle): "each of them imports all, by way of the others" for circle in circles()})


def circles() -> list[list[str]]:
    """The modules that reach each other, set by set."""
    below = {module: reached_from(module) for module in MODULES}
    found = {tuple(sorted(b for b in below[a] if a in below[b])) for a in MODULES}
    return [list(circle) for circle in sorted(found) if circle]


def reached_from(module: str) -> set[str]:
    reached, stack = set(), [module]
    while stack:
        for imported in imports_of(stack.pop()) - reached:
            reached.add(imported)
            stack.append(imported)
    return reached


# What a file and a class hold


def test_files_can_be_read_in_one_sitting():
    lengths = {module: len(MODULES[module].read_text(encoding="utf-8").splitlines()) for module in MODULES}
    judge(
        "lines",
        {
            file_of(module): f"{length} lines, at most {MOST_LINES}"
            for module, length in lengths.items()
            if is_in_the_top_half(module) and length > MOST_LINES
        },
    )


def test_classes_have_few_public_names():
    found = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and is_in_the_top_half(module):
                names = sorted(names_of(node) - inherited(module, node))
                if len(names) > MOST_NAMES:
                    message = f"{len(names)} public names beyond its bases', at most {MOST_NAMES}: {', '.join(names)}"
                    found[f"{file_of(module)} {node.name}"] = message
    judge("names", found)


def names_of(cls: ast.ClassDef) -> set[str]:
    """Its public methods, properties, class attributes, and what its methods assign to ``self``."""
    names = set()
    for node in cls.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    for node in ast.walk(cls):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            names.add(node.attr)
    return {name for name in names if not name.startswith("_")}


def inherited(module: str, cls: ast.ClassDef) -> set[str]:
    """What its bases have, Paddle's too."""
    names = set()
    scope = vars(importlib.import_module(f"paddle_metaopt.{module}".rstrip(".")))
    for base in cls.bases:
        try:
            made = eval(ast.unparse(base), dict(scope))
        except NameError:  # one that a function makes
            continue
        names |= set(dir(made))
        for ancestor in getattr(made, "__mro__", ()):
            names |= names_in_source(ancestor)
    return names


@lru_cache(maxsize=None)
def names_in_source(cls: type) -> frozenset[str]:
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):  # not in Python
        return frozenset()
    return frozenset(names_of(ast.parse(source).body[0]))


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


# What is private


#: Paddle's, although modules of ours have such names too.
OF_PADDLE = {"_mean", "_variance", "_momentum", "_thread"}


def test_no_module_reads_anothers_private_attributes():
    """One of Paddle's own is one that no module of ours has."""
    own = {module: privates_of(tree) for module, tree in TREES.items()}
    ours = set().union(*own.values())
    found = {}
    for module, tree in TREES.items():
        for read, line in privates_read(module, tree):
            if read.rpartition(".")[2] in ours - own[module] - OF_PADDLE:
                found[f"{file_of(module)} {read}"] = f"line {line}: private to another module"
    judge("privates", found)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def privates_of(tree: ast.AST) -> set[str]:
    """The private names that the module defines, at its top, in its classes, or on ``self``."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            names.add(node.attr)
    return {name for name in names if is_private(name)}


def privates_read(module: str, tree: ast.AST):
    """(the expression, its line) for each private attribute of something else, and each private name imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and not is_own(node.value):
            yield ast.unparse(node), node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and is_by_name(node):
            if not is_own(node.args[0]):
                yield f"{ast.unparse(node.args[0])}.{node.args[1].value}", node.lineno
        elif isinstance(node, ast.ImportFrom) and source_of(module, node) is not None:
            for alias in node.names:
                if is_private(alias.name):
                    yield f"{source_of(module, node)}.{alias.name}", node.lineno


def is_own(node: ast.AST) -> bool:
    return is_self(node) or ast.unparse(node).startswith("super(")


def is_by_name(call: ast.Call) -> bool:
    """``getattr(thing, "_name")`` and the like."""
    if call.func.id not in {"getattr", "setattr", "hasattr", "delattr"} or len(call.args) < 2:
        return False
    name = call.args[1]
    return isinstance(name, ast.Constant) and isinstance(name.value, str) and is_private(name.value)
