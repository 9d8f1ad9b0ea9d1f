"""An inner rule from what a user gives: a name, a rule, or a live optimizer of Paddle's."""

from __future__ import annotations

import inspect

import paddle

from .. import paddle_optimizers
from .adam import Adam, Adamax, AdamW, NAdam, RAdam
from .adaptive import Adadelta, Adagrad, RMSProp
from .lion import Lion
from .sgd import SGD, Momentum

_RULES = (SGD, Momentum, Adam, AdamW, Adamax, Adagrad, Adadelta, RMSProp, NAdam, RAdam, Lion)
_BY_NAME = {rule.__name__.lower(): rule for rule in _RULES}


def inner_rule(choice):
    """The rule of that name, `choice` itself if it is one, or one with the settings of a ``paddle.optimizer``.

    Raises
    ------
    ValueError
        If there is no rule of that name, or the optimizer has a setting that no rule has.
    TypeError
        If it is none of these.
    """
    if isinstance(choice, str):
        if choice.lower() not in _BY_NAME:
            raise ValueError(f"inner_rule: no rule named {choice!r}; there are {', '.join(map(repr, _BY_NAME))}")
        return _BY_NAME[choice.lower()]()
    if isinstance(choice, paddle.optimizer.Optimizer):
        return _like(choice)
    has_methods = all(callable(getattr(choice, method, None)) for method in ("init", "update"))
    if not has_methods or isinstance(choice, type):
        raise TypeError(
            "inner_rule: expected a name, an inner rule such as inner_rules.SGD(), or a paddle.optimizer object whose "
            f"settings are taken over; got {choice!r}"
        )
    return choice


def settings_beside_the_rule(optimizer) -> dict:
    """What a live optimizer says about the inner loop besides the rule: its present rate, and how it clips."""
    return {"inner_lr": float(optimizer.get_lr()), "inner_grad_clip": paddle_optimizers.clip_of(optimizer)}


def _like(optimizer):
    rule = _BY_NAME.get(type(optimizer).__name__.lower())
    if rule is None or getattr(paddle.optimizer, rule.__name__, None) is not type(optimizer):
        raise ValueError(
            f"inner_rule: there is no rule like {type(optimizer).__name__}; there are {', '.join(map(repr, _BY_NAME))}"
        )
    if paddle_optimizers.has_settings_by_function(optimizer):
        raise ValueError("inner_rule: apply_decay_param_fun and lr_ratio have no counterpart in the inner loop")
    if paddle_optimizers.has_settings_of_parameters(optimizer):
        raise ValueError(
            "inner_rule: the settings of the optimizer's parameter groups, and the regularizers and learning rates of "
            "single parameters, have no counterpart in the inner loop; give the rule itself, such as "
            f"inner_rules.{rule.__name__}(), and inner_lr in the groups of the outer optimizer"
        )
    settings = {
        name: paddle_optimizers.setting(optimizer, name)
        for name in inspect.signature(rule).parameters
        if name != "weight_decay"
    }
    return rule(weight_decay=paddle_optimizers.weight_decay_of(optimizer), **settings)
