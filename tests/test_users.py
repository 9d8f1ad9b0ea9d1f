"""What users do: data as they have it, copies, and things in the wrong place, which are refused by name."""

import collections
import copy
import inspect
import pickle
import warnings

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import OUTER, options_of
from paddle import nn

import paddle_metaopt as metaopt
from paddle_metaopt import data, inner_rules, meta_gradients, models
from paddle_metaopt.paddle_optimizers import groups_of


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body, self.norm, self.head = nn.Linear(3, 4), nn.BatchNorm1D(4), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(paddle.tanh(self.norm(self.body(x))))


def make_net():
    paddle.seed(0)
    return Net()


def array_episode(seed=0, dtype="float32"):
    random = np.random.default_rng(seed)
    return tuple((random.standard_normal((5, 3)).astype(dtype), np.array([0, 1, 0, 1, 1])) for _ in range(2))


def as_tensors(episode):
    return tuple((paddle.to_tensor(x), paddle.to_tensor(y)) for x, y in episode)


def rate_of_shape(*shape):
    return paddle.create_parameter(shape, "float32")


def maml(net, **options):
    return metaopt.MAMLOptimizer(**{"learning_rate": 0.05, "parameters": net.parameters(), "inner_lr": 0.1, **options})


def train(net, opt, seeds):
    for seed in seeds:
        opt.meta_loss(net, [as_tensors(array_episode(seed))], F.cross_entropy).backward()
        opt.step()
        opt.clear_grad()
    return [t.numpy() for t in net.state_dict().values()] + [t.numpy() for t in opt.learned.values()]


# Episodes of numpy arrays


def test_the_sinusoids_are_taken_as_they_are():
    net = models.MLP()
    opt = metaopt.MAMLOptimizer(1e-3, parameters=net.parameters(), inner_lr=0.01)
    arrays = [data.Sinusoid()[i] for i in range(2)]
    loss = opt.meta_loss(net, arrays, F.mse_loss)
    assert float(loss) == float(opt.meta_loss(net, [as_tensors(e) for e in arrays], F.mse_loss))
    assert metaopt.evaluate(net, opt, arrays, F.mse_loss).values.shape == (2,)


@pytest.mark.parametrize("of_the_net, of_the_array", [("float32", "float64"), ("float64", "float32")])
def test_a_floating_array_takes_the_type_of_the_net_and_an_integer_one_keeps_its_own(of_the_net, of_the_array):
    net = make_net()
    net.to(dtype=of_the_net)
    seen = []

    def loss_fn(output, y):
        seen.append((str(output.dtype), str(y.dtype)))
        return F.cross_entropy(output, y)

    maml(net).meta_loss(net, [array_episode(dtype=of_the_array)], loss_fn)
    metaopt.evaluate(net, maml(net), [array_episode(dtype=of_the_array)], loss_fn)
    assert set(seen) == {(f"paddle.{of_the_net}", "paddle.int64")}


def test_a_tensor_keeps_its_type():
    seen = []

    def loss_fn(output, target):
        seen.append(target.dtype)
        return F.mse_loss(output, target.astype("float32"))

    net, pair = nn.Linear(3, 2), (paddle.ones([2, 3]), paddle.ones([2, 2], "float64"))
    maml(net).meta_loss(net, [(pair, pair)], loss_fn)
    assert set(seen) == {paddle.float64}


Inputs = collections.namedtuple("Inputs", "a b")


@pytest.mark.parametrize(
    "form", [lambda x: (x, x[:, ::-1]), lambda x: {"b": x[:, ::-1], "a": x}, lambda x: Inputs(x, x[:, ::-1])]
)
def test_arrays_in_tuples_and_dicts_become_tensors(form):
    class Two(nn.Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, a, b, *, names=None):
            return self.linear(a - 2 * b)

    net = Two()
    opt = maml(net)
    (xs, ys), (xq, yq) = array_episode()
    tensors = [
        [[paddle.to_tensor(x), paddle.to_tensor(x[:, ::-1].copy())], paddle.to_tensor(y)]
        for x, y in ((xs, ys), (xq, yq))
    ]
    expected = opt.meta_loss(net, [tensors], F.cross_entropy)
    loss = opt.meta_loss(net, [((form(xs), ys), (form(xq), yq))], F.cross_entropy)
    assert float(loss) == float(expected)


def test_what_is_no_number_is_left_alone():
    class Named(nn.Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x, names, how):
            assert names.tolist() == ["a", "b"] and how is None
            return self.linear(x)

    net = Named()
    (xs, ys), (xq, yq) = array_episode()
    names = {"names": np.array(["a", "b"], object), "how": None}
    maml(net).meta_loss(net, [(({"x": xs, **names}, ys), ({"x": xq, **names}, yq))], F.cross_entropy)


# Copies


ALGORITHMS = {
    "maml": lambda net: maml(net, inner_rule=inner_rules.Momentum(paddle.create_parameter([1], "float32"))),
    "subset": lambda net: maml(net, adapt=[net.head.weight, net.body.bias]),
    "iterator": lambda net: maml(net, adapt=iter([net.head.weight, net.body.bias])),
    "by_name": lambda net: maml(net, adapt=lambda name, p: name.startswith("head")),
    "groups": lambda net: maml(net, parameters=[
        {"params": [*net.body.parameters(), *net.norm.parameters()], "inner_lr": rate_of_shape(1)},
        {"params": net.head.parameters(), "inner_lr": paddle.optimizer.lr.StepDecay(0.1, 1)},
    ], adapt_steps=2),
    "scheduled": lambda net: maml(net, learning_rate=paddle.optimizer.lr.StepDecay(0.05, 2), buffers="mean"),
    "anil": lambda net: metaopt.ANILOptimizer(0.05, parameters=net.parameters(), head=net.head, inner_lr=0.1),
    "boil": lambda net: metaopt.BOILOptimizer(0.05, parameters=net.parameters(), head=net.head, inner_lr=0.1),
    "meta_sgd": lambda net: metaopt.MetaSGDOptimizer(0.05, parameters=net.parameters()),
    "maml_plus_plus": lambda net: metaopt.MAMLPlusPlusOptimizer(0.05, parameters=net.parameters(), adapt_steps=2),
    "meta_curvature": lambda net: metaopt.MetaCurvatureOptimizer(0.05, parameters=net.parameters()),
    "reptile": lambda net: metaopt.ReptileOptimizer(0.05, parameters=net.parameters()),
    "imaml": lambda net: metaopt.IMAMLOptimizer(0.05, parameters=net.parameters(), adapt_steps=2),
}  # fmt: skip


def trains_alike_after(made, way_to_copy, before, make):
    net = make_net()
    opt = made(net)
    train(net, opt, range(before))
    net_copy, opt_copy = way_to_copy((net, opt))
    assert type(opt_copy) is type(opt)
    held = {id(p) for group in groups_of(opt_copy) for p in group["params"]}
    assert {id(p) for p in net_copy.parameters() if not p.stop_gradient} <= held
    untouched = [t.numpy() for t in net_copy.state_dict().values()]
    first = train(net, opt, range(3, 6))
    assert all(np.array_equal(a, t.numpy()) for a, t in zip(untouched, net_copy.state_dict().values()))
    for a, b in zip(first, train(net_copy, opt_copy, range(3, 6))):
        np.testing.assert_array_equal(a, b)


def pickled(pair):
    try:
        pickle.dumps(pair[0])
    except TypeError:
        pytest.skip("Paddle before 3.3 pickles no Layer")
    return pickle.loads(pickle.dumps(pair))


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_deep_copied_pair_belongs_together_and_goes_on_bit_for_bit(name, before):
    trains_alike_after(ALGORITHMS[name], copy.deepcopy, before, make_net)


@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name != "by_name"])
def test_a_pickled_pair_belongs_together_and_goes_on_bit_for_bit(name):
    trains_alike_after(ALGORITHMS[name], pickled, 2, make_net)


@pytest.mark.parametrize("way_to_copy", [copy.deepcopy, pickled])
@pytest.mark.parametrize("outer", OUTER)
def test_a_copy_over_any_outer_rule_goes_on_bit_for_bit(outer, way_to_copy):
    options = options_of(outer)
    combined = metaopt.MAMLOptimizer.over(outer)
    trains_alike_after(
        lambda net: combined(learning_rate=0.05, parameters=net.parameters(), **options), way_to_copy, 2, make_net
    )


@pytest.mark.parametrize("grouped", [False, True])
def test_an_inner_schedule_is_copied_as_it_was_given(grouped):
    net, schedule = make_net(), paddle.optimizer.lr.StepDecay(0.1, 1)
    groups = [{"params": net.parameters(), "inner_lr": schedule}]
    opt = maml(net, adapt_steps=2, **({"parameters": groups} if grouped else {"inner_lr": schedule}))
    schedule.step()  # its owner uses it elsewhere
    net_copy, opt_copy = copy.deepcopy((net, opt))
    losses = [float(o.meta_loss(n, [array_episode()], F.cross_entropy)) for n, o in ((net, opt), (net_copy, opt_copy))]
    assert losses[0] == losses[1]


def test_a_pickle_needs_a_predicate_that_python_can_pickle():
    net = make_net()
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickled((net, ALGORITHMS["by_name"](net)))


class Mine(metaopt.MAMLOptimizer):
    pass


def test_a_class_of_the_users_own_is_copied_as_one():
    trains_alike_after(lambda net: Mine(0.05, parameters=net.parameters()), pickled, 1, make_net)


def test_an_optimizer_copied_alone_has_parameters_of_its_own():
    net = make_net()
    opt = maml(net)
    train(net, opt, [0])
    with opt.adapter(net).task():
        alone = copy.deepcopy(opt)
    assert not {id(p) for p in alone._parameter_list} & {id(p) for p in net.parameters()}
    kept, copied = (o.state_dict()["MetaOptimizer"]["accumulators"] for o in (opt, alone))
    assert len(copied) == len(kept) > 0


def test_a_copy_in_the_middle_of_a_meta_batch_keeps_the_sums_of_the_statistics():
    net = make_net()
    opt = maml(net, buffers="mean")
    pairs = [(net, opt)]
    for seed in (0, 1):
        for n, o in pairs[:1]:
            o.meta_loss(n, [as_tensors(array_episode(seed))], F.cross_entropy).backward()
        if not seed:
            pairs.append(copy.deepcopy((net, opt)))
    n, o = pairs[1]
    for p, q in zip(net.parameters(), n.parameters()):
        if p.grad is not None:  # a copied parameter has no gradient, in Paddle
            q.grad = p.grad.clone()
    n_loss = o.meta_loss(n, [as_tensors(array_episode(1))], F.cross_entropy)
    assert np.isfinite(float(n_loss))
    for one in (opt, o):
        one.step()
    np.testing.assert_array_equal(net.norm._mean.numpy(), n.norm._mean.numpy())


def test_an_adapter_is_copied_without_its_task_and_a_task_not_at_all():
    net = make_net()
    adapter = maml(net).adapter(net)
    before = adapter.model
    copied = copy.deepcopy(adapter)
    assert copied.model is not before and copied.net is not net
    x, y = as_tensors(array_episode())[0]
    copied.adapt(F.cross_entropy(copied.model(x), y))
    with pytest.raises(TypeError, match=r"a Learner can't be copied.*adapter.clone\(\)"):
        copy.deepcopy(before)


# Static mode


@pytest.mark.parametrize(
    "entry",
    [
        lambda net, opt, adapter, learner, e: opt.meta_loss(net, [e], F.cross_entropy),
        lambda net, opt, adapter, learner, e: metaopt.evaluate(net, opt, [e], F.cross_entropy),
        lambda net, opt, adapter, learner, e: opt.adapter(net),
        lambda net, opt, adapter, learner, e: metaopt.InnerAdapter(net, opt),
        lambda net, opt, adapter, learner, e: adapter.clone(),
        lambda net, opt, adapter, learner, e: adapter.task(),
        lambda net, opt, adapter, learner, e: adapter.model,
        lambda net, opt, adapter, learner, e: metaopt.twice_differentiable().__enter__(),
        lambda net, opt, adapter, learner, e: metaopt.MAMLOptimizer(parameters=opt._parameter_list),
        lambda net, opt, adapter, learner, e: learner(e[0][0]),
        lambda net, opt, adapter, learner, e: learner.adapt(lambda: F.cross_entropy(learner(e[0][0]), e[0][1])),
        lambda net, opt, adapter, learner, e: learner.meta_loss(lambda: F.cross_entropy(learner(e[0][0]), e[0][1])),
        lambda net, opt, adapter, learner, e: learner.__enter__(),
    ],
)
def test_static_mode_is_refused_at_every_entry(entry):
    net = make_net()
    opt = maml(net)
    adapter = opt.adapter(net)
    learner = adapter.clone()
    episode = as_tensors(array_episode())
    paddle.enable_static()
    try:
        with pytest.raises(RuntimeError, match=r"static mode is on; call paddle.disable_static\(\)"):
            entry(net, opt, adapter, learner, episode)
    finally:
        paddle.disable_static()
    opt.meta_loss(net, [episode], F.cross_entropy).backward()


# What is no net, optimizer, episode, loss


def test_a_loss_without_a_graph_says_that_the_function_form_works_under_no_grad():
    net = make_net()
    learner = maml(net).adapter(net).clone()
    x, y = as_tensors(array_episode())[0]
    before = learner.fast_weights["head.weight"]
    with paddle.no_grad():
        with pytest.raises(ValueError, match=r"under paddle.no_grad\(\): no graph.*adapt\(lambda: loss_fn"):
            learner.adapt(F.cross_entropy(learner(x), y))
        learner.adapt(lambda: F.cross_entropy(learner(x), y), steps=1)
    assert learner.fast_weights["head.weight"] is not before


def meta_loss(net=None, episodes=None, loss_fn=F.cross_entropy, **options):
    own = make_net()
    opt = maml(own)
    opt.meta_loss(own if net is None else net, [array_episode()] if episodes is None else episodes, loss_fn, **options)


def evaluate(net=None, opt=None, episodes=None, loss_fn=F.cross_entropy, **options):
    own = make_net()
    metaopt.evaluate(
        own if net is None else net, maml(own) if opt is None else opt,
        [array_episode()] if episodes is None else episodes, loss_fn, **options,
    )  # fmt: skip


def adapter_step(loss):
    net = make_net()
    maml(net).adapter(net).step(loss)


FEW, NONE = array_episode()[0], (np.zeros([0, 3], "float32"), np.zeros([0], "int64"))


@pytest.mark.parametrize("entry", [meta_loss, evaluate])
@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"net": lambda x: x}, TypeError, "net: expected a paddle.nn.Layer"),
        ({"net": nn.Linear}, TypeError, "net: expected a paddle.nn.Layer"),
        ({"loss_fn": nn.CrossEntropyLoss}, TypeError, r"loss_fn: expected a function, called as loss_fn\(net_"),
        ({"loss_fn": None}, TypeError, "loss_fn: expected a function"),
        ({"loss_fn": lambda p, y: paddle.complex(p.sum(), p.sum())}, ValueError, "must be real, got paddle.complex64"),
        ({"episodes": 3}, TypeError, "episodes: expected an iterable of episodes, got 3"),
        ({"episodes": metaopt.Episode(*array_episode())}, ValueError, r"got one Episode; use \[episode\]"),
        ({"episodes": array_episode()}, ValueError, r"pair of pairs.*got tuple of ndarray, ndarray.*as \[episode\]"),
        ({"episodes": [[*as_tensors((FEW, FEW))[0]]]}, ValueError, "got list of Tensor, Tensor"),
        ({"episodes": [3]}, ValueError, "pair of pairs.*got int"),
        ({"episodes": [(NONE, FEW)]}, ValueError, "support set has no examples"),
        ({"episodes": [(FEW, NONE)]}, ValueError, "query set has no examples"),
        ({"episodes": [((FEW[0], NONE[1]), FEW)]}, ValueError, "support set has no examples"),
    ],
)
def test_what_can_not_be_a_net_a_loss_or_an_episode_is_refused(entry, options, error, message):
    with pytest.raises(error, match=message):
        entry(**options)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"opt": paddle.optimizer.Adam(parameters=[rate_of_shape(1)])}, TypeError, "evaluate: opt: expected a Meta"),
        ({"opt": metaopt.MAMLOptimizer}, TypeError, "evaluate: opt: expected a MetaOptimizer"),
        ({"metric": paddle.metric.Accuracy}, TypeError, "evaluate: metric: expected a function"),
        ({"metric": 3}, TypeError, "evaluate: metric: expected a function"),
        ({"metric": lambda p, y: p}, ValueError, r"metric: expected one number .* got shape \[5, 2\]"),
        ({"steps": -1}, ValueError, "evaluate: steps: expected an integer of at least 0, got -1"),
        ({"steps": 1.5}, ValueError, "steps: expected an integer"),
        ({"statistics": 3}, ValueError, "statistics: expected one of 'batch', 'running'"),
    ],
)
def test_evaluate_refuses(options, error, message):
    with pytest.raises(error, match=message):
        evaluate(**options)


def test_an_empty_support_set_will_do_where_nothing_adapts():
    evaluate(episodes=[(NONE, FEW)], steps=0)


@pytest.mark.parametrize("inputs", [None, paddle.ones([2])])
def test_inputs_are_a_list(inputs):
    with pytest.raises(TypeError, match="inputs: expected a list of leaf tensors"):
        meta_loss(inputs=inputs)


@pytest.mark.parametrize(
    "loss, error, message",
    [
        (paddle.to_tensor(0.1), ValueError, "InnerAdapter.step: validation_loss: it is a constant"),
        (0.1, TypeError, "InnerAdapter.step: validation_loss: expected a Tensor, got 0.1"),
        (paddle.ones([2]), ValueError, r"expected a real scalar, got shape \[2\].*mean\(\)"),
        (paddle.ones([], "complex64"), ValueError, "expected a real scalar, got.*complex64"),
    ],
)
def test_an_outer_step_needs_a_loss_that_depends_on_something(loss, error, message):
    with pytest.raises(error, match=message):
        adapter_step(loss)


@pytest.mark.parametrize("query", [paddle.ones([]), None])
def test_meta_loss_of_a_learner_needs_a_function(query):
    net = make_net()
    with pytest.raises(TypeError, match=r"meta_loss: query: expected a function, called as query\(\)"):
        maml(net).adapter(net).clone().meta_loss(query)


@pytest.mark.parametrize("value", ["MyLayer", nn.Linear, None])
def test_only_a_pylayer_can_be_trusted(value):
    with pytest.raises(TypeError, match="trust: pylayer: expected a subclass of paddle.autograd.PyLayer"):
        metaopt.double_grad.trust(value)


# Senseless arguments


def test_an_unknown_keyword_names_class_and_argument():
    for make, name in ((metaopt.MAMLOptimizer, "MAMLOptimizer"), (metaopt.ANILOptimizer, "ANILOptimizer"),
                       (metaopt.MAMLOptimizer.over(paddle.optimizer.Lamb), r"MAMLOptimizer.over\(Lamb\)")):  # fmt: skip
        with pytest.raises(TypeError, match=f"^{name}: .*inner_steps"):
            make(learning_rate=0.1, parameters=make_net().parameters(), inner_steps=3)


@pytest.mark.parametrize("lists", [{"inner_lr": [0.1, 0.2]}, {"parameters": "group"}])
def test_a_list_of_rates_shorter_than_the_steps_is_refused(lists):
    net = make_net()
    if "parameters" in lists:
        lists = {"parameters": [{"params": net.parameters(), "inner_lr": [0.1, 0.2]}]}
    with pytest.raises(ValueError, match="MAMLOptimizer: inner_lr: expected a rate for each of the 3 .* a list of 2"):
        maml(net, adapt_steps=3, **lists)
    opt = maml(net, adapt_steps=2, **lists)
    assert metaopt.evaluate(net, opt, [array_episode()], F.cross_entropy, steps=4).values.size == 1


@pytest.mark.parametrize("inner_lr", [rate_of_shape(3, 3), [rate_of_shape(5)], rate_of_shape(1, 4, 2)])
def test_a_learned_rate_that_fits_no_parameter_is_refused_at_once(inner_lr):
    with pytest.raises(ValueError, match=r"MAMLOptimizer: inner_lr: a rate of shape \[.*does not fit linear.*broadc"):
        maml(make_net(), inner_lr=inner_lr)


def test_a_learned_rate_has_to_fit_what_adapts():
    net = make_net()
    rate = rate_of_shape(4, 2)
    maml(net, inner_lr=rate, adapt=[net.head.weight]).meta_loss(net, [array_episode()], F.cross_entropy)
    with pytest.raises(ValueError, match=r"inner_lr: a rate of shape \[4, 2\] does not fit linear.* of shape \[3, 4\]"):
        maml(net, inner_lr=rate).meta_loss(net, [array_episode()], F.cross_entropy)
    with pytest.raises(ValueError, match=r"a rate of shape \[3\] does not fit"):
        maml(net, inner_lr=lambda step: paddle.ones([3])).meta_loss(net, [array_episode()], F.cross_entropy)


def test_an_unknown_option_of_the_learned_group_is_named():
    with pytest.raises(ValueError, match="learned_group: Adam has no option 'learning_rte'.*learning_rate"):
        metaopt.MetaSGDOptimizer(0.1, parameters=make_net().parameters(), learned_group={"learning_rte": 0.1})


SENSELESS = [object(), "a", "", -1, -0.1, float("nan"), {}, [], [None], complex(1, 2), b"x", np.ones(3), NotImplemented]


def constructors():
    net = make_net()
    p = net.parameters()
    yield from ((rule, {}) for rule in (getattr(inner_rules, name) for name in (
        "SGD", "Momentum", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSProp")))  # fmt: skip
    yield meta_gradients.HessianFree, {}
    yield meta_gradients.Implicit, {}
    yield models.MLP, {}
    yield models.OmniglotNet, {}
    yield models.Conv4, {}
    yield data.Sinusoid, {}
    for cls, needed in ((metaopt.MAMLOptimizer, {}), (metaopt.ANILOptimizer, {"head": net.head}),
                        (metaopt.BOILOptimizer, {"head": net.head}), (metaopt.MetaSGDOptimizer, {}),
                        (metaopt.MAMLPlusPlusOptimizer, {}), (metaopt.MetaCurvatureOptimizer, {}),
                        (metaopt.ReptileOptimizer, {}), (metaopt.IMAMLOptimizer, {})):  # fmt: skip
        yield cls, {"parameters": p, **needed}


def own_arguments(cls):
    theirs = set(inspect.signature(paddle.optimizer.Adam).parameters) - {"parameters"}
    named = inspect.signature(cls).parameters
    return [name for name in named if not (issubclass(cls, metaopt.MetaOptimizer) and name in theirs)]


@pytest.mark.parametrize("cls, needed", constructors(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_senseless_value_of_any_argument_is_refused_by_class_and_name(cls, needed):
    accepted, unnamed = [], []
    for name in own_arguments(cls):
        for value in SENSELESS:
            try:
                cls(**{**needed, name: value})
            except (TypeError, ValueError) as error:
                if cls.__name__ not in str(error) or name not in str(error):
                    unnamed.append((name, value, error))
            else:
                if (name, value) != ("learned_group", {}):  # no options
                    accepted.append((name, value))
    assert not unnamed
    assert not accepted


# A script in which the optimizer alone was changed


def plain_loss(net):
    x, y = as_tensors(array_episode())[0]
    return F.cross_entropy(net(x), y)


def of_plain_steps(caught):
    return [w for w in caught if "on a plain loss" in str(w.message)]


@pytest.mark.parametrize("take_step", [lambda opt, loss: opt.step(), lambda opt, loss: opt.minimize(loss)])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_plain_loss_under_a_meta_optimizer_warns_once(take_step, grouped):
    net = make_net()
    opt = maml(net, parameters=[{"params": net.parameters()}] if grouped else net.parameters())
    loss = plain_loss(net)
    loss.backward()
    with pytest.warns(UserWarning, match=r"MAMLOptimizer: .* one of Adam on a plain loss.*opt.meta_loss\(") as caught:
        take_step(opt, loss)
    assert [w.filename for w in of_plain_steps(caught)] == [__file__]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loss = plain_loss(net)
        loss.backward()
        take_step(opt, loss)
    assert not of_plain_steps(caught)


def by_meta_loss(net, opt):
    opt.meta_loss(net, [array_episode()], F.cross_entropy).backward()
    opt.step()


def by_hand(net, opt):
    learner = opt.adapter(net).clone()
    learner.adapt(plain_loss(learner))
    plain_loss(learner).backward()
    opt.step()


def in_a_block(net, opt):
    with opt.adapter(net).task() as task:
        task.adapt(lambda: plain_loss(net))
        plain_loss(net).backward()
    opt.step()


def accumulated(net, opt):
    for seed in range(2):
        opt.meta_loss(net, [array_episode(seed)], F.cross_entropy).backward()
    opt.step()
    by_hand(net, opt)


def by_the_adapter(net, opt):
    adapter = opt.adapter(net)
    adapter.adapt(plain_loss(adapter.model))
    adapter.step(plain_loss(adapter.model))


def by_a_scaler(net, opt):
    scaler = paddle.amp.GradScaler(enable=True)
    scaler.scale(opt.meta_loss(net, [array_episode()], F.cross_entropy)).backward()
    scaler.step(opt)


def by_minimize(net, opt):
    loss = opt.meta_loss(net, [array_episode()], F.cross_entropy)
    loss.backward()
    opt.minimize(loss)


def with_a_regularizer(net, opt):
    (opt.meta_loss(net, [array_episode()], F.cross_entropy) + 0.01 * (net.head.weight**2).sum()).backward()
    opt.step()


def by_gradients_of_paddle_grad(net, opt):
    loss = opt.meta_loss(net, [array_episode()], F.cross_entropy)
    for p, g in zip(opt._parameter_list, paddle.grad(loss, opt._parameter_list, allow_unused=True)):
        if g is not None:
            p.grad = g
    opt.step()


def resumed(net, opt):
    opt.set_state_dict(opt.state_dict())
    by_meta_loss(net, opt)


def without_gradients(net, opt):
    opt.step()
    opt.clear_grad()
    opt.step()


def a_copy(net, opt):
    by_meta_loss(net, opt)
    net, opt = copy.deepcopy((net, opt))
    plain_loss(net).backward()
    opt.step()


LEGITIMATE = [
    by_meta_loss, by_hand, in_a_block, accumulated, by_the_adapter, by_a_scaler, by_minimize, with_a_regularizer,
    by_gradients_of_paddle_grad, resumed, without_gradients, a_copy,
]  # fmt: skip


@pytest.mark.parametrize("train_step", LEGITIMATE)
def test_no_use_with_tasks_warns(train_step):
    net = make_net()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train_step(net, maml(net))
    assert not of_plain_steps(caught)


# Deployment


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


def test_a_net_with_synchronized_batch_norm_trains_and_is_scored_in_one_process():
    nets = make_net(), nn.SyncBatchNorm.convert_sync_batchnorm(make_net())
    assert isinstance(nets[1].norm, nn.SyncBatchNorm)
    losses, scores = [], []
    for net in nets:
        opt = maml(net, buffers="last")
        losses.append(float(opt.meta_loss(net, [array_episode()], F.cross_entropy)))
        result = metaopt.evaluate(net, opt, [array_episode(1)], F.cross_entropy, statistics="running")
        scores.append(result.mean)
    np.testing.assert_allclose(*losses, rtol=1e-6)
    np.testing.assert_allclose(*scores, rtol=1e-6)
