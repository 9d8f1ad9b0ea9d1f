"""Every algorithm, way back and inner rule, as a table; and the meta-gradient of each against differences."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import inner_rules
from paddle_metaopt.double_grad.checking import compare_with_differences

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
}

ALGORITHMS = {
    "maml": lambda net, **o: metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), **{"inner_lr": 0.1, **o}),
    "anil": lambda net, **o: metaopt.ANILOptimizer(1e-3, parameters=net.parameters(), head=net.head, **{"inner_lr": 0.1, **o}),
    "boil": lambda net, **o: metaopt.BOILOptimizer(1e-3, parameters=net.parameters(), head=net.head, **{"inner_lr": 0.1, **o}),
    "meta_sgd": lambda net, **o: metaopt.MetaSGDOptimizer(1e-3, parameters=net.parameters(), **o),
    "maml_plus_plus": lambda net, **o: metaopt.MAMLPlusPlusOptimizer(1e-3, parameters=net.parameters(), **o),
    "meta_curvature": lambda net, **o: metaopt.MetaCurvatureOptimizer(1e-3, parameters=net.parameters(), **o),
}

#: What is exact to rounding, and the bound of what is not.
BOUNDS = {"unrolled": 1e-6, "checkpointed": 1e-6, "hessian_free": 1e-5}


class Net(nn.Layer):
    """With tied, frozen and unused parameters, and BatchNorm."""

    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1D(4)
        self.there, self.back = nn.Linear(4, 4), nn.Linear(4, 4)
        self.back.weight = self.there.weight
        self.frozen = nn.Linear(4, 4)
        for p in self.frozen.parameters():
            p.stop_gradient = True
        self.unused = nn.Linear(2, 2)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        h = F.tanh(self.norm(self.enter(x)))
        h = F.tanh(self.back(F.tanh(self.there(h))))
        return self.head(h + self.frozen(h))


def make_net():
    paddle.seed(8)
    net = Net()
    net.to(dtype="float64")
    return net


def episode():
    def part():
        return paddle.randn([6, 3], "float64"), paddle.randn([6, 2], "float64")

    paddle.seed(9)
    return metaopt.Episode(part(), part())


def combinations():
    """(algorithm, way back, inner rule): all that are offered and have a gradient to compare with."""
    for algorithm in ALGORITHMS:
        for way in BOUNDS:
            for rule in RULES:
                yield algorithm, way, rule


def error_of(algorithm: str, way: str, rule: str, steps: int = 2) -> float:
    """The relative error of a combination's meta-gradient, for the weights and all else that is learned."""
    net, task = make_net(), episode()
    opt = ALGORITHMS[algorithm](net, meta_gradient=way, inner_rule=RULES[rule](), adapt_steps=steps)
    tensors = [p for p in net.parameters() if not p.stop_gradient] + list(opt.learned.values())

    def value():
        return opt.meta_loss(net, [task], F.mse_loss)

    value().backward()
    gradients = [None if t.grad is None else t.grad.numpy().copy() for t in tensors]
    return compare_with_differences(lambda: float(value()), gradients, tensors).error
