"""Nets with complex parameters: what is learned beside these is real, lengths count both parts, and what has no meaning
for them says so."""

import paddle
import paddle.nn.functional as F
import pytest
from helpers import complex_parameter
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt.double_grad.testing import compare_with_differences
from paddle_metaopt.meta_gradients import Implicit

pytestmark = pytest.mark.usefixtures("float64")


class Turning(nn.Layer):
    """A complex layer between real ones."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 3)
        self.turn = complex_parameter([0.5 + 1.0j, -1.0 + 0.5j, 1.0j, 0.3 - 0.8j])

    def forward(self, x):
        return self.last((self.turn * F.tanh(self.first(x)).astype("complex128") + 0.2j * self.turn).abs())


def make():
    paddle.seed(3)
    net = Turning()
    labels = paddle.to_tensor([0, 1, 2, 0, 1, 2])
    return net, [[(paddle.randn([6, 3]), labels) for _ in range(2)] for _ in range(2)]


def error_of(net, opt, tasks, **options):
    tensors = [*net.parameters(), *opt.learned.values()]
    opt.meta_loss(net, tasks, F.cross_entropy, **options).backward()
    gradients = [None if t.grad is None else t.grad.numpy().copy() for t in tensors]
    opt.clear_grad()
    found = compare_with_differences(
        lambda: float(opt.meta_loss(net, tasks, F.cross_entropy, **options)), gradients, tensors, directions=2
    )
    return found.error


CHOICES = {
    "by norm": (metaopt.MAMLOptimizer, {"inner_grad_clip": nn.ClipGradByNorm(0.05)}),
    "by global norm": (metaopt.MAMLOptimizer, {"inner_grad_clip": nn.ClipGradByGlobalNorm(0.1)}),
    "a rate for each element": (metaopt.MetaSGDOptimizer, {}),
    "a rate for each step": (metaopt.MAMLPlusPlusOptimizer, {}),
    "a transform": (metaopt.MetaCurvatureOptimizer, {}),
    "none": (metaopt.MAMLOptimizer, {}),
    "a learned rate": (metaopt.MAMLOptimizer, {"inner_lr": 0.1}),
}


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("way", ["unrolled", "checkpointed"])
@pytest.mark.parametrize("choice", CHOICES)
def test_the_meta_gradient_is_exact(choice, way, vectorize):
    net, tasks = make()
    optimizer, options = CHOICES[choice]
    options = {"inner_lr": 0.3, **options}
    if choice == "a learned rate":
        options["inner_lr"] = paddle.create_parameter([1], "float64", default_initializer=nn.initializer.Constant(0.3))
    opt = optimizer(parameters=net.parameters(), adapt_steps=2, meta_gradient=way, **options)
    assert all(not value.is_complex() for value in opt.learned.values())
    assert error_of(net, opt, tasks, vectorize=vectorize) < 1e-6


@pytest.mark.parametrize("vectorize", [True, False])
def test_differences_of_gradients_give_it_too(vectorize):
    net, tasks = make()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2, meta_gradient="hessian_free")
    assert error_of(net, opt, tasks, vectorize=vectorize) < 1e-6


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("solver", ["cg", "neumann"])
def test_the_implicit_gradient_is_that_of_the_inner_minimum(solver, vectorize):
    net, tasks = make()
    way = Implicit(proximal=4.0, solver=solver, iterations=80, tolerance=1e-13)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.15, adapt_steps=50, meta_gradient=way)
    assert error_of(net, opt, tasks, vectorize=vectorize) < 1e-6


def test_what_has_no_meaning_for_complex_parameters_is_refused():
    net, tasks = make()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_grad_clip=nn.ClipGradByValue(0.1))
    with pytest.raises(TypeError, match="ClipGradByValue bounds real numbers, .* use ClipGradByNorm or"):
        opt.meta_loss(net, tasks, F.cross_entropy)
    net.turn.need_clip = False
    opt.meta_loss(net, tasks, F.cross_entropy)
    with pytest.raises(TypeError, match="ALFAOptimizer: parameters: ALFA makes rates .* some of these are complex"):
        metaopt.ALFAOptimizer(parameters=net.parameters())
    net.turn.stop_gradient = True
    metaopt.ALFAOptimizer(parameters=net.parameters())
