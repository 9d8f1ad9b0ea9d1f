"""metaopt.Model is Paddle's Model, on episodes: its loop, its files, its callbacks, and opt.meta_loss's gradient."""

import sys
import types

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from helpers import (
    EXACT,
    Classifier,
    array_episode,
    as_tensors,
    assert_unchanged,
    gradients_of,
    holdings,
    in_double,
    labelled_episode,
    make_net,
    maml,
    normed_net,
    trainable,
)  # fmt: skip
from helpers import episode as regression_episode
from meta_combinations import ALGORITHMS, alike, offered
from paddle import nn
from paddle.io import DataLoader, Dataset

import paddle_metaopt as metaopt
from paddle_metaopt.data import Episode, EpisodeLoader, EpisodeSampler, Sinusoid
from paddle_metaopt.double_grad.testing import compare_with_differences


class Clouds(Dataset):
    """Points of six classes."""

    labels = np.arange(90) % 6

    def __len__(self):
        return 90

    def __getitem__(self, index):
        middle = np.random.default_rng(100 + self.labels[index]).standard_normal(3) * 2
        return (np.random.default_rng(index).standard_normal(3) + middle).astype("float32"), self.labels[index]


def loader(episodes=8, tasks_per_batch=2, seed=0, **options):
    sampler = EpisodeSampler(Clouds(), 2, 3, 4, episodes, seed, tasks_per_batch)
    return EpisodeLoader(Clouds(), sampler, **options)


class Items(Dataset):
    """Episodes of arrays, as the items of a Dataset."""

    def __init__(self, count=4):
        self.items = [array_episode(seed) for seed in range(count)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def prepared(net=None, metrics=None, opt=None, loss=F.cross_entropy, **choices):
    net = normed_net() if net is None else net
    model = metaopt.Model(net)
    model.prepare(maml(net, adapt_steps=2) if opt is None else opt, loss, metrics, **choices)
    return model


def state_of(model):
    opt = model._optimizer
    own = [p for p in opt.state_dict().values() if isinstance(p, paddle.Tensor)]
    return [t.numpy().copy() for t in [*model.network.state_dict().values(), *opt.learned.values(), *own]]


def weights_of(model):
    return [p.numpy().copy() for p in model.network.parameters()]


def assert_same(first, second):
    assert len(first) == len(second)
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)


def quietly(model, *arguments, **options):
    model.fit(*arguments, **{"verbose": 0, **options})
    return model


# The gradient


WAYS = ("unrolled", "checkpointed", "first_order", "hessian_free", "implicit", None)


@pytest.mark.parametrize("algorithm, way", [(a, way) for a in ALGORITHMS for way in WAYS if offered(a, way)])
def test_its_gradient_is_meta_losss(algorithm, way):
    nets = make_net(), make_net()
    options = {"adapt_steps": 2, **({} if way is None else {"meta_gradient": way})}
    mine, theirs = alike(algorithm, nets, **options)
    episodes = [regression_episode() for _ in range(2)]
    model = prepared(nets[0], opt=mine, loss=F.mse_loss)
    (loss,) = model.train_batch(episodes, update=False)
    expected = theirs.meta_loss(nets[1], episodes, F.mse_loss)
    expected.backward()
    np.testing.assert_array_equal(loss, expected.numpy())
    found = [gradients_of([*trainable(net), *opt.learned.values()]) for net, opt in zip(nets, (mine, theirs))]
    assert any(g is not None and np.abs(g).max() > 1e-6 for g in found[0])
    for a, b in zip(*found):
        assert (a is None) is (b is None)
        if a is not None:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("way", EXACT)
def test_its_gradient_is_that_of_its_loss_by_differences(way):
    paddle.seed(3)
    net = in_double(Classifier())
    model = prepared(net, paddle.metric.Accuracy(), maml(net, way, adapt_steps=2))
    episodes = [labelled_episode(seed) for seed in range(2)]
    model.train_batch(episodes, update=False)
    gradients = gradients_of(trainable(net))
    model._optimizer.clear_grad()
    found = compare_with_differences(lambda: model.eval_batch(episodes)[0][0].item(), gradients, trainable(net))
    assert found.error < 1e-6


# The loop


def by_hand(net, opt, load, epochs, accumulate=1):
    """The training loop that fit stands for."""
    for epoch in range(epochs):
        load.batch_sampler.set_epoch(epoch)
        for number, episodes in enumerate(load):
            episodes = episodes if isinstance(episodes, list) else [episodes]
            opt.meta_loss(net, episodes, F.cross_entropy).backward()
            if (number + 1) % accumulate == 0 or number + 1 == len(load):
                opt.step()
                opt.clear_grad()
            opt._learning_rate.step()


@pytest.mark.parametrize("buffers", ["restore", "last", "mean"])
@pytest.mark.parametrize("accumulate, tasks_per_batch", [(1, 2), (3, 2), (2, None)])
def test_fit_is_the_loop_by_hand_bit_for_bit(buffers, accumulate, tasks_per_batch):
    nets = normed_net(), normed_net()
    opts = []
    for net in nets:
        schedule = paddle.optimizer.lr.CosineAnnealingDecay(0.05, 9)
        opts.append(maml(net, learning_rate=schedule, buffers=buffers, adapt_steps=2))
    model = prepared(nets[0], opt=opts[0])
    quietly(model, loader(tasks_per_batch=tasks_per_batch), epochs=2, accumulate_grad_batches=accumulate)
    other = prepared(nets[1], opt=opts[1])
    by_hand(nets[1], opts[1], loader(tasks_per_batch=tasks_per_batch), 2, accumulate)
    assert_same(state_of(model), state_of(other))
    assert opts[0].outer_steps == opts[1].outer_steps and opts[0].get_lr() == opts[1].get_lr()


def test_a_resumed_epoch_ends_with_a_step_too():
    load = loader(8)
    load.batch_sampler.resume(1)
    model = quietly(prepared(), load, accumulate_grad_batches=2)  # of the three batches that are left
    assert model._optimizer.outer_steps == 2


def test_num_iters_ends_it():
    model = quietly(prepared(), loader(), epochs=5, num_iters=6)
    assert model._optimizer.outer_steps == 6 and model.stop_training


def test_each_epoch_of_training_draws_its_own_episodes_and_each_evaluation_the_same():
    class Seen(metaopt.Model):
        def train_batch(self, inputs, *others):
            seen.append(inputs[0].episodes[0].support[0].numpy())
            return super().train_batch(inputs, *others)

        def eval_batch(self, inputs, *others):
            evaluated.append(inputs[0].episodes[0].support[0].numpy())
            return super().eval_batch(inputs, *others)

    seen, evaluated = [], []
    net = normed_net()
    model = Seen(net)
    model.prepare(maml(net), F.cross_entropy)
    train = loader(2)
    quietly(model, train, loader(2, seed=7), epochs=3)
    assert len({array.tobytes() for array in seen}) == 3 and len({array.tobytes() for array in evaluated}) == 1
    quietly(model, train)
    assert len({array.tobytes() for array in seen}) == 4  # it goes on where it was
    train.batch_sampler.set_epoch(0)
    assert train.batch_sampler.epoch == 0
    quietly(model, train)
    assert_same([seen[0]], [seen[4]])


@pytest.mark.parametrize("form", ["a list", "a generator", "tensors", "a Dataset", "a DataLoader", "two workers"])
def test_batches_of_episodes_come_in_every_form(form):
    items = Items(4).items
    pairs = [items[:2], items[2:]]
    given = {
        "a list": pairs,
        "a generator": (pair for pair in pairs),
        "tensors": [[as_tensors(episode) for episode in pair] for pair in pairs],
        "a Dataset": Items(4),
        "a DataLoader": DataLoader(Items(4), batch_size=2, shuffle=False),
        "two workers": DataLoader(Items(4), batch_size=2, shuffle=False, num_workers=2),
    }[form]
    model, expected = prepared(), prepared()
    quietly(model, given, batch_size=2, shuffle=False)
    for pair in pairs:
        expected.train_batch(pair)
    assert_same(state_of(model), state_of(expected))


def test_single_episodes_come_in_every_form():
    items = [as_tensors(episode) for episode in Items(3).items]
    expected = prepared()
    for item in items:
        expected.train_batch([item])
    lists = [[list(part) for part in item] for item in items]
    for form in (items, lists, [Episode(*item) for item in items], DataLoader(Items(3), batch_size=None)):
        assert_same(state_of(quietly(prepared(), form)), state_of(expected))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_dataset_says_by_itself_that_its_items_are_episodes_whatever_their_targets_are(num_workers):
    (xs, ys), (xq, yq) = array_episode()

    class Doubled(Items):
        def __getitem__(self, index):
            return Episode(((xs, xs), (ys, ys)), ((xq, xq), (yq, yq)))

    model, expected = (prepared(several(), loss=lambda a, b, ya, yb: [F.cross_entropy(a, ya), F.cross_entropy(b, yb)])
                       for _ in range(2))  # fmt: skip
    quietly(model, Doubled(2), Doubled(2), batch_size=2, num_workers=num_workers)
    expected.train_batch([Doubled()[0]] * 2)
    assert_same(state_of(model), state_of(expected))


def test_a_dataset_of_episodes_is_shuffled_epoch_by_epoch():
    class Counting(Items):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    asked = []
    quietly(prepared(), Counting(6), batch_size=2, epochs=2)
    assert sorted(asked[:6]) == sorted(asked[6:]) == list(range(6)) and asked[:6] != asked[6:]


def test_sinusoids_are_learned_from_the_dataset():
    paddle.seed(0)
    net = metaopt.models.MLP()
    opt = maml(net, learning_rate=1e-2, inner_lr=0.01)
    model = prepared(net, opt=opt, loss=nn.MSELoss())
    before = model.evaluate(Sinusoid(episodes=50, seed=1), 10, verbose=0)["loss"][0]
    quietly(model, Sinusoid(episodes=400), batch_size=8, epochs=2)
    assert model.evaluate(Sinusoid(episodes=50, seed=1), 10, verbose=0)["loss"][0] < 0.8 * before


# Inputs, outputs, losses and metrics in several


class Several(nn.Layer):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(3, 2)

    def forward(self, first, second=None):
        return self.a(first), self.b(first if second is None else second)


def several():
    paddle.seed(2)
    return Several()


def in_several(seed):
    """With two inputs and two targets."""
    return Episode(*(((x, x[::-1].copy()), (y, 1 - y)) for x, y in array_episode(seed)))


def test_several_inputs_outputs_targets_and_losses_are_arguments_of_their_own():
    def losses(first, second, y, other):
        return [F.cross_entropy(first, y), F.cross_entropy(second, other)]

    def summed(outputs, targets):
        return sum(losses(*outputs, *targets))

    class Agreement(paddle.metric.Accuracy):
        def compute(self, first, second, y, other):
            return super().compute(first, second.argmax(1))

    nets = several(), several()
    model = prepared(nets[0], Agreement(), maml(nets[0]), losses)
    opt = maml(nets[1])
    episodes = [in_several(seed) for seed in range(2)]
    (loss,), ((first, second),) = model.train_batch(episodes, update=False)
    expected, scores = opt.meta_loss(
        nets[1], episodes, summed, metric=lambda o, _: (o[0].argmax(1) == o[1].argmax(1)).astype("float32").mean()
    )
    expected.backward()
    np.testing.assert_array_equal(loss, expected.numpy())
    np.testing.assert_allclose([first, second], scores, rtol=1e-6)
    assert_same(*(gradients_of(trainable(net)) for net in nets))
    outputs = model.predict([episodes], verbose=0)
    assert [[array.shape for array in of_tasks] for of_tasks in outputs] == [[(5, 2), (5, 2)]] * 2


def test_a_tensor_outside_is_learned_with_the_net_if_it_is_named():
    def loss(output, y):
        return F.cross_entropy(output * scale, y)

    net = normed_net()
    scale = paddle.create_parameter([1], "float32", default_initializer=nn.initializer.Constant(1.5))
    given = [{"params": net.parameters()}, {"params": [scale]}]
    opt = maml(net, parameters=given)
    with pytest.raises(ValueError, match="inputs="):
        quietly(prepared(net, opt=opt, loss=loss), Items(2), batch_size=2)
    quietly(prepared(net, opt=opt, loss=loss, inputs=[scale]), Items(2), batch_size=2)
    assert scale.item() != 1.5 and (scale.grad is None or not scale.grad.any())


def test_metrics_see_the_predictions_of_all_query_sets():
    class Loss(paddle.callbacks.Callback):
        def on_train_batch_end(self, step, logs=None):
            seen.append(dict(logs))

    seen = []
    metrics = [paddle.metric.Accuracy(topk=(1, 2)), paddle.metric.Accuracy(name="other")]
    quietly(prepared(metrics=metrics), loader(), callbacks=Loss())
    net = normed_net()
    opt = maml(net, adapt_steps=2)
    scores = []
    for episodes, logs in zip(loader(), seen):
        loss, found = opt.meta_loss(net, episodes, F.cross_entropy, metric=paddle.metric.Accuracy())
        loss.backward()
        opt.step()
        opt.clear_grad()
        scores += found.tolist()
        np.testing.assert_allclose(logs["loss"], [float(loss)], rtol=1e-6)
        np.testing.assert_allclose([logs["acc_top1"], logs["other"]], np.mean(scores), rtol=1e-6)
        assert logs["acc_top2"] == 1.0 and logs["batch_size"] == 2
    assert len(seen) == 4 and 0.0 < np.mean(scores) < 1.0


def test_a_metric_that_returns_nothing_and_takes_what_it_is_given():
    class Scores(paddle.metric.Precision):
        def compute(self, output, y):
            return F.softmax(output)[:, 1], y

    model = prepared(metrics=Scores())
    losses, updates = model.train_batch(Items(2).items)
    assert updates == [[None, None]] and losses[0].shape == ()
    assert 0.0 <= model.evaluate(Items(3), verbose=0)["precision"] <= 1.0


def far_off(episode):
    (xs, ys), query = episode
    return Episode((xs * np.float32("inf"), ys), query)


def test_tasks_that_diverge_are_kept_refused_or_dropped():
    good, bad = Items(1).items[0], far_off(Items(2).items[1])
    metric = paddle.metric.Accuracy()
    model, expected = prepared(metrics=metric, diverged="drop"), prepared(metrics=paddle.metric.Accuracy())
    with pytest.warns(RuntimeWarning, match=r"left out of the mean.*: episodes\[1\], of 2 tasks"):
        (losses, updates) = model.train_batch([good, bad])
    assert (losses, updates) == expected.train_batch([good]) and len(updates[0]) == 1
    assert_same(state_of(model), state_of(expected))
    with pytest.raises(metaopt.DivergedError, match=r"episodes\[1\] diverged"):
        quietly(prepared(diverged="raise"), [[good, bad]])
    assert np.isnan(prepared().train_batch([good, bad])[0])


# Evaluation and prediction


def test_evaluation_is_evaluates_and_leaves_all_as_it_was():
    net = normed_net()
    opt = maml(net, adapt_steps=2, buffers="last")
    accuracy = paddle.metric.Accuracy()
    model = quietly(prepared(net, accuracy, opt), loader())
    net.eval()
    before = holdings(net)
    values = [tensor.numpy().copy() for _, _, tensor in before]
    for given in ({}, {"eval_steps": 3}, {"statistics": "running"}):
        model.prepare(opt, F.cross_entropy, accuracy, **given)
        for steps in (None, 0, 1):
            options = {"statistics": given.get("statistics", "batch")}
            options["steps"] = given.get("eval_steps") if steps is None else steps
            for load in (loader(7), loader(7, None)):
                found = model.evaluate(load, verbose=0, steps=steps)
                whole = list(loader(7, None))
                loss = metaopt.evaluate(net, opt, whole, F.cross_entropy, **options)
                score = metaopt.evaluate(net, opt, whole, F.cross_entropy, paddle.metric.Accuracy(), **options)
                np.testing.assert_allclose(found["loss"], [loss.mean], rtol=1e-6)
                np.testing.assert_allclose(found["acc"], score.mean, rtol=1e-6)
    assert_unchanged(net, before, values)
    assert not any(layer.training for layer in net.sublayers(include_self=True))
    assert all(p.grad is None or not p.grad.any() for p in net.parameters())
    assert model.evaluate(loader(8), verbose=0, num_iters=1) == model.evaluate(loader(2), verbose=0)


def test_a_batch_that_is_evaluated_by_itself_has_its_own_loss():
    model = prepared()
    items = Items(2).items
    losses = [model.eval_batch([item])[0].item() for item in items]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(model.eval_batch(items)[0], np.mean(losses), rtol=1e-6)

    class Looks(paddle.callbacks.Callback):
        def on_train_batch_end(self, step, logs=None):
            seen.append([self.model.eval_batch([item])[0].item() for item in items])

    seen = []
    quietly(model, items, callbacks=Looks())
    for item, loss in zip(items, seen[-1]):
        assert model.eval_batch([item])[0].item() == loss


@pytest.mark.parametrize("steps", [None, 0, 4])
def test_a_prediction_is_that_of_the_net_adapted_to_the_support_set(steps):
    net = normed_net()
    opt = maml(net, adapt_steps=2)
    model = prepared(net, opt=opt)
    expected = []
    for support, (xq, _) in map(as_tensors, Items(3).items):
        learner = opt.adapter(net).clone()
        learner.adapt(lambda learner=learner, s=support: F.cross_entropy(learner(s[0]), s[1]), steps=steps)
        expected.append(learner(xq).numpy())
        learner.end()
    labelled = Items(3).items
    bare = [(support, (query[0],)) for support, query in labelled]
    without = [Episode(support, (query[0], None)) for support, query in labelled]
    for given in (labelled, bare, without, [bare], [without[:2], without[2]], Items(3)):
        (arrays,) = model.predict(given, verbose=0, steps=steps)
        assert len(arrays) == 3
        for array, wanted in zip(arrays, expected):
            np.testing.assert_allclose(array, wanted, rtol=2e-5, atol=1e-6)
        (rows,) = model.predict(given, verbose=0, steps=steps, stack_outputs=True)
        np.testing.assert_allclose(rows, np.concatenate(expected), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("form", ["numbers", "one number", "a dict"])
def test_rows_of_any_outputs_are_put_together(form):
    class Net(Classifier):
        def forward(self, x):
            y = super().forward(x)
            return {"numbers": y[:, 0], "one number": y.mean(), "a dict": {"of": y, "and": [x]}}[form]

    model = prepared(Net(), loss=lambda y, _: sum(part.mean() for part in paddle.utils.flatten(y)))
    (xs, ys), (xq, yq) = array_episode()
    items = [Episode((xs, ys), (xq[:count], yq[:count])) for count in (2, 5)]
    (apart,), (rows,) = (model.predict(items, verbose=0, stack_outputs=together) for together in (False, True))
    for whole, *parts in zip(*map(paddle.utils.flatten, [rows, *apart])):
        assert whole.shape == ((2,) if form == "one number" else (7, *parts[0].shape[1:]))
        np.testing.assert_array_equal(whole, np.concatenate([np.atleast_1d(part) for part in parts]))


def test_prediction_takes_query_sets_of_different_sizes_from_a_net_of_any_signature():
    class Any(nn.Layer):
        def __init__(self):
            super().__init__()
            self.net = normed_net()

        def forward(self, *inputs, **named):
            return {"scores": self.net(*inputs, **named)}

    net = Any()
    model = prepared(net, opt=maml(net), loss=lambda output, y: F.cross_entropy(output["scores"], y))
    (xs, ys), (xq, _) = array_episode()
    given = [[((xs, ys), (xq,)), ((xs, ys), (xq[:3],))]]
    ((first, second),) = model.predict(given, verbose=0)
    assert first["scores"].shape == (5, 2) and second["scores"].shape == (3, 2)


# Files


def learning(net):
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(0.05, 20)
    over = metaopt.MAMLPlusPlusOptimizer.over(paddle.optimizer.Momentum)
    return over(schedule, parameters=net.parameters(), adapt_steps=2, iterations_per_epoch=3)


def test_a_run_that_was_saved_goes_on_bit_for_bit(tmp_path):
    net = normed_net()
    whole = quietly(prepared(net, opt=learning(net)), loader(), epochs=4)
    net = normed_net()
    quietly(prepared(net, opt=learning(net)), loader(), epochs=2, save_dir=str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}" for name in ("0", "1", "final") for kind in ("pdparams", "pdopt")
    }
    paddle.seed(50)
    net = type(net)()
    model = prepared(net, opt=learning(net))
    model.load(str(tmp_path / "final"))
    rest = loader()
    rest.batch_sampler.set_epoch(2)
    quietly(model, rest, epochs=2)
    assert_same(state_of(model), state_of(whole))
    assert model._optimizer.outer_steps == 16 and model._optimizer.get_lr() == whole._optimizer.get_lr()


def test_what_is_loaded_is_what_was_asked_for(tmp_path):
    def made():
        paddle.seed(12)
        net = type(normed_net())()
        return prepared(net, opt=learning(net))

    net = normed_net()
    saved = quietly(prepared(net, opt=learning(net)), loader())
    saved.save(str(tmp_path / "run"))
    model = made()
    model.load(str(tmp_path / "run.pdparams"), reset_optimizer=True)
    assert_same(*([t.numpy() for t in m.network.state_dict().values()] for m in (model, saved)))
    assert model._optimizer.outer_steps == 0
    model.load(str(tmp_path / "run"), skip_mismatch=True)
    assert_same(state_of(model), state_of(saved))
    bare = metaopt.Model(normed_net())  # not prepared: the weights
    bare.load(str(tmp_path / "run"))
    assert_same(*([t.numpy() for t in m.network.state_dict().values()] for m in (bare, saved)))
    (tmp_path / "run.pdopt").unlink()
    model = made()
    model.load(str(tmp_path / "run"))
    assert model._optimizer.outer_steps == 0
    other = made()
    other.network.head = nn.Linear(4, 3)
    saved.save(str(tmp_path / "run"))
    with pytest.raises(ValueError, match="head"):
        other.load(str(tmp_path / "run"))
    with pytest.warns(UserWarning, match="Skip loading for head"):
        other.load(str(tmp_path / "run"), skip_mismatch=True)
    assert other._optimizer.outer_steps == 0
    np.testing.assert_array_equal(other.network.body.weight.numpy(), saved.network.body.weight.numpy())


@pytest.mark.filterwarnings("ignore:'inputs' was not specified")
@pytest.mark.parametrize("form", ["inferred", "given", "in two parts", "by name"])
def test_the_net_is_summed_up_and_saved_for_inference(tmp_path, capsys, form):
    x = array_episode(dtype="float64")[1][0]  # in the net's type when it comes to it
    inputs, items = None, [array_episode(dtype="float64")]
    net = normed_net()
    if form == "given":
        inputs = paddle.static.InputSpec([None, 3], "float32", "x")
    elif form != "inferred":
        net = several()
        given = [((a, a) if form == "in two parts" else {"first": a, "second": a}) for (a, _) in items[0]]
        items = [Episode(*((g, y) for g, (_, y) in zip(given, items[0])))]
    model = metaopt.Model(net, inputs)

    def loss(*outputs):
        return F.cross_entropy(outputs[0], outputs[-1])

    model.prepare(maml(net), loss)
    model.fit(items, verbose=0)
    assert model.summary()["total_params"] == sum(p.size for p in net.parameters())
    assert "Linear-" in capsys.readouterr().out
    net.eval()
    model.save(str(tmp_path / "net"), training=False)
    loaded = paddle.jit.load(str(tmp_path / "net"))
    arguments = [paddle.to_tensor(x.astype("float32"))] * (2 if isinstance(net, Several) else 1)
    for a, b in zip(paddle.utils.flatten([loaded(*arguments)]), paddle.utils.flatten([net(*arguments)])):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)
    if form == "given":
        assert loaded(arguments[0][:2]).shape == [2, 2]


# Callbacks


def test_the_progress_bar_counts_episodes(capsys):
    model = prepared(metrics=paddle.metric.Accuracy())
    model.fit(loader(), loader(6), epochs=2, verbose=2, log_freq=2)
    model.predict(loader(6), verbose=1)
    printed = capsys.readouterr().out
    assert "Epoch 2/2" in printed and "step 2/4 - loss: " in printed and "step 4/4 - loss: " in printed
    assert printed.count("Eval samples: 6") == 2 and "Predict samples: 6" in printed and "nan" not in printed


def test_early_stopping_keeps_the_best_weights(tmp_path):
    class Watch(paddle.callbacks.Callback):
        def on_eval_end(self, logs=None):
            losses.append(logs["loss"][0])

    losses = []
    net = normed_net()
    model = prepared(net, opt=maml(net, learning_rate=0.3, adapt_steps=2))
    stopping = paddle.callbacks.EarlyStopping("loss", patience=2, verbose=0)
    quietly(model, loader(), loader(6, seed=5), epochs=40, callbacks=[stopping, Watch()], save_dir=str(tmp_path))
    assert model.stop_training and len(losses) < 40
    best = int(np.argmin(losses))
    assert best == len(losses) - 3
    assert model.evaluate(loader(6, seed=5), verbose=0)["loss"][0] == losses[-1] > losses[best]
    model.load(str(tmp_path / "best_model"))
    assert model.evaluate(loader(6, seed=5), verbose=0)["loss"][0] == losses[best]
    assert model._optimizer.outer_steps == 4 * (best + 1)


@pytest.mark.parametrize("callbacks, steps", [
    (None, 8),
    (paddle.callbacks.LRScheduler(by_step=True), 8),
    (paddle.callbacks.LRScheduler(by_step=False, by_epoch=True), 2),
])  # fmt: skip
def test_a_schedule_goes_by_step_or_by_epoch(callbacks, steps):
    net = normed_net()
    schedule = paddle.optimizer.lr.StepDecay(0.5, 1, 0.5)
    quietly(prepared(net, opt=maml(net, learning_rate=schedule)), loader(), epochs=2, callbacks=callbacks)
    np.testing.assert_allclose(schedule(), 0.5 ** (steps + 1))


def test_the_rate_falls_on_a_plateau():
    nets = normed_net(), normed_net()
    callback = paddle.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, verbose=0, min_delta=100.0)
    model, other = (prepared(net, opt=maml(net, learning_rate=0.08)) for net in nets)
    quietly(model, loader(2), loader(2), epochs=3, callbacks=callback)
    np.testing.assert_allclose(model._optimizer.get_lr(), 0.02)
    for epoch, rate in enumerate([0.08, 0.08, 0.04]):  # the first evaluation counts as the best one
        other._optimizer.set_lr(rate)
        load = loader(2)
        load.batch_sampler.set_epoch(epoch)
        quietly(other, load)
    assert_same(weights_of(model), weights_of(other))


def test_visualdl_and_wandb_get_their_numbers(monkeypatch):
    class Writer:
        def __init__(self, folder):
            written["folder"] = folder

        def add_scalar(self, tag, step, value):
            written.setdefault(tag, []).append((step, float(value)))

        def close(self):
            written["closed"] = True

    class Run:
        def define_metric(self, *names, **options):
            pass

        def log(self, values):
            logged.append(values)

        def finish(self):
            logged.append("finished")

    written, logged = {}, []
    wandb = types.SimpleNamespace(run=None, init=lambda **options: Run())
    monkeypatch.setitem(sys.modules, "visualdl", types.SimpleNamespace(LogWriter=Writer))
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    callbacks = [paddle.callbacks.VisualDL("logs"), paddle.callbacks.WandbCallback(project="p")]
    quietly(prepared(metrics=paddle.metric.Accuracy()), loader(), loader(4), epochs=2, callbacks=callbacks)
    assert written["folder"] == "logs" and written["closed"] and logged[-1] == "finished"
    for tag, count in (("train/loss", 8), ("train/acc", 8), ("eval/loss", 2), ("eval/acc", 2)):
        assert len(written[tag]) == count
        in_wandb = [float(entry[tag]) for entry in logged[:-1] if tag in entry]
        assert in_wandb == [value for _, value in written[tag]]


# What is refused


def test_what_cannot_be_prepared_is_refused():
    net = normed_net()
    model = metaopt.Model(net)
    opt = maml(net)
    plain = paddle.optimizer.Adam(parameters=net.parameters())
    for wrong in (plain, None, metaopt.MAMLOptimizer):
        with pytest.raises(TypeError, match=r"Model\.prepare: optimizer: expected a MetaOptimizer, such as MAMLOpt"):
            model.prepare(wrong, F.cross_entropy)
    for wrong in (None, nn.CrossEntropyLoss):
        with pytest.raises(TypeError, match=r"Model\.prepare: loss: expected a function, called as loss\(net_output"):
            model.prepare(opt, wrong)
    for wrong in ("O1", "O2", {"level": "O1"}, {"custom_white_list": {"conv2d"}}):
        with pytest.raises(ValueError, match=r"Model\.prepare: amp_configs: expected None or 'O0', got .*vanishing"):
            model.prepare(opt, F.cross_entropy, amp_configs=wrong)
    for right in (None, "O0", {"level": "O0"}):
        model.prepare(opt, F.cross_entropy, amp_configs=right)
    for choice, message in (
        ({"eval_steps": -1}, r"Model\.prepare: eval_steps: expected an integer of at least 0, got -1"),
        ({"statistics": "all"}, r"Model\.prepare: statistics: expected one of 'batch', 'running'"),
        ({"statistics": "running"}, "construct the optimizer with buffers='last'"),
        ({"diverged": "stop"}, r"Model\.prepare: diverged: expected one of 'keep', 'raise', 'drop', got 'stop'"),
        ({"vectorize": "no"}, r"Model\.prepare: vectorize: expected 'auto', True or False"),
        ({"tasks_at_once": 0}, r"Model\.prepare: tasks_at_once: expected an integer of at least 1, got 0"),
        ({"inputs": [3.0]}, r"Model\.prepare: inputs: expected leaf tensors"),
    ):
        with pytest.raises(ValueError, match=message):
            model.prepare(opt, F.cross_entropy, **choice)
    with pytest.raises(TypeError, match=r"Model: network: expected a paddle.nn.Layer, got <function"):
        metaopt.Model(F.relu)


@pytest.mark.parametrize("use", [
    lambda model, load: model.fit(load, verbose=0),
    lambda model, load: model.evaluate(load, verbose=0),
    lambda model, load: model.evaluate(load, verbose=0, steps=3),
    lambda model, load: model.predict(load, verbose=0),
    lambda model, load: model.train_batch(next(iter(load))),
    lambda model, load: model.eval_batch(next(iter(load))),
    lambda model, load: model.predict_batch(next(iter(load))[:1]),
])  # fmt: skip
def test_nothing_goes_without_prepare_and_plain_batches_are_no_episodes(use):
    with pytest.raises(RuntimeError, match=r"Model\.\w+_batch: call prepare\(optimizer, loss\) before"):
        use(metaopt.Model(normed_net()), [Items().items] * 2)
    for batch_size in (1, 2, 4):
        with pytest.raises(ValueError, match="expected the loader to give an episode, .*, got "):
            use(prepared(), DataLoader(Clouds(), batch_size=batch_size))


def test_a_loader_of_plain_batches_is_told_what_makes_episodes():
    with pytest.raises(ValueError, match=r"expected the loader to give .* or a list of episodes, got list of list, .*"
                                         r"EpisodeLoader makes episodes out of a labelled dataset"):  # fmt: skip
        prepared().fit(Clouds(), batch_size=2, verbose=0)
    x, y = paddle.ones([4, 3]), paddle.zeros([4], "int64")
    for use in (prepared().train_batch, prepared().eval_batch):
        with pytest.raises(ValueError, match=r"Model\.\w+: labels: expected None, .*; got list of Tensor$"):
            use([x], [y])
    for wrong in ([], np.ones(3), [paddle.ones([2])] * 2, 3):
        with pytest.raises(ValueError, match="expected the loader to give an episode"):
            prepared().train_batch(wrong)


def test_a_query_set_is_a_pair_or_without_targets_x_alone():
    (xs, ys), (xq, _) = array_episode()
    for query in (xq, [], (xq, None, None)):
        with pytest.raises(ValueError, match=r"query set is a pair \(x, y\), or \(x,\) to predict, got (nda|lis|tup)"):
            prepared().predict([Episode((xs, ys), query)], verbose=0)
    for use in (prepared().train_batch, prepared().eval_batch):
        with pytest.raises(ValueError, match="an episode is a pair of pairs"):
            use(Episode((xs, ys), (xq,)))


def test_no_episodes_are_an_error():
    for use in (lambda model: model.fit([], verbose=0), lambda model: model.fit([Items(1).items], [], verbose=0),
                lambda model: model.evaluate([], verbose=0), lambda model: model.predict([], verbose=0)):  # fmt: skip
        with pytest.raises(ValueError, match=r"the loader gave no episodes: .*drop_last=True, or is it a generator"):
            use(prepared())
    with pytest.raises(ValueError, match="the loader gave no episodes"):
        prepared().fit(Items(2), batch_size=3, drop_last=True, verbose=0)
    once = (episode for episode in Items(2).items)
    with pytest.raises(ValueError, match="gave no episodes.* Give a list or a DataLoader for several epochs"):
        prepared().fit(once, epochs=2, verbose=0)


def test_inner_steps_of_an_evaluation_are_checked_and_for_that_evaluation_only():
    model = prepared()
    for ask in (model.evaluate, model.predict):
        with pytest.raises(ValueError, match=r"Model\.(evaluate|predict): steps: expected an integer of at least 0"):
            ask(Items(), verbose=0, steps=1.5)
    before = model.evaluate(Items(), verbose=0)
    assert model.evaluate(Items(), verbose=0, steps=6) != before == model.evaluate(Items(), verbose=0)


def test_a_loss_that_is_no_scalar_is_refused():
    model = prepared(loss=nn.CrossEntropyLoss(reduction="none"))
    for use in (lambda: model.fit([Items(2).items], verbose=0), lambda: model.evaluate(Items(2), verbose=0)):
        with pytest.raises(ValueError, match=r"the loss must be a scalar, got shape \[5\]; reduce it"):
            use()


def test_static_mode_is_refused():
    model = prepared()
    paddle.enable_static()
    try:
        for use in (lambda: metaopt.Model(model.network), lambda: model.fit([Items(2).items], verbose=0),
                    lambda: model.evaluate([Items(2).items], verbose=0)):  # fmt: skip
            with pytest.raises(RuntimeError, match="dynamic mode only"):
                use()
    finally:
        paddle.disable_static()


def test_an_exception_in_a_callback_leaves_the_model_usable():
    class Fails(paddle.callbacks.Callback):
        def on_eval_batch_end(self, step, logs=None):
            raise KeyboardInterrupt

    model = prepared()
    expected = model.eval_batch(Items(1).items)[0].item()
    with pytest.raises(KeyboardInterrupt):
        model.evaluate(Items(4), verbose=0, callbacks=Fails(), steps=7)
    assert model.eval_batch(Items(1).items)[0].item() == expected


def test_a_run_in_a_callback_leaves_the_other_one_as_it_is():
    """Its losses and metrics, its count of iterations, and whether it goes on."""

    class Evaluates(paddle.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.found, self.seen, self.is_within = [], [], False

        def _evaluate(self, logs):
            self.seen.append(dict(logs or {}))
            if not self.is_within:
                self.is_within = True
                self.found.append(self.model.evaluate(Items(2), verbose=0, num_iters=2))
                self.model.predict(Items(2), verbose=0)
                self.is_within = False

        def on_eval_batch_end(self, step, logs=None):
            self._evaluate(logs)

        def on_train_batch_end(self, step, logs=None):
            self._evaluate(logs)

        def on_epoch_end(self, epoch, logs=None):
            self._evaluate(logs)

    class Watches(Evaluates):
        is_within = property(lambda self: True, lambda self, value: None)

    runs = {
        "evaluate": lambda model, callback: model.evaluate(Items(4), verbose=0, callbacks=callback),
        "fit": lambda model, callback: quietly(model, Items(3), epochs=3, num_iters=5, callbacks=callback),
    }
    for name, run in runs.items():
        models = [prepared(metrics=paddle.metric.Accuracy()) for _ in range(2)]
        evaluates, watches = Evaluates(), Watches()
        results = [run(model, callback) for model, callback in zip(models, (evaluates, watches))]
        assert evaluates.seen == watches.seen and evaluates.found and not watches.found
        assert models[0]._optimizer.outer_steps == models[1]._optimizer.outer_steps
        if name == "evaluate":
            assert results[0] == results[1]
            assert all(found == models[0].evaluate(Items(2), verbose=0) for found in evaluates.found)


def test_metrics_of_a_run_that_was_broken_off_do_not_count_in_the_next():
    class Fails(paddle.callbacks.Callback):
        def on_eval_batch_end(self, step, logs=None):
            raise KeyboardInterrupt

    model = prepared(metrics=paddle.metric.Accuracy())
    expected = model.evaluate(Items(4), verbose=0)
    with pytest.raises(KeyboardInterrupt):
        model.evaluate(Items(4), verbose=0, callbacks=Fails())
    assert model.evaluate(Items(4), verbose=0) == expected
