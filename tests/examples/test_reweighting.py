"""reweighting.py: wrong labels lose their weight, and the page shows what does it."""

import re
import runpy

import numpy as np
import paddle
import paddle.nn.functional as F
from helpers import ROOT

import paddle_metaopt as metaopt


def test_wrong_labels_lose_their_weight(run_here):
    output = run_here("reweighting.py", "--steps", 150, "--seeds", 0)
    found = re.findall(r"^(.+): accuracy (\S+) \(.*wrong labels have (\d+)%", output, re.MULTILINE)
    accuracy, share = ({name: float(row[at]) for name, *row in found} for at in (0, 1))
    assert share["reweighted"] < 0.5 * share["all alike"]
    assert accuracy["reweighted"] > accuracy["all alike"] + 0.1


def test_weights_are_the_slope_of_the_loss_after_a_step():
    """In float64, against a step by hand that counts one example a little."""
    example_weights = runpy.run_path(str(ROOT / "examples/reweighting.py"))["example_weights"]
    paddle.seed(0)
    net = paddle.nn.Sequential(paddle.nn.Linear(3, 4), paddle.nn.Tanh(), paddle.nn.Linear(4, 2)).to(dtype="float64")
    look_ahead = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1).adapter(net)
    (x, y), (clean_x, clean_y) = [(paddle.randn([n, 3], "float64"), paddle.randint(0, 2, [n])) for n in (5, 7)]
    paddle.set_default_dtype("float64")
    try:
        weights = example_weights(look_ahead, x, y, clean_x, clean_y).numpy()
    finally:
        paddle.set_default_dtype("float32")
    assert all(p.grad is None for p in net.parameters())

    start = [p.clone().detach() for p in net.parameters()]

    def loss_after(example, weight):
        loss = F.cross_entropy(net(x[example : example + 1]), y[example : example + 1])
        gradients = paddle.grad(loss, net.parameters())
        for p, gradient in zip(net.parameters(), gradients):
            p.set_value(p - 0.1 * weight * gradient)
        loss = float(F.cross_entropy(net(clean_x), clean_y))
        for p, value in zip(net.parameters(), start):
            p.set_value(value)
        return loss

    fall = np.array([(loss_after(i, -1e-4) - loss_after(i, 1e-4)) / 2e-4 for i in range(5)])
    assert abs(weights - fall.clip(0) / fall.clip(0).sum()).max() < 1e-6
    assert (weights > 0).any() and (weights == 0).any()


def test_the_page_shows_the_function_of_the_example():
    page = (ROOT / "docs/reweighting.md").read_text("utf-8")
    program = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    assert program[program.index("def ") :] in (ROOT / "examples/reweighting.py").read_text("utf-8")
