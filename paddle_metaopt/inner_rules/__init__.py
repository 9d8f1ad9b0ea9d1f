"""Inner update rules: each one a pure, differentiable function of weights and gradients."""

from .adam import Adam, Adamax, AdamW, NAdam, RAdam
from .adaptive import Adadelta, Adagrad, RMSProp
from .choice import inner_rule, settings_beside_the_rule
from .clipping import clip_gradients
from .inner_step import InnerStep
from .lion import Lion
from .rule import InnerRule, learned_in
from .sgd import SGD, Momentum

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "InnerRule",
    "InnerStep",
    "Lion",
    "Momentum",
    "NAdam",
    "RAdam",
    "RMSProp",
    "clip_gradients",
    "inner_rule",
    "learned_in",
    "settings_beside_the_rule",
]
