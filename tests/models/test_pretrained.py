"""The weights that come with the package, and what is made of a file of them."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddle_metaopt as metaopt
from paddle_metaopt.models import available, pretrained
from paddle_metaopt.models.trained import WEIGHTS, backbone


def optimizer(algorithm: str, net, settings):
    of = metaopt.ANILOptimizer if algorithm == "anil" else metaopt.MAMLOptimizer
    return of(**{"parameters": net.parameters(), **settings})


@pytest.mark.parametrize("name", available())
def test_each_adapts_as_it_comes(name):
    assert (WEIGHTS / f"{name}.checkpoint").stat().st_size < 1_000_000
    net, settings = pretrained(name)
    opt = optimizer(name.partition("-")[0], net, settings)
    channels, size = (1, 28) if "omniglot" in name else (3, 84)
    paddle.seed(0)
    x, y = paddle.rand([10, channels, size, size]), paddle.arange(5).tile([2])
    before = F.cross_entropy(net(x), y).item()
    with opt.adapter(net).task() as task:
        task.adapt(lambda: F.cross_entropy(net(x), y))
        assert F.cross_entropy(net(x), y).item() < before


@pytest.mark.parametrize("algorithm", ["maml", "anil"])
def test_a_file_gives_the_net_that_was_saved_and_its_settings(algorithm, tmp_path, monkeypatch):
    monkeypatch.setattr("paddle_metaopt.models.trained.WEIGHTS", tmp_path)
    net = backbone("omniglot-mlp", ways=3)
    kept = {"weights": net.state_dict(), "net": "omniglot-mlp", "ways": 3, "algorithm": algorithm}
    metaopt.save_checkpoint(tmp_path / "mine.checkpoint", {**kept, "inner_lr": 0.25, "adapt_steps": 4})
    assert available() == ["mine"]
    found, settings = pretrained("mine")
    assert settings == {
        "inner_lr": 0.25,
        "adapt_steps": 4,
        **({"head": found.classifier} if algorithm == "anil" else {}),
    }
    x = paddle.randn([6, 1, 28, 28])
    np.testing.assert_array_equal(found(x).numpy(), net(x).numpy())


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_learned_rates_come_as_parameter_groups_whose_last_rate_goes_on(steps, tmp_path, monkeypatch):
    monkeypatch.setattr("paddle_metaopt.models.trained.WEIGHTS", tmp_path)
    net = backbone("omniglot-mlp", ways=3)
    trained = metaopt.MAMLPlusPlusOptimizer(parameters=net.parameters(), adapt_steps=2)
    for place, rates in enumerate(trained.learned.values()):
        rates.set_value(paddle.to_tensor([0.1 + 0.01 * place, -0.05]))
    beside = {f"learned.{place}": rates for place, rates in enumerate(trained.learned.values())}
    kept = {"weights": {**net.state_dict(), **beside}, "net": "omniglot-mlp", "ways": 3, "algorithm": "maml++"}
    metaopt.save_checkpoint(tmp_path / "mine.checkpoint", {**kept, "inner_lr": 0.4, "adapt_steps": steps})

    x, y = paddle.randn([6, 1, 28, 28]), paddle.arange(3).tile([2])
    found, settings = pretrained("mine")
    after = []
    for of, opt in ((net, trained), (found, metaopt.MAMLOptimizer(**settings))):
        with opt.adapter(of).task() as task:
            task.adapt(lambda of=of: F.cross_entropy(of(x), y), steps=steps if of is net else None)
            after.append(of(x).numpy())
    np.testing.assert_array_equal(*after)
    assert not np.array_equal(after[0], net(x).numpy())


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match="pretrained: expected one of .*got 'maml-imagenet'"):
        pretrained("maml-imagenet")
    with pytest.raises(ValueError, match="backbone: expected one of 'omniglot-net', .*got 'resnet'"):
        backbone("resnet")
