"""What user code does in a forward pass that a loop would see otherwise: noticed, put back, and run one by one."""

import array
import ctypes
import itertools
import logging
import queue
import random
import warnings
from collections import deque, namedtuple
from functools import partial
from types import ModuleType

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import Classifier, Doubled, in_double, labelled_episode
from paddle import nn

import paddle_metaopt as metaopt


class Changing(Classifier):
    """Its `change` is called with itself, and gives a factor of the features."""

    def __init__(self, change):
        super().__init__()
        self.change = change
        self.rng, self.old_rng, self.python = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
        self.seen, self.state, self.names, self.counts = [], {"calls": 0, "deep": {"calls": 0}}, set(), np.zeros(1)
        self.frozen = paddle.create_parameter([1], "float64", default_initializer=nn.initializer.Constant(1.0))
        self.frozen.stop_gradient = True

    def forward(self, x):
        return self.head(self.body(x) * self.change(self))


def appended(net):
    net.seen.append(1)
    return 1.0 + 0.1 * len(net.seen)


def counted(net):
    net.state["calls"] += 1
    return 1.0 + 0.1 * net.state["calls"]


def counted_deep(net):
    net.state["deep"]["calls"] += 1
    return 1.0 + 0.1 * net.state["deep"]["calls"]


def named(net):
    net.names.add(len(net.names))
    return 1.0 + 0.1 * len(net.names)


def counted_in_an_array(net):
    net.counts += 1
    return 1.0 + 0.1 * float(net.counts[0])


def shrunk(net):
    net.frozen.set_value(net.frozen * 0.9)
    return net.frozen


CHANGES = {
    "Changing.rng was changed in place": lambda net: 1.0 + net.rng.random(),
    "Changing.old_rng was changed in place": lambda net: 1.0 + net.old_rng.rand(),
    "Changing.python was changed in place": lambda net: 1.0 + net.python.random(),
    "Changing.seen was changed in place": appended,
    "Changing.state was changed in place": counted,
    "Changing.state was changed in  place": counted_deep,
    "Changing.names was changed in place": named,
    "Changing.counts was changed in place": counted_in_an_array,
    "Tensor.set_value of a Parameter": shrunk,
}


def numbers(make, loss_fn=F.cross_entropy, **options):
    paddle.seed(1)
    net = in_double(make())
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3, adapt_steps=2)
    loss = opt.meta_loss(net, [labelled_episode(seed) for seed in range(3)], loss_fn, **options)
    loss.backward()
    return [loss.item(), *(p.grad.numpy() for p in net.parameters() if not p.stop_gradient)]


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_net_changes_in_place_has_the_tasks_run_one_by_one(what):
    expected = numbers(lambda: Changing(CHANGES[what]), vectorize=False)
    with pytest.warns(UserWarning, match=f"one after the other, .*{what.replace('  ', ' ')}"):
        found = numbers(lambda: Changing(CHANGES[what]))
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)
    with pytest.raises(metaopt.VectorizeError, match=what.replace("  ", " ")):
        numbers(lambda: Changing(CHANGES[what]), vectorize=True)


def test_what_a_loss_function_changes_in_place_is_noticed_too():
    def make():
        rng = np.random.default_rng(0)
        return lambda output, y: F.cross_entropy(output, y) * (1.0 + rng.random())

    expected = numbers(Classifier, make(), vectorize=False)
    with pytest.warns(UserWarning, match="what the loss function refers to was changed in place"):
        found = numbers(Classifier, make())
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)

    class Smoothed:
        calls = [0]

        def __init__(self):
            self.calls = [0]

        def __call__(self, output, y):
            self.calls[0] += 1
            return F.cross_entropy(output, y) * self.calls[0]

    with pytest.warns(UserWarning, match="what the loss function refers to was changed in place"):
        numbers(Classifier, Smoothed())


class CountingLoss(nn.Layer):
    calls = 0

    def forward(self, output, y):
        self.calls += 1
        return F.cross_entropy(output, y) * self.calls


def with_a_variable():
    calls = 0

    def loss_fn(output, y):
        nonlocal calls
        calls += 1
        return F.cross_entropy(output, y) * calls

    return loss_fn


def counted_loss(calls, output, y):
    calls.append(1)
    return F.cross_entropy(output, y) * len(calls)


@pytest.mark.parametrize(
    "make, what",
    [
        (CountingLoss, "CountingLoss.calls was written in forward"),
        (with_a_variable, "the variable 'calls' that with_a_variable.<locals>.loss_fn refers to was written"),
        (lambda: partial(counted_loss, []), "what the loss function refers to was changed in place"),
    ],
)
def test_what_a_loss_writes_wherever_it_keeps_it_is_noticed(make, what):
    expected = numbers(Classifier, make(), vectorize=False)
    with pytest.warns(UserWarning, match=what):
        found = numbers(Classifier, make())
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)


total = 0


def with_a_global():
    globals()["total"] = 0

    def loss_fn(output, y):
        global total
        total += 1
        return F.cross_entropy(output, y) * total

    return loss_fn


def with_a_new_global():
    globals().pop("made", None)

    def loss_fn(output, y):
        global made
        made = globals().get("made", 0) + 1
        return F.cross_entropy(output, y) * made

    return loss_fn


def count_one():
    global total
    total += 1
    return total


def by_a_helper():
    globals()["total"] = 0
    return lambda output, y: F.cross_entropy(output, y) * count_one()


def by_a_function_of_its_own():
    calls = []

    def count():
        calls.append(1)
        return len(calls)

    def loss_fn(output, y):
        return F.cross_entropy(output, y) * count()

    return loss_fn


def by_default():
    def loss_fn(output, y, calls=[]):  # noqa: B006
        calls.append(1)
        return F.cross_entropy(output, y) * len(calls)

    return loss_fn


def by_an_attribute_of_the_function():
    def loss_fn(output, y):
        loss_fn.calls += 1
        return F.cross_entropy(output, y) * loss_fn.calls

    loss_fn.calls = 0
    return loss_fn


def by_an_attribute_of_a_module():
    settings = ModuleType("settings")
    settings.calls = 0

    def loss_fn(output, y):
        settings.calls += 1
        return F.cross_entropy(output, y) * settings.calls

    return loss_fn


def by_an_attribute_of_a_class():
    class Counts:
        calls = 0

        def of(self, output, y):
            return F.cross_entropy(output, y) * self._next()

        @classmethod
        def _next(cls):
            cls.calls += 1
            return cls.calls

    return Counts().of


def by_a_tensor():
    scale = paddle.ones([1], "float64")

    def loss_fn(output, y):
        scale.set_value(scale * 0.9)
        return F.cross_entropy(output, y) * scale

    return loss_fn


def by_a_tensor_in_place():
    scale = paddle.ones([1], "float64")
    return lambda output, y: F.cross_entropy(output, y) * scale.scale_(0.9).clone()


def frozen(net):
    for parameter in net.parameters():
        parameter.stop_gradient = True
    return in_double(net)


class NormedLoss(nn.Layer):
    def __init__(self):
        super().__init__()
        self.norm = frozen(nn.BatchNorm1D(3))

    def forward(self, output, y):
        return F.cross_entropy(self.norm(output), y)

    def left(self):
        return [self.norm._mean.numpy(), self.norm._variance.numpy()]


class ByABuffer(nn.Layer):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", paddle.zeros([1], "float64"))

    def forward(self, output, y):
        self.calls = self.calls + 1
        return F.cross_entropy(output, y) * self.calls


def through_a_normed_layer():
    norm = frozen(nn.BatchNorm1D(3))
    return lambda output, y: F.cross_entropy(norm(output), y)


LOSSES = {
    "the variable test_traces.total was written": [with_a_global, by_a_helper],
    "the variable test_traces.made was written": [with_a_new_global],
    "the variable settings.calls was written": [by_an_attribute_of_a_module],
    "the variable Counts.calls was written": [by_an_attribute_of_a_class],
    "what the loss function refers to was changed in place": [
        by_a_function_of_its_own, by_default, by_an_attribute_of_the_function, by_a_tensor, by_a_tensor_in_place,
        NormedLoss, ByABuffer, through_a_normed_layer,
    ],
}  # fmt: skip


@pytest.mark.parametrize("what, make", [(what, make) for what, makes in LOSSES.items() for make in makes])
def test_what_a_loss_reaches_by_its_names_is_noticed_and_put_back(make, what):
    loss_fn = make()
    expected = [*numbers(Classifier, loss_fn, vectorize=False), *getattr(loss_fn, "left", list)()]
    loss_fn = make()
    with pytest.warns(UserWarning, match=f"one after the other, .*{what}"):
        found = [*numbers(Classifier, loss_fn), *getattr(loss_fn, "left", list)()]
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)


class WithHooks(Classifier):
    def __init__(self):
        super().__init__()
        outputs = []
        self.body.register_forward_post_hook(lambda layer, inputs, output: outputs.append(output))


class CountsInItsClass(Classifier):
    calls = 0

    def forward(self, x):
        type(self).calls += 1
        return super().forward(x)


class CountsInAGlobal(Classifier):
    def forward(self, x):
        return super().forward(x) * self._count()

    def _count(self):
        return count_one()


@pytest.mark.parametrize(
    "make, what",
    [
        (WithHooks, "what Sequential refers to was changed in place"),
        (CountsInItsClass, "the variable CountsInItsClass.calls was written"),
        (CountsInAGlobal, "the variable test_traces.total was written"),
    ],
)
def test_what_a_net_reaches_by_its_names_is_noticed(make, what):
    with pytest.raises(metaopt.VectorizeError, match=what):
        numbers(make, vectorize=True)


def test_a_loss_that_refers_to_what_does_not_change_runs_at_once():
    weight, other = paddle.ones([3], "float64"), frozen(Classifier())
    log = logging.getLogger("a loss")
    norm = frozen(nn.BatchNorm1D(3))
    norm.eval()

    def loss_fn(output, y):
        log.debug("called")
        same = sum(((p - p) ** 2).sum() for p in other.parameters())
        return F.cross_entropy(norm(output), y, weight=weight) + same + total * 0.0

    numbers(Classifier, loss_fn, vectorize=True)


def test_a_batched_tensor_does_not_stay_where_a_net_put_it():
    def kept(net):
        net.state["last"] = net.body[0].weight
        return 1.0

    paddle.seed(1)
    net = in_double(Changing(kept))
    opt = metaopt.MAMLOptimizer(parameters=net.parameters())
    with pytest.raises(metaopt.VectorizeError, match="Changing.state was changed in place"):
        opt.meta_loss(net, [labelled_episode(seed) for seed in range(2)], F.cross_entropy, vectorize=True)
    assert net.state == {"calls": 0, "deep": {"calls": 0}}


def test_a_batched_tensor_is_not_written_into_another():
    own = paddle.zeros([7, 4], "float64")

    def written(net):
        own.set_value(net.body(paddle.ones([7, 3], "float64")))
        return 1.0

    with pytest.raises(metaopt.VectorizeError, match="Tensor.set_value"):
        numbers(lambda: Changing(written), vectorize=True)
    assert own.dtype == paddle.float64 and own.shape == [7, 4] and not own.abs().sum()


@metaopt.double_grad.trust
class DoubledByHand(Doubled):
    pass


class WithAPyLayer(Classifier):
    def forward(self, x):
        return super().forward(DoubledByHand.apply(x * self.head.weight.mean()))


def test_a_net_with_a_pylayer_of_its_own_runs_one_by_one():
    expected = numbers(WithAPyLayer, vectorize=False)
    with pytest.warns(UserWarning, match="one after the other, .*the PyLayer DoubledByHand .in the layer WithAPyLayer"):
        found = numbers(WithAPyLayer)
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)


def test_a_net_that_changes_nothing_runs_at_once_whatever_it_holds():
    assert np.isfinite(numbers(lambda: Changing(lambda net: 1.0), vectorize=True)[0])


def test_a_forward_hook_does_not_keep_a_new_net_from_it():
    def make():
        net = Classifier()
        net.body[0].register_forward_post_hook(lambda layer, inputs, output: output * 2)
        return net

    for f, e in zip(numbers(make, vectorize=True), numbers(make, vectorize=False)):
        np.testing.assert_allclose(f, e, rtol=1e-9)


Drawing = namedtuple("Drawing", "x")


def test_named_tuples_without_gradients_around():
    def found(vectorize):
        paddle.seed(1)
        net = in_double(Classifier())
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.3)
        episodes = [[(Drawing(x), y) for x, y in labelled_episode(seed)] for seed in range(3)]
        with paddle.no_grad():
            loss = opt.meta_loss(net, episodes, F.cross_entropy, vectorize=vectorize)
            scored = metaopt.evaluate(net, opt, episodes, F.cross_entropy, vectorize=vectorize)
        return [loss.item(), *scored.values]

    np.testing.assert_allclose(found(True), found(False), rtol=1e-9)


@pytest.mark.parametrize("optimizer", [metaopt.MAMLOptimizer, metaopt.MAMLPlusPlusOptimizer])
def test_the_last_of_ragged_tasks_leaves_its_statistics(optimizer):
    class Normed(Classifier):
        def __init__(self):
            super().__init__()
            self.body.add_sublayer("norm", nn.BatchNorm1D(4))

    def cut(episode, size):
        return [(x[:size], y[:size]) for x, y in episode]

    def found(vectorize):
        paddle.seed(1)
        net = in_double(Normed())
        opt = optimizer(0.0, parameters=net.parameters(), buffers="last")
        episodes = [cut(labelled_episode(seed), size) for seed, size in enumerate([7, 5, 7, 7, 5])]
        opt.meta_loss(net, episodes, F.cross_entropy, vectorize=vectorize)
        scored = metaopt.evaluate(net, opt, episodes, F.cross_entropy, statistics="running", vectorize=False)
        return [net.body[-1]._mean.numpy(), scored.values]

    for f, e in zip(found(True), found(False)):
        np.testing.assert_allclose(f, e, rtol=1e-6)


class _Slotted:
    __slots__ = ("calls", "last")

    def __init__(self):
        self.calls = 0


class _SlottedToo(_Slotted):
    """With a dict besides."""


def _count_in_a_slot(state):
    state.calls, state.last = state.calls + 1, 0.0
    return state.calls


def _count_at(position):
    def count(state):
        state[position] = state[position] + 1
        return state[position]

    return count


def _queued(state):
    state.put(state.get() + 1)
    return state.queue[0]


def _filled(items, queue):
    for item in items:
        queue.put(item)
    return queue


STATES = {
    "deque": (lambda: deque([0], maxlen=1), _count_at(0), "was changed in place"),
    "bytearray": (lambda: bytearray(1), _count_at(0), "was changed in place"),
    "array": (lambda: array.array("d", [0.0]), _count_at(0), "was changed in place"),
    "slots": (_Slotted, _count_in_a_slot, "was changed in place"),
    "slots and a dict": (_SlottedToo, _count_in_a_slot, "was changed in place"),
    "queue": (lambda: _filled([0], queue.Queue()), _queued, "was changed in place"),
    "count": (lambda: itertools.count(1), next, "is of count, which can't be put back"),
    "generator": (lambda: (i for i in range(99)), next, "is of generator, which can't be put back"),
    "iterator": (lambda: iter(range(99)), next, "is of range_iterator, which can't be put back"),
    "memoryview": (lambda: memoryview(bytearray(1)), _count_at(0), "is of memoryview, which can't be put back"),
    "C array": (lambda: (ctypes.c_int * 1)(), _count_at(0), "is of c_int_Array_1, which can't be put back"),
}


@pytest.mark.parametrize("kind", STATES)
def test_state_of_any_kind_has_the_tasks_run_one_by_one(kind):
    make, use, why = STATES[kind]

    class Counting(Classifier):
        def __init__(self):
            super().__init__()
            self.state = make()

        def forward(self, x):
            return super().forward(x) * (1.0 + 0.1 * use(self.state))

    expected = numbers(Counting, vectorize=False)
    with pytest.warns(UserWarning, match=f"one after the other, .*Counting.state {why}"):
        found = numbers(Counting)
    for f, e in zip(found, expected):
        np.testing.assert_array_equal(f, e)


def test_a_file_that_a_net_writes_to_is_none(tmp_path):
    class Telling(Classifier):
        def __init__(self):
            super().__init__()
            self.log = file

        def forward(self, x):
            self.log.write("called")
            return super().forward(x)

    with open(tmp_path / "log", "w") as file, warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        numbers(Telling)
