"""What Paddle refuses of one task it refuses of a batch, where one more axis would let it pass; and what it takes of
one it takes of a batch, where one more axis is too many, or stands in the way."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import OLDER_PADDLE, gradients_of
from paddle import nn

import paddle_metaopt as metaopt

pytestmark = pytest.mark.usefixtures("float64")


def looped(function, *stacks):
    return paddle.stack([function(*slices) for slices in zip(*stacks)])


#: Of a matrix: there is no such axis, or it is given twice.
NO_SUCH_AXIS = {
    "mean": lambda x: x.mean([2, 3]),
    "sum": lambda x: x.sum(-3),
    "max": lambda x: x.max(2),
    "std": lambda x: x.std(2),
    "all": lambda x: (x > 0).all(2),
    "softmax": lambda x: F.softmax(x, 2),
    "log_softmax": lambda x: F.log_softmax(x, -3),
    "normalize": lambda x: F.normalize(x, axis=2),
    "norm": lambda x: paddle.linalg.norm(x, axis=2),
    "argmax": lambda x: x.argmax(2),
    "cumsum": lambda x: x.cumsum(2),
    "sort": lambda x: x.sort(2),
    "topk": lambda x: x.topk(1, axis=2)[0],
    "with softmax": lambda x: F.softmax_with_cross_entropy(x, paddle.zeros([x.shape[0], 1], "int64"), axis=3),
    "squeeze": lambda x: x.squeeze(2),
    "unsqueeze": lambda x: x.unsqueeze(-4),
    "concat": lambda x: paddle.concat([x, x], 2),
    "stack": lambda x: paddle.stack([x, x], 3),
    "split": lambda x: paddle.split(x, 2, 2)[0],
    "unbind": lambda x: paddle.unbind(x, 2)[0],
    "transpose": lambda x: x.transpose([0, -3]),
    "flip": lambda x: x.flip(2),
    "roll": lambda x: x.roll(1, 2),
    "diagonal": lambda x: paddle.diagonal(x, 0, 1, 3),
    "gather": lambda x: paddle.gather(x, paddle.to_tensor([0]), axis=2),
    "index_select": lambda x: paddle.index_select(x, paddle.to_tensor([0]), axis=2),
}

#: Of a matrix: Paddle wants one of the same shape beside it.
OTHER_SHAPES = {
    "binary_cross_entropy": lambda x: F.binary_cross_entropy(F.sigmoid(x), paddle.ones([1, 2])),
    "with logits": lambda x: F.binary_cross_entropy_with_logits(x, paddle.ones([3, 1])),
    "of rows, with logits": lambda x: F.binary_cross_entropy_with_logits(x[:, :1], (x[:, 0] > 0).astype("float64")),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x[:, :1], x[:, 0]),
    "cross_entropy": lambda x: F.cross_entropy(x.unsqueeze(0).tile([2, 1, 1]), paddle.zeros([3, 2], "int64")),
    "isclose": lambda x: paddle.isclose(x, x[:, :1]),
    "dot": lambda x: paddle.dot(x, x[:1]),
    "bmm": lambda x: paddle.bmm(x.unsqueeze(0), paddle.ones([4, 2, 3])),
}


@pytest.mark.parametrize("function", [*NO_SUCH_AXIS.values(), *OTHER_SHAPES.values()], ids=NO_SUCH_AXIS | OTHER_SHAPES)
def test_what_is_refused_of_one_task_is_refused_of_a_batch(function):
    x = paddle.randn([2, 3, 2])
    with pytest.raises((ValueError, IndexError, RuntimeError)) as alone:
        function(x[0])

    with pytest.raises(alone.type) as together:
        metaopt.vmap(function)(x)

    assert str(together.value).splitlines()[-1] == str(alone.value).splitlines()[-1]


def cells(x):
    """Of four axes six, as in a window of a picture."""
    return x.reshape([2, 2, 2, 2, 2, 3])


SIX_AXES = {
    "windows": lambda x: cells(x).transpose([0, 1, 3, 2, 4, 5]).reshape([8, 4, 3]),
    "broadcast": lambda x: cells(x) / (1 + cells(x)[:, :1] ** 2),
    "operator": lambda x: cells(x) > cells(x)[:1],
    "minimum": lambda x: paddle.minimum(cells(x), cells(x)[:1]),
    "index": lambda x: cells(x)[:, 0],
    "steps": lambda x: cells(x)[..., ::2],
    "slice": lambda x: paddle.slice(cells(x), [2], [0], [1]),
    "expand": lambda x: cells(x)[:, :, :1].expand([2, 2, 3, 2, 2, 3]),
    "concat": lambda x: paddle.concat([cells(x), cells(x)], 3),
    "stack": lambda x: paddle.stack([cells(x).sum(2), cells(x).sum(3)], 3),
    "repeat_interleave": lambda x: paddle.repeat_interleave(cells(x), 2, 2),
    "pad": lambda x: F.pad(cells(x), [0, 0] * 5 + [1, 1]),
    "argmax": lambda x: cells(x).argmax(2),
    "prod": lambda x: cells(x).prod(2),
}

#: Of one axis more than Paddle takes, or than one of a task has.
TAKEN = {
    "cumsum of a number": lambda x: x.sum().cumsum(0) + x.sum().cumsum(-1),
    "prelu of a number": lambda x: F.prelu(x.sum(), paddle.to_tensor([0.2])),
    "isclose to what all share": lambda x: paddle.isclose(x, paddle.ones(x.shape), 1.0, 1.0),
}
if not OLDER_PADDLE:  # which refuses it
    TAKEN["compared with None"] = lambda x: 0 * x if x == None else x  # noqa: E711


@pytest.mark.parametrize("function", [*SIX_AXES.values(), *TAKEN.values()], ids=SIX_AXES | TAKEN)
def test_what_is_taken_of_one_task_is_taken_of_a_batch(function):
    x = paddle.randn([2, 2, 4, 4, 3])
    x.stop_gradient = False
    found = []
    for run in (metaopt.vmap, lambda function: lambda x: looped(function, x)):
        with metaopt.twice_differentiable():
            y = run(function)(x)
            found.append([y.numpy()])
            if y.is_floating_point():
                (slope,) = paddle.grad((y**3).sum(), [x], create_graph=True)
                found[-1] += [slope.numpy(), paddle.grad((slope**2).sum(), [x])[0].numpy()]

    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


class Pooled(nn.Layer):
    """A picture that is learned, and pooled."""

    def __init__(self, pool):
        super().__init__()
        self.pool, self.picture = pool, self.create_parameter([2, 3, 4, 6])

    def forward(self, x):
        return self.pool(self.picture).mean([2, 3]) @ x


class OneChannel(nn.Layer):
    """One channel, to which several are added."""

    def __init__(self, dtype="float64"):
        super().__init__()
        self.conv, self.dtype = nn.Conv2D(3, 1, 1), dtype
        self.offset = self.create_parameter([5])

    def forward(self, x):
        offset = self.offset.reshape([1, 5, 1, 1]).astype(self.dtype)
        return paddle.add(self.conv(x.reshape([1, 3, 2, 1])), offset).sum([2]).square()


class SeveralChannels(OneChannel):
    """Offsets of another type than the channels that they are added to."""

    def __init__(self):
        super().__init__("float32")
        self.conv = nn.Conv2D(3, 5, 1)


class Constants(nn.Layer):
    """Statistics that are moved by what all tasks share."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 1)
        self.register_buffer("mean", paddle.zeros([3]))
        self.register_buffer("variance", paddle.ones([3]))

    def forward(self, x):
        shared = paddle.cos(paddle.arange(12.0)).reshape([4, 3])
        y = F.batch_norm(shared, self.mean, self.variance, paddle.ones([3]), paddle.zeros([3]), training=True)
        return self.fc(y @ x)


@pytest.mark.parametrize("buffers", ["last", "mean"])
def test_statistics_of_what_all_tasks_share_are_moved_by_each(buffers):
    net = Constants()
    tasks = [((paddle.randn([3, 2]), paddle.randn([4, 1])),) * 2 for _ in range(3)]
    found = []
    for vectorize in (True, False):
        state = {name: value.clone() for name, value in net.state_dict().items()}
        opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2, buffers=buffers)
        opt.meta_loss(net, tasks, F.mse_loss, vectorize=vectorize)
        opt.step()
        found.append([net.mean.numpy().copy(), net.variance.numpy().copy()])
        net.set_state_dict(state)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    assert abs(found[0][0]).max() > 0.01


@pytest.mark.parametrize(
    "make",
    [
        lambda: Pooled(lambda x: F.avg_pool2d(x, 2)),
        lambda: Pooled(lambda x: F.max_pool2d(x, 2)),
        lambda: Pooled(lambda x: F.adaptive_avg_pool2d(x, 2)),
        OneChannel,
        SeveralChannels,
    ],
)
def test_a_batch_gives_the_numbers_of_the_loop(make):
    net = make()
    tasks = [((paddle.randn([3, 2]), paddle.randn([1])),) * 2 for _ in range(3)]
    opt = metaopt.MAMLOptimizer(parameters=net.parameters(), inner_lr=0.1, adapt_steps=2)
    found = []
    for vectorize in (True, False):
        loss = opt.meta_loss(net, tasks, lambda y, target: ((y - target) ** 2).mean(), vectorize=vectorize)
        loss.backward()
        found.append([float(loss), *gradients_of(net.parameters())])
        opt.clear_grad()
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
