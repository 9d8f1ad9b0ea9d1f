"""From an algorithm's choices and an optimizer's parameters to the plan of a task."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..inner_rules import InnerStep
from ..inner_rules.rates import learned_rates
from ..task import Plan
from .algorithm import Algorithm
from .groups import given_groups, outer_arguments, require_group_options, trainable, with_learned_group
from .learned import Learned, PerParameter, beside_the_weights, learned_hyperparameters, weights_of


def rule_and_learned(algorithm: Algorithm, groups: list) -> tuple:
    """The inner rule for the parameters in these groups, and what is learned besides them, both new."""
    rates = {id(rate) for rate in learned_rates([algorithm.inner_lr])}
    weights = [w for w in weights_of(groups, algorithm.inner_lr) if id(w.parameter) not in rates]
    rule = algorithm.rule(weights)
    hyperparameters = learned_hyperparameters(groups, algorithm.inner_lr, rule)
    return rule, [*hyperparameters, *beside_the_weights(weights, hyperparameters, algorithm.learns)]


def construction(algorithm: Algorithm, outer: type, args: tuple, kwargs: dict) -> tuple[dict[str, Any], Any, list]:
    """The arguments of an outer optimizer, with what is learned among the parameters; and as `rule_and_learned`."""
    given = outer_arguments(outer, args, kwargs, algorithm.choices())
    algorithm.require_all()
    groups = given_groups(given["parameters"], set(algorithm.choices()) - {"inner_lr"})
    rule, learned = rule_and_learned(algorithm, groups)
    require_group_options(outer, algorithm.learned_group, learned)
    passed = {id(p) for p in trainable(groups)}
    further = [entry.value for entry in learned if id(entry.value) not in passed]
    if further:
        given["parameters"] = with_learned_group(outer, given["parameters"], further, algorithm.learned_group)
    return given, rule, learned


def fixed_plan(algorithm: Algorithm, groups: list, rule, learned: list[Learned]) -> Plan:
    """The plan of the first outer step, which knows the parameters in the groups by their ids."""
    ours = {id(entry.value) for entry in learned}
    nets = [group for group in groups if not all(id(p) in ours for p in group["params"])]
    beside = PerParameter(algorithm.given_rates(nets), learned, algorithm.inner_lr)
    way = algorithm.way()

    def own(method):
        return getattr(type(algorithm), method) is not getattr(Algorithm, method)

    return Plan(
        adapts=algorithm.adapts_among({id(p) for group in groups for p in group["params"]}),
        step=InnerStep(
            rule=rule,
            rate=partial(algorithm.rate, beside),
            transform=partial(algorithm.transform, beside) if own("transform") else None,
            clip=algorithm.inner_grad_clip,
            proximal=way.proximal,
        ),
        adapt_steps=algorithm.adapt_steps,
        way=way,
        begin=partial(algorithm.begin, beside) if own("begin") else None,
        head=algorithm.fixed_head(),
        learned={entry.name: entry.value for entry in learned},
    )
