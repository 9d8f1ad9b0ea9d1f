"""Parameter groups as Paddle's optimizers take them, and what ours adds: an ``inner_lr`` for a group."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Union

import numpy as np
import paddle

from ..inner_rules.rates import lasting, rate_by_step, require_fit

#: What users may give as ``parameters=``: a group may have an ``inner_lr`` beside what Paddle's have.
Parameters = Iterable[Union[paddle.Tensor, dict[str, Any]]]


@lru_cache(maxsize=None)
def signature_of(outer: type) -> inspect.Signature:
    """The arguments of an outer optimizer's class."""
    return inspect.signature(outer)


def outer_arguments(outer: type, args, kwargs, choices: Iterable[str]) -> dict:
    """An outer optimizer's arguments by name, its parameters as a list of parameters or of groups.

    Raises
    ------
    TypeError
        If there is one that it does not have; names those there are, and the algorithm's `choices`.
    ValueError
        If there are no parameters.
    """
    signature = signature_of(outer)
    try:
        given = dict(signature.bind(*args, **kwargs).arguments)
    except TypeError as error:
        raise TypeError(f"{error}; there are {', '.join([*signature.parameters, *choices])}") from None
    given.update(given.pop("kwargs", {}))
    parameters = given.get("parameters")
    if parameters is None:
        raise ValueError("parameters: expected the parameters to learn, such as parameters=net.parameters(), got None")
    given["parameters"] = _lasting_list(parameters)
    _require_parameters(given["parameters"])
    return given


def _lasting_list(parameters):
    """Parameters or groups as a list, each group with its parameters as a list and its ``inner_lr`` as it is now."""
    if isinstance(parameters, (paddle.Tensor, str, bytes, dict, np.ndarray)) or not isinstance(parameters, Iterable):
        return parameters
    return [
        {
            **entry,
            "params": _listed(entry.get("params", [])),
            **({"inner_lr": lasting(entry["inner_lr"])} if "inner_lr" in entry else {}),
        }
        if isinstance(entry, dict)
        else entry
        for entry in parameters
    ]


def _require_parameters(parameters):
    """Raise a TypeError for anything but a list of parameters, or of groups of them."""
    entries = parameters if isinstance(parameters, list) else [None]
    if entries and all(isinstance(entry, dict) for entry in entries):
        entries = [p for group in entries for p in group["params"]]
    if not entries or not all(isinstance(p, paddle.Tensor) for p in entries):
        raise TypeError(
            "parameters: expected a list of parameters, such as net.parameters(), or of groups, such as "
            f"[{{'params': net.parameters()}}], got {parameters!r}"
        )


def given_groups(parameters, of_the_whole: set) -> list:
    """The groups of what was given as ``parameters=``, each with its parameters as a list.

    Raises
    ------
    ValueError
        If a group has a key in `of_the_whole`, which is a choice for the whole optimizer, or one that is meant for
        `inner_lr` by its look: Paddle keeps keys that it does not know, without a word.
    """
    groups = parameters if isinstance(parameters[0], dict) else [{"params": parameters}]
    keys = set().union(*groups)
    misplaced = sorted(of_the_whole.intersection(keys))
    if misplaced:
        raise ValueError(
            f"parameters: a group may carry its own inner_lr; {', '.join(misplaced)} is the whole optimizer's"
        )
    unknown = sorted(key for key in keys - {"inner_lr"} if str(key).startswith("inner"))
    if unknown:
        raise ValueError(f"parameters: a group may carry its own inner_lr; there is no {', '.join(unknown)}")
    return groups


def trainable(groups: list) -> list:
    """The trainable parameters of groups."""
    return [p for group in groups for p in group["params"] if not p.stop_gradient]


def with_learned_group(outer: type, parameters: list, learned: list, options) -> list:
    """Parameters for the outer optimizer, with a group of what is learned besides; not decayed unless asked."""
    groups = parameters if isinstance(parameters[0], dict) else [{"params": parameters}]
    of_lamb = {"lamb_weight_decay": 0.0} if "lamb_weight_decay" in signature_of(outer).parameters else {}
    return [*groups, {"weight_decay": 0.0, **of_lamb, **(options or {}), "params": learned}]


def require_group_options(outer: type, options, learned: list) -> None:
    """Raise unless `options`, if given, are those of a parameter group for what is learned."""
    if options is None:
        return
    if not isinstance(options, dict) or "params" in options:
        raise TypeError(
            "learned_group: expected a dict of a parameter group's options without 'params', such as "
            f"{{'learning_rate': 0.1}}, got {options!r}"
        )
    known = {"learning_rate", "weight_decay", "grad_clip", *signature_of(outer).parameters}
    unknown = sorted(map(repr, set(options) - known))
    if unknown:
        raise ValueError(
            f"learned_group: {outer.__name__} has no option {', '.join(unknown)} of a parameter group; it has "
            f"{', '.join(sorted(known - {'parameters', 'name'}))}"
        )
    if not learned:
        raise ValueError("learned_group: nothing is learned besides the weights; leave the argument out")


def rates_by_parameter(groups: list, inner_lr, steps: int) -> dict:
    """id of a parameter to its inner rate as a function of the step: its group's, or `inner_lr`."""
    default = rate_by_step(inner_lr, steps)
    for group in groups:
        given = group.get("inner_lr", inner_lr)
        for rate in given if isinstance(given, (list, tuple)) else [given]:
            require_fit(rate, group["params"])
    return {
        id(p): rate_by_step(group["inner_lr"], steps) if "inner_lr" in group else default
        for group in groups
        for p in group["params"]
    }


def _listed(params) -> list:
    return list(params) if isinstance(params, Iterable) and not isinstance(params, paddle.Tensor) else [params]
