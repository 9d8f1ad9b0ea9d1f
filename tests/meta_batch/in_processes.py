"""What two processes do together equals what one does: the cases, run in each by test_processes.py.

    python -m paddle.distributed.launch --nproc_per_node 2 tests/meta_batch/in_processes.py folder [case ...]

The first case that fails ends its process with an error, whereupon the launcher ends the other one.
"""

from __future__ import annotations

import copy
import os
import signal
import sys
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import numpy as np
import paddle
import paddle.distributed as dist
import paddle.nn.functional as F
from helpers import Classifier, drawn_part, in_double, labelled_episode, make_net, norm_net
from meta_combinations import ALGORITHMS, BOUNDS, offered
from paddle import nn
from paddle.autograd import backward

import paddle_metaopt as metaopt
from paddle_metaopt.data import EpisodeLoader, EpisodeSampler

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


# What they are compared by


_wrappers = []


def in_parallel(net):
    """Kept for good: the hooks of one that is gone end the process."""
    _wrappers.append(paddle.DataParallel(net))
    return _wrappers[-1]


def shares(tasks: list, *sizes: int) -> list:
    """This process's of the tasks: so many for each."""
    first = sum(sizes[: dist.get_rank()])
    return tasks[first : first + sizes[dist.get_rank()]]


def episodes(count: int) -> list:
    paddle.seed(9)
    return [metaopt.Episode(drawn_part(), drawn_part()) for _ in range(count)]


def trained(net, opt) -> list:
    return [*net.parameters(), *opt.learned.values()]


def gradients(tensors: list) -> list:
    found = [None if t.grad is None else t.grad.numpy().copy() for t in tensors]
    for t in tensors:
        t.clear_gradient(False)
    return found


def require_equal(found: list, expected: list):
    assert any(e is not None and np.abs(e).max() > 1e-6 for e in expected)
    for f, e in zip(found, expected):
        assert (f is None) == (e is None), (f, e)
        if e is not None:
            assert np.abs(f - e).max() <= 1e-9 * max(np.abs(e).max(), 1e-3), (f, e)


def require_equal_everywhere(tensors: list):
    """Bit for bit."""
    for t in tensors:
        found = []
        dist.all_gather(found, t.astype("float64") if t.is_floating_point() else t)
        for other in found:
            assert np.array_equal(other.numpy(), found[0].numpy()), t.name


def require_raises(kind, words: str, function):
    try:
        function()
    except kind as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"no {kind}")


def require_as_one_process(net, opt, tasks, sizes, loss_fn=F.mse_loss, **options):
    """Losses and gradients, with this process's share of the tasks."""
    alone = opt.meta_loss(net, tasks, loss_fn, **options)
    alone.backward()
    expected = gradients(trained(net, opt))
    loss = opt.meta_loss(in_parallel(net), shares(tasks, *sizes), loss_fn, **options)
    loss.backward()
    assert abs(loss.item() - alone.item()) < 1e-12 * abs(alone.item())
    require_equal(gradients(trained(net, opt)), expected)


def steps_together(net, opt, count: int, loss_fn=F.mse_loss, made=episodes):
    model = in_parallel(net)
    for _ in range(count):
        opt.meta_loss(model, shares(made(3), 2, 1), loss_fn).backward()
        opt.step()
        opt.clear_grad()


# Gradients


@case
def every_algorithm():
    for name, make in ALGORITHMS.items():
        net = make_net()
        opt = make(net, **({} if name == "imaml" else {"adapt_steps": 2}))
        require_as_one_process(net, opt, episodes(3), (2, 1))
        steps_together(net, opt, 4)
        require_equal_everywhere([*trained(net, opt), *net.buffers()])


@case
def every_way_back():
    for way in filter(None, BOUNDS):
        net = make_net()
        assert offered("maml", way)
        opt = ALGORITHMS["maml"](net, adapt_steps=2, meta_gradient=way)
        # hessian_free differences what a batch rounds otherwise than the loop.
        vectorize = False if way == "hessian_free" else "auto"
        require_as_one_process(net, opt, episodes(3), (1, 2), vectorize=vectorize)


@case
def proto_maml():
    net = in_double(Classifier())
    opt = metaopt.ProtoMAMLOptimizer(1e-3, parameters=net.parameters(), head=net.head, inner_lr=0.3)
    tasks = [labelled_episode(seed) for seed in range(3)]
    require_as_one_process(net, opt, tasks, (1, 2), F.cross_entropy)
    require_as_one_process(net, opt, tasks, (0, 3), F.cross_entropy)


@case
def one_by_one():
    net = make_net()
    require_as_one_process(net, ALGORITHMS["meta_sgd"](net), episodes(5), (4, 1), vectorize=False)


@case
def a_model():
    net, tasks = make_net(), episodes(4)
    opt = ALGORITHMS["meta_sgd"](net)
    opt.meta_loss(net, tasks, F.mse_loss).backward()
    expected = gradients(trained(net, opt))
    model = metaopt.Model(net)
    model.prepare(opt, F.mse_loss)
    model.train_batch(shares(tasks, 1, 3), update=False)
    require_equal(gradients(trained(net, opt)), expected)
    _wrappers.append(model)


class Errors(paddle.metric.Metric):
    """An array of means."""

    def __init__(self):
        super().__init__()
        self.reset()

    def reset(self):
        self.seen = []

    def update(self, error):
        self.seen.append(error)

    def compute(self, output, y):
        return (output - y).abs().mean()

    def accumulate(self):
        return np.array([np.mean(self.seen)] * 2)

    def name(self):
        return "error"


@case
def a_models_evaluation():
    net, tasks = make_net(), episodes(4)
    opt = ALGORITHMS["meta_sgd"](net)
    model = metaopt.Model(net)
    model.prepare(opt, F.mse_loss, Errors())
    expected = metaopt.evaluate(net, opt, tasks, F.mse_loss).mean
    found = model.evaluate([[task] for task in shares(tasks, 1, 3)], verbose=0)
    assert abs(found["loss"][0] - expected) < 1e-12 * expected, found
    errors = metaopt.evaluate(net, opt, tasks, F.mse_loss, lambda output, y: (output - y).abs().mean()).mean
    np.testing.assert_allclose(found["error"], [errors, errors], rtol=1e-9)
    _wrappers.append(model)


@case
def a_process_whose_tasks_all_diverge():
    net, tasks = make_net(), episodes(3)
    opt = ALGORITHMS["maml"](net)
    opt.meta_loss(net, tasks[1:], F.mse_loss).backward()
    expected = gradients(trained(net, opt))
    (xs, ys), query = tasks[0]
    diverging = metaopt.Episode((xs * float("inf"), ys), query)
    mine = shares([diverging, *tasks[1:]], 1, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opt.meta_loss(in_parallel(net), mine, F.mse_loss, diverged="drop").backward()
    require_equal(gradients(trained(net, opt)), expected)


@case
def a_process_without_tasks():
    for name in ("maml", "maml_plus_plus", "cavia"):
        net = make_net()
        require_as_one_process(net, ALGORITHMS[name](net), episodes(2), (0, 2))
    net = norm_net()
    net.to(dtype="float64")
    opt = ALGORITHMS["maml"](net, buffers="mean")
    opt.meta_loss(in_parallel(net), shares(episodes(2), 0, 2), F.mse_loss).backward()
    opt.step()
    require_equal_everywhere(net.parameters())
    require_raises(ValueError, "no episodes, in any process", lambda: opt.meta_loss(in_parallel(net), [], F.mse_loss))


class Branching(nn.Layer):
    """Each branch is for inputs of another length, one for none."""

    def __init__(self):
        super().__init__()
        self.body, self.long, self.short, self.never = (nn.Linear(3, 3) for _ in range(4))
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(F.tanh((self.long if len(x) > 5 else self.short)(F.tanh(self.body(x)))))


@case
def parameters_that_a_process_does_not_use():
    paddle.seed(1)
    net = in_double(Branching())
    long, other = episodes(2)
    short = tuple((x[:4], y[:4]) for x, y in other)
    for name in ("maml", "meta_sgd"):
        require_as_one_process(net, ALGORITHMS[name](net), [long, short], (1, 1))


@case
def accumulation():
    net, model = make_net(), None
    opt = ALGORITHMS["meta_sgd"](net)
    first, second = episodes(6)[:3], episodes(6)[3:]
    for tasks in (first, second):
        (opt.meta_loss(net, tasks, F.mse_loss) / 2).backward()
    expected = gradients(trained(net, opt))
    model = in_parallel(net)
    for sizes in ((2, 1), (1, 2)):
        with model.no_sync():
            (opt.meta_loss(model, shares(first, *sizes), F.mse_loss) / 2).backward()
        local = net.enter.weight.grad.numpy().copy()
        (opt.meta_loss(model, shares(second, 2, 1), F.mse_loss) / 2).backward()
        require_equal(gradients(trained(net, opt)), expected)
        everywhere = []
        dist.all_gather(everywhere, paddle.to_tensor(local))
        assert not np.allclose(everywhere[0].numpy(), everywhere[1].numpy())
    for tasks in (first, second):
        (opt.meta_loss(model, shares(tasks, 1, 2), F.mse_loss) / 2).backward()
    require_equal(gradients(trained(net, opt)), expected)


@case
def named_inputs():
    net = make_net()
    weight = paddle.create_parameter([2], "float64", default_initializer=nn.initializer.Constant(1.5))
    opt, tasks = ALGORITHMS["maml"](net), episodes(3)

    def loss_fn(output, y):
        return ((output - y) ** 2 * weight).mean()

    opt.meta_loss(net, tasks, loss_fn, inputs=[weight]).backward()
    expected = gradients([weight])
    net.clear_gradients()
    opt.meta_loss(in_parallel(net), shares(tasks, 1, 2), loss_fn, inputs=[weight]).backward()
    require_equal(gradients([weight]), expected)
    others = [weight] * (dist.get_rank() == 0)
    constant = weight.detach()
    require_raises(
        ValueError,
        "the processes have different tensors to be trained",
        lambda: opt.meta_loss(in_parallel(net), tasks, lambda o, y: ((o - y) ** 2 * constant).mean(), inputs=others),
    )


@case
def the_wrappers_own_hooks():
    """They don't average a second time, and they do what they did where the wrapper is called without a task."""
    net = make_net()
    for layer in (net.unused, net.head):
        layer.bias.stop_gradient = layer.weight.stop_gradient = layer is net.unused
    opt, tasks = ALGORITHMS["maml"](net), episodes(2)
    opt.meta_loss(net, tasks, F.mse_loss).backward()
    expected = gradients(net.parameters())
    model = in_parallel(net)
    mine = shares(tasks, 1, 1)
    x, y = mine[0].support
    model(x)  # prepares the hooks
    opt.meta_loss(model, mine, F.mse_loss).backward()
    require_equal(gradients(net.parameters()), expected)
    F.mse_loss(model(x), y).backward()
    require_equal_everywhere([net.enter.weight.grad])


@case
def a_backward_that_nobody_sees():
    net = make_net()
    opt = ALGORITHMS["maml"](net)
    loss = opt.meta_loss(in_parallel(net), episodes(1), F.mse_loss)
    require_raises((RuntimeError, OSError), "imported by its name", lambda: backward([loss]))
    net.clear_gradients()


@case
def shares_by_grad():
    """`paddle.grad` gives each process's share."""
    net, tasks = make_net(), episodes(3)
    opt = ALGORITHMS["maml"](net)
    opt.meta_loss(net, tasks, F.mse_loss).backward()
    expected = net.head.weight.grad.numpy()
    loss = opt.meta_loss(in_parallel(net), shares(tasks, 1, 2), F.mse_loss)
    (mine,) = paddle.grad(loss, [net.head.weight])
    dist.all_reduce(mine)
    require_equal([mine.numpy() / 2], [expected])


# Task by task


@case
def clones():
    net, tasks = make_net(), episodes(4)
    rate = paddle.create_parameter([1], "float64", default_initializer=nn.initializer.Constant(0.2))
    opt = ALGORITHMS["maml"](net, inner_lr=rate, adapt_steps=2)
    opt.meta_loss(net, tasks, F.mse_loss).backward()
    expected = gradients(trained(net, opt))
    model, mine = in_parallel(net), shares(tasks, 2, 2)
    adapter = opt.adapter(model)

    def adapted(task):
        learner = adapter.clone()
        (xs, ys), (xq, yq) = task
        for _ in range(2):
            learner.adapt(F.mse_loss(learner(xs), ys))
        return F.mse_loss(learner(xq), yq) / 2

    for task in mine:
        adapted(task).backward()
    require_equal(gradients(trained(net, opt)), expected)
    sum(adapted(task) for task in mine).backward()
    require_equal(gradients(trained(net, opt)), expected)
    with model.no_sync():
        adapted(mine[0]).backward()
    adapted(mine[1]).backward()
    require_equal(gradients(trained(net, opt)), expected)


@case
def blocks():
    net, tasks = make_net(), episodes(2)
    model = in_parallel(net)
    (((xs, ys), (xq, yq)),) = shares(tasks, 1, 1)
    for name in ("anil", "maml_plus_plus"):
        opt = ALGORITHMS[name](net, adapt_steps=2)
        opt.meta_loss(net, tasks, F.mse_loss).backward()
        expected = gradients(trained(net, opt))
        with opt.adapter(model).task() as task:
            assert not model.grad_need_sync
            task.adapt(lambda: F.mse_loss(model(xs), ys))
            if name == "anil":
                F.mse_loss(model(xq), yq).backward()
            else:
                task.meta_loss(lambda: F.mse_loss(model(xq), yq)).backward()
        assert model.grad_need_sync
        require_equal(gradients(trained(net, opt)), expected)


# What else is averaged


@case
def statistics():
    def after_a_step(net, tasks, buffers, vectorize):
        opt = ALGORITHMS["maml"](getattr(net, "_layers", net), adapt_steps=2, buffers=buffers)
        opt.meta_loss(net, tasks, F.mse_loss, vectorize=vectorize).backward()
        opt.step()

    def net_with_norm():
        net = norm_net()
        net.to(dtype="float64")
        net.register_buffer("counted", paddle.zeros([1], "int64"))
        net.register_forward_post_hook(lambda layer, x, y: layer.counted.set_value(layer.counted + 1))
        return net

    tasks = episodes(3)
    for vectorize in ("auto", False):
        alone, together = norm_net(), norm_net()
        for net in (alone, together):
            net.to(dtype="float64")
        after_a_step(alone, tasks, "mean", vectorize)
        after_a_step(in_parallel(together), shares(tasks, 2, 1), "mean", vectorize)
        for name in ("_mean", "_variance"):
            mine, theirs = (getattr(net[1], name).numpy() for net in (together, alone))
            np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    for policy in ("mean", "last"):
        net = net_with_norm()
        before = net[1]._mean.numpy().copy()
        after_a_step(in_parallel(net), shares(tasks, 1, 2), policy, False)
        require_equal_everywhere([*net.parameters(), *net.buffers()])
        assert not np.array_equal(net[1]._mean.numpy(), before)


@case
def statistics_of_each_step():
    net = make_net()
    opt = ALGORITHMS["maml_plus_plus"](net, adapt_steps=2)
    steps_together(net, opt, 2)
    kept = opt.state_dict()["MetaOptimizer"]["buffers"]
    assert len(kept) == 3 * 2
    require_equal_everywhere([value for _, _, value in kept])


@case
def what_is_learned_begins_alike():
    net = make_net()
    paddle.seed(dist.get_rank())
    opt = ALGORITHMS["meta_sgd"](net)
    adapter = opt.adapter(in_parallel(net))
    adapter.clone()
    require_equal_everywhere(list(opt.learned.values()))
    other = copy.deepcopy((net, opt))
    steps_together(*other, 1)


@case
def scores():
    net, tasks = make_net(), episodes(5)
    opt = ALGORITHMS["maml"](net)
    model = in_parallel(net)
    alone = metaopt.evaluate(net, opt, tasks, F.mse_loss)
    together = metaopt.evaluate(model, opt, tasks[dist.get_rank() :: 2], F.mse_loss)
    np.testing.assert_allclose(together.values, alone.values, rtol=1e-12)
    assert abs(together.ci95 - alone.ci95) < 1e-9
    none_here = metaopt.evaluate(model, opt, shares(tasks, 0, 5), F.mse_loss)
    np.testing.assert_allclose(none_here.values, alone.values, rtol=1e-12)
    require_raises(ValueError, "no episodes", lambda: metaopt.evaluate(model, opt, [], F.mse_loss))


class Numbered(paddle.io.Dataset):
    labels = np.arange(42) % 7

    def __len__(self):
        return 42

    def __getitem__(self, index):
        return np.array([index], "float32"), self.labels[index]


@case
def sampled_episodes():
    def drawn(**options):
        sampler = EpisodeSampler(Numbered(), ways=3, shots=1, queries=1, episodes=8, **options)
        found = list(EpisodeLoader(sampler.dataset if hasattr(sampler, "dataset") else Numbered(), sampler))
        assert len(found) == len(sampler)
        return [[e.support[0].numpy().ravel().tolist() for e in (b if isinstance(b, list) else [b])] for b in found]

    for options in ({"tasks_per_batch": 3}, {"tasks_per_batch": 4}, {}):
        mine = drawn(**options)
        everyones = []
        dist.all_gather_object(everyones, mine)
        alone = drawn(num_replicas=1, rank=0, **(options or {"tasks_per_batch": 2}))
        together = [sorted(sum(batches, [])) for batches in zip(*everyones)]
        assert together == [sorted(batch) for batch in alone], (together, alone)


# Last, for it makes groups of its own


@case
def with_fleet():
    from paddle.distributed import fleet

    if not paddle.__version__.startswith("3.3"):
        return  # fleet.init fails there with the protobuf of today
    fleet.init(is_collective=True)
    net = make_net()
    plain = ALGORITHMS["meta_sgd"](net)
    plain.meta_loss(net, episodes(3), F.mse_loss).backward()
    expected = gradients(trained(net, plain))
    opt = fleet.distributed_optimizer(plain)
    model = fleet.distributed_model(net)
    for _ in range(3):
        opt.meta_loss(model, shares(episodes(3), 2, 1), F.mse_loss).backward()
        if expected:
            require_equal(gradients_kept(trained(net, plain)), expected)
            expected = None
        opt.step()
        opt.clear_grad()
    require_equal_everywhere(trained(net, plain))
    assert len(metaopt.evaluate(model, opt, shares(episodes(3), 2, 1), F.mse_loss).values) == 3


def gradients_kept(tensors):
    return [None if t.grad is None else t.grad.numpy().copy() for t in tensors]


# Killed and resumed


def train(checkpoint: Path, killed_at: int | None = None) -> str:
    """Six iterations, or from the checkpoint on those that are missing; the checksum of the state that they end in."""
    paddle.seed(dist.get_rank())
    net = norm_net()
    opt = metaopt.MetaSGDOptimizer(1e-2, parameters=net.parameters(), buffers="mean")
    done = 0
    if checkpoint.exists():
        state = metaopt.load_checkpoint(checkpoint)
        net.set_state_dict(state["net"])
        opt.set_state_dict(state["opt"])
        done = state["done"]
    model = in_parallel(net)
    for iteration in range(done, 6):
        paddle.seed(iteration)
        tasks = [metaopt.Episode(*(tuple(x.astype("float32") for x in drawn_part()) for _ in range(2))) for _ in "123"]
        opt.meta_loss(model, shares(tasks, 2, 1), F.mse_loss).backward()
        if iteration == killed_at and dist.get_rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        opt.step()
        opt.clear_grad()
        if dist.get_rank() == 0:
            metaopt.save_checkpoint(
                checkpoint, {"net": net.state_dict(), "opt": opt.state_dict(), "done": iteration + 1}
            )
    return metaopt.checkpoint.checksum([[p.numpy() for p in trained(net, opt)], list(opt.state_dict().values())[:-1]])


def undisturbed_then_killed(folder: Path):
    (folder / f"undisturbed.{dist.get_rank()}").write_text(train(folder / "undisturbed"))
    train(folder / "killed", killed_at=3)


def resumed(folder: Path):
    assert metaopt.load_checkpoint(folder / "killed")["done"] == 3
    (folder / f"resumed.{dist.get_rank()}").write_text(train(folder / "killed"))


def main(folder: str, *names: str):
    folder = Path(folder)
    (folder / f"pid.{os.environ['PADDLE_TRAINER_ID']}").write_text(str(os.getpid()))
    dist.init_parallel_env()
    assert dist.get_world_size() == 2
    if names[:1] in (("undisturbed_then_killed",), ("resumed",)):
        globals()[names[0]](folder)
        return
    for name in names or CASES:
        paddle.seed(3)
        CASES[name]()
        with (folder / f"done.{dist.get_rank()}").open("a") as file:
            print(name, file=file)


if __name__ == "__main__":
    main(*sys.argv[1:])
