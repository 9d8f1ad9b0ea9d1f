"""A task that diverges leaves the others their numbers, and is kept, named or dropped as the user says."""

import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn
from test_together import NETS, Reads, episodes, gradients

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")


def with_bad_ones(tasks, *bad, value=np.inf):
    """The tasks, of which some have a support set that makes everything of theirs nan."""

    def spoilt(task):
        (x, y), query = task
        return metaopt.Episode((x * value, y), query)

    return [spoilt(task) if number in bad else task for number, task in enumerate(tasks)]


@pytest.mark.parametrize("name", [name for name in NETS if name != "transformer"])
def test_others_scores_are_those_of_the_loop(name):
    make, tasks = NETS[name]
    paddle.seed(1)
    net, good = make(), tasks()
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.05, adapt_steps=2)

    def scores(tasks, vectorize):
        return metaopt.evaluate(net, opt, tasks, F.cross_entropy, vectorize=vectorize).values

    together, alone = (scores(with_bad_ones(good, 1), vectorize) for vectorize in (True, False))
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    unspoilt = scores(good, False)
    np.testing.assert_allclose(together[[0, 2]], unspoilt[[0, 2]], rtol=1e-9)
    assert not np.isclose(together[1], unspoilt[1])


CHOICES = {
    "clip": (metaopt.MAMLOptimizer, {"inner_grad_clip": nn.ClipGradByGlobalNorm(0.1)}),
    "adam": (metaopt.MAMLOptimizer, {"inner_rule": metaopt.inner_rules.Adam(epsilon=1e-2)}),
    "first_order": (metaopt.MAMLOptimizer, {"first_order": True}),
    "checkpointed": (metaopt.MAMLOptimizer, {"meta_gradient": "checkpointed"}),
    "implicit": (metaopt.IMAMLOptimizer, {"proximal": 20.0}),
    "evolution": (metaopt.MAMLOptimizer, {"meta_gradient": metaopt.meta_gradients.Evolution(0.1, 2)}),
    "meta_sgd": (metaopt.MetaSGDOptimizer, {}),
    "reptile": (metaopt.ReptileOptimizer, {}),
}


@pytest.mark.parametrize("vectorize", [True, False])
@pytest.mark.parametrize("name", CHOICES)
def test_dropped_the_mean_is_that_of_the_others(name, vectorize):
    paddle.seed(2)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))  # Paddle's relu makes zero of nan
    algorithm, options = CHOICES[name]
    opt = algorithm(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, **options)
    tasks = with_bad_ones(episodes(5), 2, 4)
    paddle.seed(3)
    with pytest.warns(RuntimeWarning, match=r"not finite: episodes\[2\], episodes\[4\], of 5 tasks"):
        found = gradients(net, opt, tasks, vectorize=vectorize, diverged="drop")
    alone = [episode for number, episode in enumerate(tasks) if number not in (2, 4)]
    if name == "evolution":  # each task's directions are those of its place
        assert all(np.isfinite(g).all() for g in found)
        return
    for a, b in zip(found, gradients(net, opt, alone)):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


CONVOLUTIONS = {
    "1d": (lambda: nn.Sequential(nn.Conv1D(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(9, 3)), (2, 5)),
    "2d": (lambda: nn.Sequential(nn.Conv2D(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(18, 3)), (1, 5, 5)),
}


@pytest.mark.parametrize("vectorize", ["auto", True, False])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_single_task_that_runs_as_a_batch_may_diverge(name, vectorize):
    make, features = CONVOLUTIONS[name]
    paddle.seed(8)
    net, good = make(), episodes(3, features=features)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    tasks = with_bad_ones(good, 1)
    with pytest.warns(RuntimeWarning, match=r"not finite: episodes\[1\], of 3"):
        found = gradients(net, opt, tasks, vectorize=vectorize, diverged="drop")
    for f, e in zip(found, gradients(net, opt, [good[0], good[2]], vectorize=False)):
        np.testing.assert_allclose(f, e, rtol=1e-9, atol=1e-12)
    with pytest.raises(metaopt.DivergedError, match=r"episodes\[1\] diverged"):
        opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize, diverged="raise")


@pytest.mark.parametrize("vectorize", ["auto", False])
def test_raised_the_error_names_the_task(vectorize):
    paddle.seed(4)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    tasks = with_bad_ones(episodes(4), 2)
    with pytest.raises(metaopt.DivergedError, match=r"episodes\[2\] diverged: its query loss is nan.*inner_grad_clip="):
        opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize, diverged="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fine = [gradients(net, opt, episodes(3), diverged=choice) for choice in ("raise",)]
        kept = opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize)
    assert np.isfinite(fine[0][0]).all() and np.isnan(float(kept))


@pytest.mark.parametrize("vectorize", ["auto", False])
def test_a_gradient_alone_may_diverge(vectorize):
    paddle.seed(5)
    net = nn.Linear(4, 1)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, first_order=True)

    def loss_fn(output, y):
        return paddle.sqrt((output - output.detach() + y.astype("float64")[0]).sum())

    x, y = paddle.randn([1, 4]), paddle.ones([1], "int64")
    tasks = [((x, y), (x, y)), ((x, y), (x, 0 * y)), ((x, y), (x, y))]  # the root of zero has an infinite slope
    with pytest.warns(RuntimeWarning, match=r"not finite: episodes\[1\], of 3"):
        opt.meta_loss(net, tasks, loss_fn, vectorize=vectorize, diverged="drop").backward()
    assert np.isfinite(net.weight.grad.numpy()).all()
    with pytest.raises(metaopt.DivergedError, match=r"episodes\[1\] diverged: its query loss is 0,"):
        opt.meta_loss(net, tasks, loss_fn, vectorize=vectorize, diverged="raise")


def test_if_all_diverge_there_is_no_mean():
    paddle.seed(6)
    net = metaopt.models.MLP([4, 8, 3])
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    with pytest.raises(metaopt.DivergedError, match=r"all tasks diverged.*episodes\[0\], episodes\[1\]"):
        opt.meta_loss(net, with_bad_ones(episodes(2), 0, 1), F.cross_entropy, diverged="drop")
    with pytest.raises(ValueError, match="meta_loss: diverged: expected one of 'keep', 'raise', 'drop', got 'skip'"):
        opt.meta_loss(net, episodes(2), F.cross_entropy, diverged="skip")


@pytest.mark.filterwarnings("ignore:meta_loss. left out")
@pytest.mark.parametrize("buffers", ["last", "mean"])
@pytest.mark.parametrize("vectorize", [True, False])
def test_nothing_of_a_dropped_tasks_statistics_remains(vectorize, buffers):
    found = []
    for bad in ((1,), ()):
        paddle.seed(7)
        net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1D(5), nn.Linear(5, 3))
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, buffers=buffers)
        tasks = with_bad_ones(episodes(3), *bad)
        if not bad:
            del tasks[1]
        opt.meta_loss(net, tasks, F.cross_entropy, vectorize=vectorize, diverged="drop").backward()
        opt.step()
        found.append([net[1]._mean.numpy(), net[1]._variance.numpy()])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_where_the_net_takes_the_loop_a_task_is_dropped_as_well():
    paddle.seed(8)
    net = Reads("value")
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    with pytest.warns() as caught:
        found = gradients(net, opt, with_bad_ones(episodes(3), 0), diverged="drop")
    assert {w.category for w in caught} == {UserWarning, RuntimeWarning} and np.isfinite(found[0]).all()


def test_a_step_that_is_taken_again_gives_the_same_infinite_loss():
    paddle.seed(9)
    net = nn.Linear(4, 1)
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, meta_gradient="checkpointed")
    x = paddle.ones([1, 4])

    def loss_fn(output, y):
        return (output * y).sum().exp()

    tasks = [((x, y), (x, y)) for y in (paddle.to_tensor([1e6]) * net(x).sign().item(), paddle.to_tensor([0.1]))]
    with pytest.warns(RuntimeWarning, match=r"episodes\[0\], of 2"):
        opt.meta_loss(net, tasks, loss_fn, diverged="drop")


@pytest.mark.parametrize("vectorize", [True, False])
def test_the_score_of_a_dropped_task_is_nan_in_its_place(vectorize):
    paddle.seed(2)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1)
    good, options = episodes(4), {"metric": F.cross_entropy, "vectorize": vectorize}
    with pytest.warns(RuntimeWarning, match="not finite"):
        _, scores = opt.meta_loss(net, with_bad_ones(good, 1), F.cross_entropy, diverged="drop", **options)
    _, expected = opt.meta_loss(net, good, F.cross_entropy, **options)
    np.testing.assert_array_equal(np.isnan(scores), [False, True, False, False])
    np.testing.assert_allclose(scores[[0, 2, 3]], expected[[0, 2, 3]], rtol=1e-9)
