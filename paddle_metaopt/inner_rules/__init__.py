"""Inner update rules: each one a pure, differentiable function of weights and gradients."""

from .clipping import clip_gradients
from .sgd import SGD

_BY_NAME = {"sgd": SGD}


def inner_rule(rule):
    """The rule of that name, or `rule` itself if it is one.

    Raises
    ------
    ValueError
        If there is no rule of that name.
    TypeError
        If it is neither a name nor a rule.
    """
    if isinstance(rule, str):
        if rule.lower() not in _BY_NAME:
            raise ValueError(f"inner_rule: no rule named {rule!r}; there are {', '.join(map(repr, _BY_NAME))}")
        return _BY_NAME[rule.lower()]()
    if not callable(getattr(rule, "update", None)):
        raise TypeError(f"inner_rule: expected a name or an inner rule such as inner_rules.SGD(), got {rule!r}")
    return rule


__all__ = ["SGD", "clip_gradients", "inner_rule"]
