"""The only door to what Paddle's optimizers keep private: their groups, moments and settings, and their update."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import paddle

#: What an optimizer of Paddle's keeps by the names of parameters or by programs, and a method bound to it.
ATTRIBUTES_BY_NAME = frozenset({
    "_accumulators", "_accumulators_holder", "_already_create_accumulator", "_learning_rate_map", "_master_weights",
    "_param_device_map", "_params_name", "clear_gradients", "helper",
})  # fmt: skip


class AroundUpdates:
    """Mix-in for an optimizer class that counts its steps, and is told of each, and of each update of parameters,
    whether ``step()`` or ``minimize()`` takes it.

    Attributes
    ----------
    outer_steps : int
    """

    outer_steps = 0

    def step(self):
        """One outer step, as the optimizer class takes it."""
        self.before_step()
        super().step()
        self.outer_steps += 1

    def minimize(self, loss, *args, **kwargs):
        """One outer step with the gradients of a ``backward()`` before, as Paddle's ``minimize`` takes it in dynamic
        mode."""
        self.before_step()
        if has_groups(self):  # Paddle's own does not know groups
            pairs = [(p, p.grad) for p in parameters_of(self) if p.grad is not None]
            self.step()
            return [], pairs
        result = super().minimize(loss, *args, **kwargs)  # does not call step()
        self.outer_steps += 1
        return result

    def _apply_optimize(self, *args, **kwargs):
        # step() and minimize() come through here, once for each parameter group.
        self.before_update()
        result = super()._apply_optimize(*args, **kwargs)
        self.after_update()
        return result

    def before_step(self) -> None:
        """A step is about to be taken."""

    def before_update(self) -> None:
        """The parameters are about to move."""

    def after_update(self) -> None:
        """They have moved."""


def groups_of(optimizer) -> list:
    """The parameter groups of an optimizer, each a dict with its parameters as ``params``."""
    if has_groups(optimizer):
        return optimizer._param_groups
    return [{"params": list(optimizer._parameter_list)}]


def has_groups(optimizer) -> bool:
    """Whether its parameters were given as groups."""
    groups = optimizer._param_groups
    return bool(groups) and isinstance(groups[0], dict)


def parameters_of(optimizer) -> list:
    """Its parameters, in order."""
    return [p for group in groups_of(optimizer) for p in group["params"]]


def traits_of(optimizer) -> list:
    """What its parameters carry for it, in order: a pickled Parameter comes back as a Tensor without."""
    names = ("optimize_attr", "need_clip", "regularizer")
    return [{name: getattr(p, name) for name in names if hasattr(p, name)} for p in parameters_of(optimizer)]


def give_traits(optimizer, traits: list) -> None:
    """Put back what `traits_of` gave."""
    for p, carried in zip(parameters_of(optimizer), traits):
        for name, value in carried.items():
            setattr(p, name, value)


def has_settings_of_parameters(optimizer) -> bool:
    """Whether a group, or a parameter by itself, has settings of its own."""
    return has_groups(optimizer) or any(
        p.regularizer is not None or p.optimize_attr.get("learning_rate", 1.0) != 1.0 for p in parameters_of(optimizer)
    )


def has_settings_by_function(optimizer) -> bool:
    """Whether a function of the user's decides about single parameters."""
    return bool(getattr(optimizer, "_apply_decay_param_fun", None) or getattr(optimizer, "_lr_ratio", None))


def setting(optimizer, name: str) -> Any:
    """The value of a hyperparameter, by the name of its argument."""
    own = vars(optimizer)
    return own[f"_{name}"] if f"_{name}" in own else own[name]


def clip_of(optimizer) -> Any:
    """The ``grad_clip`` it was given."""
    return optimizer._grad_clip


def weight_decay_of(optimizer) -> Any:
    """The factor of its weight decay.

    Raises
    ------
    ValueError
        If that is not an L2 penalty, nor AdamW's.
    """
    if isinstance(optimizer, paddle.optimizer.AdamW):
        return optimizer._weight_decay
    decay = optimizer.regularization
    if decay is None:
        return getattr(optimizer, "_regularization_coeff", 0.0)
    if not isinstance(decay, paddle.regularizer.L2Decay):
        raise ValueError(f"inner_rule: a weight decay of kind {type(decay).__name__} has no counterpart; use L2Decay")
    return decay._coeff


def attributes_at_the_start(optimizer) -> dict[str, Any]:
    """The `ATTRIBUTES_BY_NAME` as they are before the first step."""
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
    """Where each tensor of ``optimizer.state_dict()`` belongs: Paddle's keys are made of the parameters' names, which
    differ in a second copy of the model.

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
    own = {"LR_Scheduler": state["LR_Scheduler"]} if "LR_Scheduler" in state else {}
    if masters:
        own["master_weights"] = {}
        for name, position in masters:
            master = optimizer._create_master_weight(parameters[position])
            master.set_value(_checked_shape(state["master_weights"][name], master, parameters, position))
            own["master_weights"][parameters[position].name] = master
    forget_what_was_loaded(optimizer)
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
    if tensors.keys() - own.keys():  # the state is of fewer steps
        own = {**_before_the_first_step(optimizer), **own}
    return own


def _before_the_first_step(optimizer) -> dict:
    """What the tensors of ``optimizer.state_dict()`` began with, by their names."""
    names = ("_accumulators", "_already_create_accumulator")
    present = {name: vars(optimizer)[name] for name in names}
    stepped = [p for p in parameters_of(optimizer) if p.name in optimizer._already_create_accumulator]
    vars(optimizer).update({name: attributes_at_the_start(optimizer)[name] for name in names})
    try:
        optimizer._create_accumulators(paddle.static.default_main_program().global_block(), stepped)
        begun = optimizer._accumulators
    finally:
        vars(optimizer).update(present)
    return {
        tensor.name: begun[accumulator][name]
        for accumulator, by_name in optimizer._accumulators.items()
        for name, tensor in by_name.items()
    }


def forget_what_was_loaded(optimizer) -> None:
    """Else Paddle asks the state that was loaded for the moments of parameters that come later."""
    optimizer._accumulators_holder = {}


def _checked_shape(value, tensor, parameters, position):
    if list(value.shape) != list(tensor.shape):
        raise ValueError(
            f"the state of parameter {position} ({parameters[position].name}) has shape {list(value.shape)}, expected "
            f"{list(tensor.shape)}: it is of another model"
        )
    return value
