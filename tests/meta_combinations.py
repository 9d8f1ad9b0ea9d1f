"""Every algorithm, way back and inner rule, as a table; and the meta-gradient of each against its definition.

The exact ways, and hessian_free, are compared with differences of the whole procedure; the implicit one with
differences of the query loss at the inner minimum; first_order with differences of the procedure in which the inner
gradients are numbers; Reptile's with the way it went.
"""

from __future__ import annotations

import itertools

import numpy as np
import paddle
import paddle.nn.functional as F
from helpers import episode, gradients_of, make_net
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import inner_rules
from paddle_metaopt.double_grad.testing import compare_with_differences

RULES = {
    "sgd": lambda: inner_rules.SGD(),
    "momentum": lambda: inner_rules.Momentum(0.8),
    "nesterov": lambda: inner_rules.Momentum(0.8, use_nesterov=True),
    "adam": lambda: inner_rules.Adam(epsilon=1e-3),
    "adamw": lambda: inner_rules.AdamW(epsilon=1e-3),
    "adamax": lambda: inner_rules.Adamax(epsilon=1e-3),
    "adagrad": lambda: inner_rules.Adagrad(epsilon=1e-3),
    "adadelta": lambda: inner_rules.Adadelta(epsilon=1e-2),
    "rmsprop": lambda: inner_rules.RMSProp(epsilon=1e-2),
    "nadam": lambda: inner_rules.NAdam(epsilon=1e-3),
    "radam": lambda: inner_rules.RAdam(beta2=0.9, epsilon=1e-3),
    "lion": lambda: inner_rules.Lion(0.8, 0.9),
}

#: ProtoMAML is not among them: its head needs labels.
ALGORITHMS = {
    "maml": lambda net, **o: _make(metaopt.MAMLOptimizer, net, {"inner_lr": 0.1, **o}),
    "anil": lambda net, **o: _make(metaopt.ANILOptimizer, net, {"inner_lr": 0.1, "head": net.head, **o}),
    "boil": lambda net, **o: _make(metaopt.BOILOptimizer, net, {"inner_lr": 0.1, "head": net.head, **o}),
    "meta_sgd": lambda net, **o: _make(metaopt.MetaSGDOptimizer, net, o),
    "maml_plus_plus": lambda net, **o: _make(metaopt.MAMLPlusPlusOptimizer, net, o),
    "meta_curvature": lambda net, **o: _make(metaopt.MetaCurvatureOptimizer, net, o),
    "alfa": lambda net, **o: _make(metaopt.ALFAOptimizer, net, o),
    "cavia": lambda net, **o: _make(metaopt.CAVIAOptimizer, net, {"inner_lr": 0.1, "context": net.head.bias, **o}),
    "t_net": lambda net, **o: _make(metaopt.TNetOptimizer, net, {"inner_lr": 0.1, "warp": net.there, **o}),
    "reptile": lambda net, **o: _make(metaopt.ReptileOptimizer, net, o),
    "imaml": lambda net, **o: _make(metaopt.IMAMLOptimizer, net, o),
}


def _make(cls, net, options):
    return cls(1e-3, parameters=net.parameters(), **options)


#: Those that learn something besides the net's weights.
LEARNING = ("meta_sgd", "maml_plus_plus", "meta_curvature", "alfa")

#: Of the relative error, for each way back; Reptile has none.
BOUNDS = {
    "unrolled": 1e-6, "checkpointed": 1e-6, "first_order": 1e-6, "implicit": 1e-6, "hessian_free": 1e-5, None: 1e-12,
}  # fmt: skip

#: The implicit gradient is that of the inner minimum, so the inner loop has to arrive there.
_TO_THE_MINIMUM = {"adapt_steps": 80, "inner_lr": 0.1}
_SLOWER = {"sgd": 0.07, "nesterov": 0.05, "rmsprop": 0.07}
_RULES_TO_THE_MINIMUM = {
    "adam": lambda: inner_rules.Adam(0.5, 0.9, epsilon=1.0),
    "adamw": lambda: inner_rules.AdamW(0.5, 0.9, epsilon=1.0, weight_decay=0.0),
    "adamax": lambda: inner_rules.Adamax(0.5, 0.9, epsilon=0.1),
    "adagrad": lambda: inner_rules.Adagrad(epsilon=1.0),
    "adadelta": lambda: inner_rules.Adadelta(epsilon=1e-2, rho=0.9),
    "rmsprop": lambda: inner_rules.RMSProp(epsilon=1.0, rho=0.9),
    "nadam": lambda: inner_rules.NAdam(0.5, 0.9, epsilon=1.0),
    "radam": lambda: inner_rules.RAdam(0.5, 0.9, epsilon=1.0),
    "momentum": lambda: inner_rules.Momentum(0.5),
    "nesterov": lambda: inner_rules.Momentum(0.5, use_nesterov=True),
}


def alike(algorithm: str, nets, **options) -> list:
    """An optimizer for each net; what they draw, Meta-SGD's rates and ALFA's net, is the same for all."""
    made = []
    for net in nets:
        paddle.seed(4)
        made.append(ALGORITHMS[algorithm](net, **options))
    return made


def step(net, opt, seed):
    paddle.seed(seed)
    opt.meta_loss(net, [episode()], F.mse_loss).backward()
    opt.step()
    opt.clear_grad()


def assert_a_second_copy_goes_on(algorithm: str, net, opt, folder):
    """Loaded into another copy of the model and trained on, an optimizer does bit for bit what the first does."""
    paddle.save(net.state_dict(), str(folder / "net"))
    paddle.save(opt.state_dict(), str(folder / "opt"))
    copy = make_net()
    other = ALGORITHMS[algorithm](copy, adapt_steps=2)
    # The copy's parameters have other names.
    assert [p.name for p in copy.parameters()] != [p.name for p in net.parameters()]
    assert not opt.learned or list(other.learned) != list(opt.learned)
    copy.set_state_dict(paddle.load(str(folder / "net")))
    other.set_state_dict(paddle.load(str(folder / "opt")))
    for seed in range(3, 6):
        step(net, opt, seed)
        step(copy, other, seed)
    for p, q in zip([*net.parameters(), *opt.learned.values()], [*copy.parameters(), *other.learned.values()]):
        np.testing.assert_array_equal(p.numpy(), q.numpy())


def offered(algorithm: str, way) -> bool:
    """Whether an algorithm has a way back; ``None`` stands for Reptile's own."""
    if algorithm in ("reptile", "imaml"):  # iMAML is MAML with the implicit way
        return algorithm == "reptile" and way is None
    return way is not None and not (way == "implicit" and algorithm in LEARNING)


def rules_of(algorithm: str, way) -> list:
    """The inner rules that an algorithm has with a way back; ``None`` stands for ALFA's own."""
    if algorithm == "alfa":
        return [None]
    # Lion's steps are of one size, so it comes to rest nowhere.
    return [rule for rule in RULES if way != "implicit" or rule != "lion"]


def combinations():
    """(algorithm, way back, inner rule): all that are offered."""
    for algorithm in ALGORITHMS:
        for way in BOUNDS:
            if offered(algorithm, way):
                for rule in rules_of(algorithm, way):
                    yield algorithm, way, rule


def of_every_pair() -> list:
    """As few of all combinations as have every pair of choices among them; gradient_product.py measures all."""
    pairs = {offer: set(itertools.combinations(enumerate(offer), 2)) for offer in combinations()}
    left = set().union(*pairs.values())
    chosen = []
    while left:
        chosen.append(max(pairs, key=lambda offer: len(pairs[offer] & left)))
        left -= pairs[chosen[-1]]
    return chosen


def error_of(algorithm: str, way, rule: str | None, steps: int = 2, directions: int = 2) -> float:
    """The relative error of a combination's meta-gradient, for the weights and all else that is learned."""
    net, task = make_net(), episode()
    options = {"adapt_steps": steps, **({"inner_rule": RULES[rule]()} if rule else {})}
    if way == "implicit":
        net.norm = nn.Identity()  # with it, the curvature is beyond what a fixed rate comes to rest at
        options = {**_TO_THE_MINIMUM, "inner_rule": _RULES_TO_THE_MINIMUM.get(rule, RULES[rule])()}
        options["inner_lr"] = _SLOWER.get(rule, options["inner_lr"])
        options["meta_gradient"] = metaopt.meta_gradients.Implicit(proximal=8.0, iterations=60, tolerance=1e-12)
        directions = 1  # each is hundreds of steps
    elif way is not None:
        options["meta_gradient"] = way
    opt = ALGORITHMS[algorithm](net, **options)
    tensors = [p for p in net.parameters() if not p.stop_gradient] + list(opt.learned.values())
    loss = opt.meta_loss(net, [task], F.mse_loss)
    loss.backward()
    gradients = gradients_of(tensors)
    if way is None:
        return _from_the_way_it_went(net, opt, task)
    if way == "first_order":
        _, inner_gradients = loss_after_steps_by_hand(net, opt, task)

        def value():
            return loss_after_steps_by_hand(net, opt, task, inner_gradients)[0]
    else:

        def value():
            return float(opt.meta_loss(net, [task], F.mse_loss)) if way != "implicit" else _adapted_loss(net, opt, task)

    assert abs(value() - float(loss)) < 1e-12
    return compare_with_differences(value, gradients, tensors, directions=directions).error


def loss_after_steps_by_hand(net, opt, task, inner_gradients=None) -> tuple:
    """The query loss after inner steps with these gradients, or with their own; and the gradients."""
    plan = opt.plan
    own = {name: p for name, p in net.named_parameters() if not p.stop_gradient}
    before = {name: p.clone().detach() for name, p in own.items()}
    begun = {}
    if plan.begin is not None:
        begun = {id(p): value for p, value in plan.begin({p: p for p in own.values()}, net, task.support).items()}
    start = {name: begun.get(id(p), before[name]) for name, p in own.items()}
    for name, weight in start.items():
        own[name].set_value(weight)
    fast = {name: w for name, w in start.items() if plan.adapts(name, own[name])}
    state = plan.step.before(fast)
    factors = [*[0.0] * (plan.adapt_steps - 1), 1.0]
    if plan.query_weights is not None:
        factors = plan.query_weights(plan.adapt_steps)
    total, taken = 0.0, []
    for number, factor in enumerate(factors):
        taken.append(inner_gradients[number] if inner_gradients else _gradients(net, own, list(fast), task.support))
        with paddle.no_grad():
            fast, state = plan.step(own, start, fast, taken[-1], state, number)
            for name, weight in fast.items():
                own[name].set_value(weight)
            total += factor * float(F.mse_loss(net(task.query[0]), task.query[1]))
    for name, weight in before.items():
        own[name].set_value(weight)
    return total, taken


def _gradients(net, own, names, support) -> dict:
    with metaopt.twice_differentiable():
        loss = F.mse_loss(net(support[0]), support[1])
        found = paddle.grad(loss, [own[name] for name in names], allow_unused=True)
    return {name: g for name, g in zip(names, found) if g is not None}


def _adapted_loss(net, opt, task) -> float:
    return metaopt.evaluate(net, opt, [task], F.mse_loss).mean


def _from_the_way_it_went(net, opt, task) -> float:
    with opt.adapter(net).task() as running:
        running.adapt(lambda: F.mse_loss(net(task.support[0]), task.support[1]))
        fast = {name: w.numpy() for name, w in running.fast_weights.items()}
    gradients = {name: p.grad for name, p in net.named_parameters() if name in fast}
    return max(
        float(np.abs((p.numpy() - fast[name]) - (0.0 if gradients[name] is None else gradients[name].numpy())).max())
        for name, p in net.named_parameters()
        if name in fast
    )
