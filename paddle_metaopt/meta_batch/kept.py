"""Names to which user code can give another value: each says whether it has one now, and gets its own again."""

from __future__ import annotations

from types import BuiltinFunctionType


class Attributes:
    """Those of a Layer."""

    def __init__(self, layer):
        self._layer, self.values = layer, dict(vars(layer))

    def change(self) -> str | None:
        """What was done to it, if anything was."""
        before = self.values
        for name, value in vars(self._layer).items():
            if before.get(name) is not value and name not in _WRITTEN_WITHOUT_A_CHANGE:
                return f"{type(self._layer).__name__}.{name} was written in forward"
        return None

    def put_back(self):
        present = vars(self._layer)
        for name in present.keys() - self.values.keys():
            del present[name]
        present.update(self.values)


class Variables:
    """Those of these names in a namespace: a module's globals, or the attributes of a class."""

    def __init__(self, owner, names):
        self._owner = owner
        present = self._present()
        self.values = {name: present.get(name, _MISSING) for name in names}

    def _present(self):
        return self._owner if isinstance(self._owner, dict) else vars(self._owner)

    def change(self):
        present = self._present()
        for name, value in self.values.items():
            # An op that a module holds under a name of its own has a stand-in while tasks are batched.
            if present.get(name, _MISSING) is not value and type(value) is not BuiltinFunctionType:
                return f"the variable {self._shown(name)} was written"
        return None

    def _shown(self, name: str) -> str:
        owner = self._owner.get("__name__") if isinstance(self._owner, dict) else self._owner.__name__
        return f"{owner}.{name}"

    def put_back(self):
        present = self._present()
        for name, value in self.values.items():
            if present.get(name, _MISSING) is not value:
                self._write(name, value)

    def _write(self, name: str, value):
        if isinstance(self._owner, dict):
            self._owner.pop(name) if value is _MISSING else self._owner.update({name: value})
        else:
            delattr(self._owner, name) if value is _MISSING else setattr(self._owner, name, value)


class Cells:
    """The variables of outer functions that a function refers to."""

    def __init__(self, function):
        self._function, self._cells = function, function.__closure__
        self.values = list(map(_content, self._cells))

    def change(self):
        for name, cell, value in zip(self._function.__code__.co_freevars, self._cells, self.values):
            if _content(cell) is not value:
                return f"the variable {name!r} that {self._function.__qualname__} refers to was written"
        return None

    def put_back(self):
        for cell, value in zip(self._cells, self.values):
            if _content(cell) is not value:
                cell.cell_contents = value


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # of a name that has no value yet
        return _MISSING


_MISSING = object()

#: How BatchNorm1D spells its layout after its first call; and that a layer with a hook was called.
_WRITTEN_WITHOUT_A_CHANGE = frozenset({"_data_format", "_built"})
