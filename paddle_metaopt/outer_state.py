"""The outer optimizer's state by the positions of its parameters.

Paddle's keys are made of the parameters' names, which differ in a second copy of the model.
"""

from __future__ import annotations

from collections import defaultdict

import paddle

from .groups import parameters_of

#: What an optimizer of Paddle's keeps by the names of parameters or by programs, and a method bound to it.
ATTRIBUTES_BY_NAME = frozenset({
    "_accumulators", "_accumulators_holder", "_already_create_accumulator", "_learning_rate_map", "_master_weights",
    "_param_device_map", "_params_name", "clear_gradients", "helper",
})  # fmt: skip


def start_of_an_optimizer(optimizer) -> dict:
    """Those attributes as they are before the first step."""
    return {
        "_accumulators": defaultdict(dict),
        "_accumulators_holder": {},
        "_already_create_accumulator": set(),
        "_learning_rate_map": {},
        "_master_weights": {},
        "_param_device_map": {},
        "_params_name": set(),
        "clear_gradients": optimizer.clear_grad,
        "helper": None,
    }


def places(optimizer) -> dict:
    """Where each tensor of ``optimizer.state_dict()`` belongs.

    Returns
    -------
    dict
        ``accumulators``: [key in the state, accumulator, position of its parameter]; ``masters``: [name of the
        parameter, its position] for each master weight.
    """
    position = {p.name: i for i, p in enumerate(parameters_of(optimizer))}
    masters = getattr(optimizer, "_master_weights", {})
    # The moments of a parameter with a master weight are kept under the master's name.
    position.update({master.name: position[name] for name, master in masters.items() if name in position})
    return {
        "accumulators": [
            [tensor.name, accumulator, position[name]]
            for accumulator, by_parameter in optimizer._accumulators.items()
            for name, tensor in by_parameter.items()
        ],
        "masters": [[name, position[name]] for name in masters],
    }


def translated(optimizer, state: dict, saved: dict) -> dict:
    """The state under this optimizer's own keys, with the tensors that hold it created.

    Parameters
    ----------
    optimizer : paddle.optimizer.Optimizer
    state : dict
        Of an optimizer for another copy of the model.
    saved : dict
        The `places` of that optimizer.

    Raises
    ------
    ValueError
        If the state is of another model, or of another class of optimizer.
    """
    parameters = parameters_of(optimizer)
    accumulators, masters = saved["accumulators"], saved.get("masters", [])
    if any(position >= len(parameters) for *_, position in (*accumulators, *masters)):
        raise ValueError(f"the state is of a model with more parameters than the {len(parameters)} of this optimizer")
    own = {"LR_Scheduler": state["LR_Scheduler"]} if "LR_Scheduler" in state else {}
    if masters:
        own["master_weights"] = {}
        for name, position in masters:
            master = optimizer._create_master_weight(parameters[position])
            master.set_value(_checked_shape(state["master_weights"][name], master, parameters, position))
            own["master_weights"][parameters[position].name] = master
    optimizer._accumulators_holder = {}
    stepped = sorted({position for *_, position in accumulators})
    optimizer._create_accumulators(
        paddle.static.default_main_program().global_block(), [parameters[position] for position in stepped]
    )
    ours = {(accumulator, position): key for key, accumulator, position in places(optimizer)["accumulators"]}
    tensors = {tensor.name: tensor for by_name in optimizer._accumulators.values() for tensor in by_name.values()}
    for key, accumulator, position in accumulators:
        if (accumulator, position) not in ours:
            raise ValueError(
                f"the state has {accumulator!r} of its parameters, which {type(optimizer).__name__} does not keep: it "
                "is of another class of optimizer"
            )
        own_key = ours[accumulator, position]
        own[own_key] = _checked_shape(state[key], tensors[own_key], parameters, position)
    return own


def _checked_shape(value, tensor, parameters, position):
    if list(value.shape) != list(tensor.shape):
        raise ValueError(
            f"the state of parameter {position} ({parameters[position].name}) has shape {list(value.shape)}, expected "
            f"{list(tensor.shape)}: it is of another model"
        )
    return value
