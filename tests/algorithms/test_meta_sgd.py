"""Meta-SGD's rates."""

import numpy as np
from helpers import make_net
from meta_combinations import step

import paddle_metaopt as metaopt


def test_meta_sgd_draws_its_rates_from_the_papers_range_and_lets_them_go_negative():
    net = make_net()
    opt = metaopt.MetaSGDOptimizer(0.2, parameters=net.parameters())
    rates = np.concatenate([p.numpy().ravel() for p in opt.learned.values()])
    assert 0.005 <= rates.min() < 0.03 and 0.08 < rates.max() <= 0.1
    for seed in range(5):
        step(net, opt, seed)
    assert min(p.numpy().min() for p in opt.learned.values()) < 0
    fixed = metaopt.MetaSGDOptimizer(0.2, parameters=net.parameters(), inner_lr=0.05)
    assert all((p.numpy() == p.numpy().dtype.type(0.05)).all() for p in fixed.learned.values())  # float64 in all digits
