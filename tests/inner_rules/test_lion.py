"""Lion against its formula, and its meta-gradient against differences."""

import numpy as np
import paddle
from helpers import Classifier, error_of_meta_gradient, in_double, labelled_episode

import paddle_metaopt as metaopt


def test_lion_is_its_formula_and_exact():
    paddle.seed(1)
    net = in_double(Classifier())
    rule = metaopt.inner_rules.Lion(0.8, 0.9, weight_decay=0.1)
    weights = {"w": paddle.to_tensor([1.0, -2.0, 0.5], "float64")}
    state = rule.init(weights)
    m, w = np.zeros(3), weights["w"].numpy()
    for g in (np.array([0.3, -0.1, 0.0]), np.array([-0.05, 0.4, -1.0])):
        weights, state = rule.update(weights, {"w": paddle.to_tensor(g)}, {"w": 0.01}, state)
        w = w - 0.01 * (np.sign(0.8 * m + 0.2 * g) + 0.1 * w)
        m = 0.9 * m + 0.1 * g
        np.testing.assert_allclose(weights["w"].numpy(), w, rtol=1e-12)
    opt = metaopt.MAMLOptimizer(
        parameters=net.parameters(), inner_rule=metaopt.inner_rules.Lion(weight_decay=0.1), inner_lr=0.01, adapt_steps=3
    )
    assert error_of_meta_gradient(net, opt, labelled_episode()) < 1e-6
    assert type(metaopt.MAMLOptimizer(parameters=net.parameters(), inner_rule="lion").plan.step.rule) is type(rule)
