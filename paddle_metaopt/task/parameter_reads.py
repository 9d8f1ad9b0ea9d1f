"""Whether anything reads the parameters of layers, also by value, of which no graph tells."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from ..double_grad.undo import Undo


def noted_in(reads: list, own: list) -> Undo:
    """From now on each read is noted in `reads`; what is returned is a context to be left.

    Parameters
    ----------
    reads : list
    own : list of tuple
        (layer, the dict of its parameters).
    """
    ended = Undo(partial(put_back, own), frozenset(id(parameters) for _, parameters in own))
    for layer, parameters in own:
        vars(layer)["_parameters"] = noting = _Noting(parameters)
        noting.reads = reads
    return ended


def put_back(own: list):
    """Nothing is noted any more."""
    for layer, parameters in own:
        present = layer._parameters
        if present is not parameters:
            parameters.clear()
            parameters.update(OrderedDict.items(present))
            vars(layer)["_parameters"] = parameters


def _noting(name):
    def method(self, *args):
        self.reads.append(name)
        return getattr(OrderedDict, name)(self, *args)

    return method


_Noting = type("_Noting", (OrderedDict,), {name: _noting(name) for name in ("__getitem__", "get", "items", "values")})
