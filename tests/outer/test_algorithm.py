"""An algorithm of a user's own, made of what `paddle_metaopt.outer` gives, is in no way behind those of the package."""

import copy
import inspect
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import EXACT, Classifier, error_of_meta_gradient, in_double, labelled_episode

import paddle_metaopt as metaopt
from paddle_metaopt.outer import Algorithm, Learned, MetaOptimizer, all_but, itself, parameters_in


@dataclass(frozen=True, eq=False)
class Own(Algorithm):
    """Adapts all but a given part, begins with the head at zero, and has a learned factor for each parameter."""

    kept: Any = None
    head: Any = None
    factor: float = 0.9
    adapt: None = itself(None)

    def __post_init__(self):
        super().__post_init__()
        if not self.factor > 0:
            raise ValueError(f"factor: expected a number larger than 0, got {self.factor!r}")

    def adapts(self):
        return all_but(self.kept, "kept")

    def begin(self, beside, start, net, support):
        return {parameter: paddle.zeros_like(parameter) for parameter in parameters_in(self.head, "head")}

    def learns(self, weights):
        start = paddle.nn.initializer.Constant(self.factor)
        make = paddle.create_parameter
        return [Learned("factor", make([1], p.dtype, default_initializer=start), of=p) for p, _ in weights]

    def rate(self, beside, parameter, step):
        return beside.rate(parameter, step) * beside.learned("factor", parameter) / (step + 1)


class OwnOptimizer(MetaOptimizer, paddle.optimizer.Adam, algorithm=Own):
    pass


def parameter_of(shape=(1,)):
    return paddle.create_parameter(list(shape), "float64")


@pytest.mark.parametrize(
    "answers, error, message",
    [
        ({"learns": lambda self, weights: {"a": 1}}, TypeError, "learns: expected a list of Learned"),
        ({"learns": lambda self, weights: [parameter_of()]}, TypeError, "learns: expected a list of Learned"),
        ({"learns": lambda self, weights: [Learned("a", paddle.ones([1]))]}, TypeError, "must be a Parameter"),
        ({"learns": lambda self, weights: [Learned("a", parameter_of()), Learned("a", parameter_of())]},
         ValueError, "learns: 'a.' is there twice; give each another kind"),
        ({"rate": lambda self, beside, p, step: beside.learned("alpha", p)},
         ValueError, "nothing of the kind 'alpha' is learned beside a parameter; there is nothing"),
        ({"rate": lambda self, beside, p, step: "0.1"}, TypeError, "rate: expected a number or a Tensor for .*'0.1'"),
        ({"transform": lambda self, beside, p, gradient, step: None},
         TypeError, "transform: expected a Tensor for body.0.weight, got None"),
        ({"begin": lambda self, beside, start, net, support: [1]}, TypeError, "begin: expected a dict"),
        ({"begin": lambda self, beside, start, net, support: {paddle.ones([1]): paddle.ones([1])}},
         ValueError, "begin: expected trainable parameters of the net as keys"),
        ({"begin": lambda self, beside, start, net, support: dict.fromkeys(start, 0.0)},
         TypeError, "begin: expected a Tensor for body.0.weight, got 0.0"),
        ({"begin": lambda self, beside, start, net, support: {p: w.sum() for p, w in start.items()}},
         ValueError, "begin: body.0.weight has shape"),
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_says_what_was_expected(answers, error, message):
    algorithm = dataclass(frozen=True, eq=False)(type("Odd", (Algorithm,), answers))
    net = in_double(Classifier())
    with pytest.raises(error, match=message):
        optimizer = type("OddOptimizer", (MetaOptimizer, paddle.optimizer.Adam), {}, algorithm=algorithm)
        opt = optimizer(parameters=net.parameters())
        opt.meta_loss(net, [labelled_episode(1)], F.cross_entropy)
    assert all(p.is_leaf for p in net.parameters())


def test_an_optimizer_is_declared_with_an_algorithms_class():
    with pytest.raises(TypeError, match="algorithm=: expected a class derived from Algorithm"):
        type("OddOptimizer", (MetaOptimizer, paddle.optimizer.Adam), {}, algorithm=Algorithm())

    class Undecorated(Algorithm):
        factor: float = 0.9

    with pytest.raises(TypeError, match="factor of Undecorated would be no keyword; put @dataclass.frozen=True, eq=Fa"):
        type("OddOptimizer", (MetaOptimizer, paddle.optimizer.Adam), {}, algorithm=Undecorated)


@pytest.mark.parametrize(
    "answers, error, message",
    [
        ({}, NotImplementedError, r"Odd: expected a method step\(p, g, rate, \*slots\)"),
        ({"slots": lambda self, p: paddle.zeros_like(p)}, TypeError, "Odd.slots: expected a tuple"),
        ({"step": lambda self, p, g, rate: p - rate * g}, TypeError, "Odd.step: expected the moved parameter and a"),
        ({"step": lambda self, p, g, rate: (p - rate * g, p)}, TypeError, "got a tuple of Tensor, Tensor"),
        ({"step": lambda self, p, g, rate: (p - rate * g * paddle.ones([1, 1, 1], p.dtype), ())},
         ValueError, "made a weight of shape .* does something in it broadcast"),
    ],
)  # fmt: skip
def test_an_inner_rule_that_makes_no_sense_says_what_was_expected(answers, error, message):
    rule = type("Odd", (metaopt.inner_rules.InnerRule,), answers)()
    net = in_double(Classifier())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule=rule)
    with pytest.raises(error, match=message):
        opt.meta_loss(net, [labelled_episode(1)], F.cross_entropy)
    assert all(p.is_leaf for p in net.parameters())


def make(seed=1, cls=OwnOptimizer, **options):
    paddle.seed(seed)
    net = in_double(Classifier())
    given = {"parameters": net.parameters(), "kept": net.body[0], "head": net.head, "inner_lr": 0.3, "adapt_steps": 3}
    return net, cls(learning_rate=0.05, **{**given, **options})


def train(net, opt, seeds):
    for seed in seeds:
        opt.meta_loss(net, [labelled_episode(seed)], F.cross_entropy).backward()
        opt.step()
        opt.clear_grad()
    return [p.numpy().copy() for p in (*net.parameters(), *opt.learned.values())]


@pytest.mark.parametrize("way", EXACT)
@pytest.mark.parametrize("cls", [OwnOptimizer, OwnOptimizer.over(paddle.optimizer.Momentum)])
def test_its_meta_gradient_is_exact_over_any_outer_optimizer(cls, way):
    net, opt = make(cls=cls, meta_gradient=way)
    assert len(opt.learned) == len(net.parameters())
    train(net, opt, [1])  # away from where the factors start
    assert error_of_meta_gradient(net, opt, labelled_episode()) < 1e-6


@pytest.mark.parametrize("way_to_copy", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_goes_on_bit_for_bit(way_to_copy):
    net, opt = make()
    train(net, opt, range(2))
    try:
        pair = way_to_copy((net, opt))
    except TypeError:
        pytest.skip("Paddle before 3.3 pickles no Layer")
    for a, b in zip(train(net, opt, range(2, 4)), train(*pair, range(2, 4))):
        np.testing.assert_array_equal(a, b)


def test_its_state_goes_into_a_second_copy_of_the_model():
    (net, opt), (other_net, other) = make(), make(seed=2, factor=0.5)
    train(net, opt, range(2))
    other_net.set_state_dict(net.state_dict())
    other.set_state_dict(opt.state_dict())
    for a, b in zip(train(net, opt, range(2, 4)), train(other_net, other, range(2, 4))):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="another algorithm or model"):
        metaopt.MAMLOptimizer(parameters=net.parameters()).set_state_dict(opt.state_dict())


def test_its_choices_are_keywords_and_its_errors_name_the_optimizer():
    names = list(inspect.signature(OwnOptimizer).parameters)
    assert {"kept", "head", "factor", "inner_lr"} <= set(names) and "adapt" not in names
    with pytest.raises(ValueError, match="^OwnOptimizer: factor: expected a number larger than 0, got -1"):
        make(factor=-1)
    with pytest.raises(ValueError, match="^OwnOptimizer: adapt: OwnOptimizer has no such choice"):
        make(adapt=None)
    with pytest.raises(TypeError, match="^OwnOptimizer: .*fctor"):
        make(fctor=1)
    net, opt = make()
    assert metaopt.evaluate(net, opt, [labelled_episode()], F.cross_entropy).values.shape == (1,)
