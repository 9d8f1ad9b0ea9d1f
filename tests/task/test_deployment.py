"""An adapted net is saved as a program of its own."""

import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import maml
from paddle import nn

import paddle_metaopt as metaopt


class Deployed(nn.Layer):
    """With tied, frozen and recurrent weights, statistics, a buffer, and a branch that depends on a value."""

    def __init__(self):
        super().__init__()
        self.body, self.norm, self.cells = nn.Linear(3, 4), nn.BatchNorm1D(4), nn.GRU(4, 4)
        self.there, self.back, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.back.weight = self.there.weight
        self.body.bias.stop_gradient = True
        self.register_buffer("shift", paddle.full([4], 0.5))

    def forward(self, x):
        sequence, _ = self.cells((self.norm(self.body(x)) + self.shift).unsqueeze(1))
        hidden = sequence.squeeze(1)
        if hidden.sum() < 0:
            hidden = 2 * hidden
        return self.head(self.back(F.relu(self.there(hidden))))


def adapted(net, x):
    opt = maml(net, inner_lr=0.5, adapt_steps=2, buffers="last")
    learner = opt.adapter(net).clone()
    learner.adapt(lambda: F.cross_entropy(learner(x), paddle.to_tensor([0, 1, 0, 1, 1])))
    learner.eval()
    return opt, learner


SPEC = [paddle.static.InputSpec([None, 3], "float32")]


@pytest.mark.parametrize("in_block", [False, True])
@pytest.mark.parametrize("wrap", [lambda net: net, paddle.jit.to_static])
def test_an_adapted_net_is_saved_and_loaded(wrap, in_block, tmp_path):
    paddle.seed(0)
    net, x = wrap(Deployed()), paddle.randn([5, 3])
    own = [*net.parameters(), *net.buffers()]
    opt, learner = adapted(net, x)
    for steps in (0, 1):  # once more after a further step
        learner.train()
        learner.adapt(lambda: F.cross_entropy(learner(x), paddle.to_tensor([0, 1, 0, 1, 1])), steps=steps)
        learner.eval()
        inputs = [x, -3 * x, paddle.randn([7, 3])]
        expected = [learner(value).numpy() for value in inputs]
        if in_block:
            with opt.adapter(net).task():
                paddle.jit.save(learner, str(tmp_path / "adapted"), input_spec=SPEC)
        else:
            paddle.jit.save(learner, str(tmp_path / "adapted"), input_spec=SPEC)
        loaded = paddle.jit.load(str(tmp_path / "adapted"))
        loaded.eval()
        for value, output in zip(inputs, expected):
            np.testing.assert_allclose(loaded(value).numpy(), output, rtol=1e-5, atol=1e-6)
            assert abs(net(value).numpy() - output).max() > 0.01
        assert all(a is b for a, b in zip(own, [*net.parameters(), *net.buffers()]))
    learner.train()
    F.cross_entropy(learner(x), paddle.to_tensor([0, 1, 0, 1, 1])).backward()  # the task goes on
    assert net.head.weight.grad is not None


def test_a_learner_inside_its_own_block_is_saved_too(tmp_path):
    paddle.seed(0)
    net, x = Deployed(), paddle.randn([5, 3])
    _, learner = adapted(net, x)
    with learner:
        expected = net(x).numpy()
        paddle.jit.save(learner, str(tmp_path / "adapted"), input_spec=SPEC)
    np.testing.assert_allclose(paddle.jit.load(str(tmp_path / "adapted"))(x).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_hooks_of_the_net_would_be_lost_in_saving(tmp_path):
    net, x = Deployed(), paddle.randn([5, 3])
    _, learner = adapted(net, x)
    net.register_forward_post_hook(lambda layer, inputs, output: 2 * output)
    with pytest.raises(ValueError, match=r"leaves out the hooks of its net; save the net itself.*task\(\)"):
        paddle.jit.save(learner, str(tmp_path / "adapted"), input_spec=SPEC)


def test_a_stale_learner_is_not_saved(tmp_path):
    net, x = Deployed(), paddle.randn([5, 3])
    opt, learner = adapted(net, x)
    opt.step()
    with pytest.raises(metaopt.StaleTaskError):
        paddle.jit.save(learner, str(tmp_path / "adapted"), input_spec=SPEC)


@pytest.mark.parametrize("use_global_stats, warned", [(False, False), (None, True)])
def test_a_program_goes_by_the_batch_where_batch_norm_always_does_and_else_a_warning_says_it_does_not(
    use_global_stats, warned, tmp_path
):
    paddle.seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1D(4, use_global_stats=use_global_stats), nn.Linear(4, 2))
    x = 1 + 3 * paddle.randn([5, 3])
    learner = maml(net, inner_lr=0.5, adapt_steps=2).adapter(net).clone()
    learner.adapt(lambda: F.cross_entropy(learner(x), paddle.to_tensor([0, 1, 0, 1, 1])))
    expected = learner(x).numpy()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        paddle.jit.save(learner, str(tmp_path / "adapted"), input_spec=SPEC)
        said = [w for w in caught if "will go by the running ones. See what learner.eval() gives" in str(w.message)]
        assert bool(said) == warned
        learner.eval()
        paddle.jit.save(learner, str(tmp_path / "evaluated"), input_spec=SPEC)
        assert len([w for w in caught if "will go by the running ones" in str(w.message)]) == len(said)
    equal = np.allclose(paddle.jit.load(str(tmp_path / "adapted"))(x).numpy(), expected, rtol=1e-5, atol=1e-6)
    assert equal != warned
