"""Parameter groups as Paddle's optimizers take them, and what ours adds: an ``inner_lr`` for a group."""

from __future__ import annotations

import inspect

import paddle

from .inner_rates import rate_by_step


def outer_arguments(outer: type, args, kwargs) -> dict:
    """An outer optimizer's arguments by name, its parameters as a list of parameters or of groups.

    Raises
    ------
    TypeError
        If there is one that it does not have.
    ValueError
        If there are no parameters.
    """
    given = dict(inspect.signature(outer).bind(*args, **kwargs).arguments)
    given.update(given.pop("kwargs", {}))
    parameters = given.get("parameters")
    if parameters is None:
        raise ValueError("parameters: expected the parameters to learn, such as net.parameters(), got None")
    if not isinstance(parameters, (paddle.Tensor, str)):
        given["parameters"] = list(parameters)
    return given


def given_groups(parameters, of_the_whole: set) -> list:
    """The groups of what was given as ``parameters=``, each with its parameters as a list.

    Raises
    ------
    ValueError
        If a group has a key in `of_the_whole`, which is a choice for the whole optimizer.
    """
    if not isinstance(parameters, list):
        return []  # Paddle says what is wrong
    groups = parameters if parameters and isinstance(parameters[0], dict) else [{"params": parameters}]
    groups = [group for group in groups if isinstance(group, dict)]
    misplaced = sorted(of_the_whole.intersection(set().union(*groups)))
    if misplaced:
        raise ValueError(
            f"parameters: a group may carry its own inner_lr; {', '.join(misplaced)} is the whole optimizer's"
        )
    return [{**group, "params": _listed(group.get("params", []))} for group in groups]


def trainable(groups: list) -> list:
    """The trainable parameters of groups."""
    found = [p for group in groups for p in group["params"]]
    return [p for p in found if isinstance(p, paddle.Tensor) and not p.stop_gradient]


def with_learned_group(outer: type, parameters: list, learned: list, options) -> list:
    """Parameters for the outer optimizer, with a group of what is learned besides; not decayed unless asked."""
    groups = parameters if parameters and isinstance(parameters[0], dict) else [{"params": parameters}]
    no_decay = {
        name: 0.0 for name in ("weight_decay", "lamb_weight_decay") if name in inspect.signature(outer).parameters
    }
    return [*groups, {"weight_decay": 0.0, **no_decay, **(options or {}), "params": learned}]


def groups_of(optimizer) -> list:
    """The groups of an optimizer that exists."""
    groups = optimizer._param_groups
    if groups and isinstance(groups[0], dict):
        return groups
    return [{"params": list(optimizer._parameter_list)}]


def parameters_of(optimizer) -> list:
    """Its parameters, in order."""
    return [p for group in groups_of(optimizer) for p in group["params"]]


def rates_by_parameter(optimizer, inner_lr) -> dict:
    """id of a parameter to its inner rate as a function of the step: its group's, or `inner_lr`."""
    default = rate_by_step(inner_lr)
    return {
        id(p): rate_by_step(group["inner_lr"]) if "inner_lr" in group else default
        for group in groups_of(optimizer)
        for p in group["params"]
    }


def _listed(params) -> list:
    return [params] if isinstance(params, paddle.Tensor) else list(params)
