"""Weights that were meta-trained by examples/image_classification.py, and come with the package."""

from __future__ import annotations

from pathlib import Path

from paddle import nn

from ..arguments import one_of
from ..checkpoint import load_checkpoint
from .backbones import Conv4, OmniglotMLP, OmniglotNet

WEIGHTS = Path(__file__).with_name("weights")
_LEARNED = "learned."


def backbone(name: str, ways: int = 5) -> nn.Layer:
    """A new net: "omniglot-net", "omniglot-mlp" or "conv4-32", that of the papers for miniImageNet."""
    one_of(None, "backbone", name, BACKBONES)
    return BACKBONES[name](ways)


BACKBONES = {
    "omniglot-net": OmniglotNet,
    "omniglot-mlp": OmniglotMLP,
    "conv4-32": lambda ways: Conv4(ways, filters=32, in_channels=3, image_size=84),
}


def available() -> list[str]:
    """The names that `pretrained` knows: algorithm, data set, ways and shots."""
    return sorted(path.stem for path in WEIGHTS.glob("*.checkpoint"))


def all_learned(net: nn.Layer, opt) -> dict:
    """The net's weights and buffers, and what a `MetaOptimizer` has learned beside them, by its place."""
    return {**net.state_dict(), **{f"{_LEARNED}{place}": value for place, value in enumerate(opt.learned.values())}}


def _apart(values: dict) -> tuple[dict, list]:
    """The net's weights among those of `all_learned`, and what was learned beside them."""
    beside = [name for name in values if name.startswith(_LEARNED)]
    return {name: value for name, value in values.items() if name not in beside}, [values[name] for name in beside]


def pretrained(name: str) -> tuple[nn.Layer, dict]:
    """A net with meta-trained weights, and the inner settings that go with them.

    Parameters
    ----------
    name : str
        One of `available()`, such as ``"maml-omniglot-5w1s"``. What it reaches stands in the README's table; those for
        miniImageNet reach it with a support that has its mirror images too, ``paddle.concat([x, x.flip(-1)])``.

    Returns
    -------
    net : Layer
        In training mode, for its BatchNorm goes by the statistics of the batch at hand; training moved no others.
    settings : dict
        ``inner_lr`` and ``adapt_steps``, as they were trained for or chosen on the validation classes, and the ``head``
        of ANIL: the keywords of the algorithm's optimizer. Of MAML++, ``parameters`` in place of ``inner_lr``: groups
        with the rates that were learned, for `MAMLOptimizer`.

    Raises
    ------
    ValueError
        If there is none of that name; lists those there are.

    Examples
    --------
    >>> net, settings = metaopt.models.pretrained("maml-omniglot-5w1s")
    >>> opt = metaopt.MAMLOptimizer(parameters=net.parameters(), **settings)
    >>> with opt.adapter(net).task() as task:
    ...     task.adapt(lambda: F.cross_entropy(net(drawings), labels))
    ...     classes = net(others).argmax(-1)
    """
    one_of(None, "pretrained", name, available())
    found = load_checkpoint(WEIGHTS / f"{name}.checkpoint")
    net = backbone(found["net"], found["ways"])
    weights, rates = _apart(found["weights"])
    net.set_state_dict(weights)
    steps = found["adapt_steps"]
    settings = {"adapt_steps": steps}
    if rates:
        trainable = [p for p in net.parameters() if not p.stop_gradient]
        by_step = [[rate[min(step, len(rate) - 1)] for step in range(steps)] for rate in rates]
        settings["parameters"] = [{"params": [p], "inner_lr": rate} for p, rate in zip(trainable, by_step)]
    else:
        settings["inner_lr"] = found["inner_lr"]
    if found["algorithm"] == "anil":
        settings["head"] = net.classifier
    return net, settings
